public import EventLoop
import FoundationEssentials
public import Glibc
import Synchronization

/// Why a child process did not start.
public struct ChildProcessError: Error, CustomStringConvertible {
    /// The program and the reason.
    public let description: String
}

/// A program started by a test; it ends with the test process at the latest, however that ends.
@Loop
public final class ChildProcess {
    /// The process id.
    public nonisolated let id: pid_t
    /// The exit status, 128 plus the signal when one ended it; nil while it runs.
    public private(set) var exitStatus: Int32?

    private init(id: pid_t) {
        self.id = id
        Leftovers.shared.add(process: id)
    }

    /// Starts a program found on the path.
    /// - Parameters:
    ///   - environment: what is set besides this process's own environment.
    ///   - output: the file that standard output and standard error go to, appended.
    public static func start(
        _ words: [String], environment: [String: String] = [:], output: String = "/dev/null"
    ) throws -> ChildProcess {
        // The kernel kills it when this thread ends, that is with the test process.
        let command = ["setpriv", "--pdeathsig", "KILL", "--"] + words
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Blocked and ignored signals would be inherited.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var reset = sigset_t()
        sigemptyset(&reset)
        sigaddset(&reset, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &reset)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
        let variables = ProcessInfo.processInfo.environment.merging(environment) { _, given in given }
        var id: pid_t = 0
        let code = withCStrings(command) { arguments in
            withCStrings(variables.map { "\($0.key)=\($0.value)" }) { environment in
                posix_spawnp(&id, command[0], &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else {
            throw ChildProcessError(description: "\(words[0]) did not start: \(String(cString: strerror(code)))")
        }
        return ChildProcess(id: id)
    }

    /// Whether it still runs.
    public var isRunning: Bool {
        guard exitStatus == nil else { return false }
        var status: Int32 = 0
        guard waitpid(id, &status, WNOHANG) == id else { return true }
        exitStatus = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
        Leftovers.shared.remove(process: id)
        return false
    }

    /// Sends a signal to this process.
    public func send(signal number: Int32) {
        if isRunning { kill(id, number) }
    }

    /// Stops it where it stands (SIGSTOP) and waits until every thread of it does: on a busy machine those of a large
    /// program go on for a moment after the signal.
    public func freeze(within limit: Duration = .seconds(10)) async throws {
        send(signal: SIGSTOP)
        try await eventually("every thread of process \(id) is stopped", within: limit) { isFrozen }
    }

    private var isFrozen: Bool {
        let folder = "/proc/\(id)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return threads.allSatisfy { thread in
            let text = FileManager.default.contents(atPath: "\(folder)/\(thread)/stat") ?? Data()
            // The state follows the program's name in parentheses.
            return String(decoding: text, as: UTF8.self).split(separator: ")").last?.hasPrefix(" T") ?? true
        }
    }

    /// Waits until it has ended.
    /// - Returns: the exit status; nil when it still runs after the limit.
    @discardableResult
    public func waitForExit(within limit: Duration) async -> Int32? {
        let deadline = MonotonicInstant.now + limit
        while isRunning, MonotonicInstant.now < deadline {
            do { try await LoopTime.shared.sleep(for: .milliseconds(5)) } catch { break }
        }
        return exitStatus
    }

    /// Ends it: asks first, then kills.
    public func stop(within limit: Duration = .seconds(5)) async {
        send(signal: SIGCONT)
        send(signal: SIGTERM)
        if await waitForExit(within: limit) != nil { return }
        send(signal: SIGKILL)
        await waitForExit(within: .seconds(5))
    }
}

private func withCStrings<R>(_ words: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
    let pointers = words.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers)
}

/// What a test process must not leave behind: processes and directories, removed when it exits.
public final class Leftovers: Sendable {
    private struct State {
        var processes: Set<pid_t> = []
        var directories: Set<String> = []
    }

    /// The one of this process.
    public static let shared = Leftovers()

    private let state = Mutex(State())

    private init() {
        atexit { Leftovers.shared.remove() }
    }

    func add(process id: pid_t) { state.withLock { _ = $0.processes.insert(id) } }
    func remove(process id: pid_t) { state.withLock { _ = $0.processes.remove(id) } }

    /// Makes a directory for this process that is removed with all its content when it exits.
    public func makeDirectory(_ name: String) throws -> String {
        let root = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        var template = Array("\(root)/crossdock-\(name)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw ChildProcessError(description: "no directory can be made in \(root)")
        }
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        state.withLock { _ = $0.directories.insert(path) }
        return path
    }

    /// Removes a directory before the exit.
    public func removeDirectory(_ path: String) {
        state.withLock { _ = $0.directories.remove(path) }
        try? FileManager.default.removeItem(atPath: path)
    }

    private func remove() {
        let left = state.withLock { $0 }
        for id in left.processes {
            kill(id, SIGKILL)
            waitpid(id, nil, 0)
        }
        for path in left.directories { try? FileManager.default.removeItem(atPath: path) }
    }
}
