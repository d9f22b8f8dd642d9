import CommandLineGrammar
import EventLoop
import Glibc
import JSONText

/// `SERVICE health`: the running process of this service, asked over its own health port by a second, short-lived one.
///
/// So an image needs neither shell nor curl for its health check. It asks whether the process is alive, which is what an
/// orchestrator restarts by: a writer that waits because NetSuite is down is alive, and a restart would only lose its
/// place. `--ready` asks the other question, for whoever waits until the service works, or wants to know why not.
struct HealthCheck: Sendable {
    /// What came of it: one line, and the status of health checks: 0 healthy, 1 not.
    struct Finding: Sendable, Equatable {
        let isHealthy: Bool
        let sentence: String
    }

    let service: String
    let settings: Settings
    /// Shorter than the time that an orchestrator gives the check, so that it is this program that says what is wrong.
    var limit = Duration.seconds(3)

    /// The command below a service's own.
    static func command(of service: String) -> Command {
        Command(
            name: "health", summary: "Ask the running service whether it is alive (exit status 0) or not (1)",
            discussion: """
                Asks the service of this container or machine on HEALTH_PORT, and reads no other settings than
                HEALTH_ADDRESS and HEALTH_PORT. For health checks that restart: alive is also a service that waits
                because a system is away. With --ready for whoever waits until it works; it says what keeps it from that.
                """,
            options: [.flag("ready", help: "Ask whether it is ready to work, not only alive")],
            run: { arguments in
                let check = HealthCheck(service: service, settings: .ofProcess())
                let finding = check.ask(arguments.flag("ready") ? .ready : .live)
                let line = "\(service): \(finding.sentence)\n"
                finding.isHealthy ? TerminalOutput.standardOutput(line) : TerminalOutput.standardError(line)
                return finding.isHealthy ? ExitCode.success : ExitCode.failure
            })
    }

    /// Which of the two is asked.
    enum Question: String, Sendable {
        case live = "/health/live"
        case ready = "/health/ready"
    }

    func ask(_ question: Question) -> Finding {
        let (address, port): (String, Int)
        do {
            address = Self.ownAddress(listening: try settings.value(of: CommonSettings.healthAddress))
            port = try settings.value(of: CommonSettings.healthPort)
        } catch {
            return Finding(isHealthy: false, sentence: "\(error)")
        }
        guard port > 0 else {
            let sentence = "HEALTH_PORT is not set or 0, so nobody knows where to ask: set it to a port for the service"
            return Finding(isHealthy: false, sentence: sentence)
        }
        let deadline = MonotonicInstant.now + limit
        do {
            let answer = try LocalRequest(address: address, port: port, path: question.rawValue).send(until: deadline)
            return Self.finding(question, status: answer.status, body: answer.body)
        } catch {
            return Finding(isHealthy: false, sentence: "not alive: \(address):\(port) \(error.reason)")
        }
    }

    /// A service that listens on all addresses is asked on the loopback one.
    static func ownAddress(listening address: String) -> String {
        switch address {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: address
        }
    }

    static func finding(_ question: Question, status: Int, body: [UInt8]) -> Finding {
        switch status {
        case 200:
            return Finding(isHealthy: true, sentence: question == .ready ? "ready" : "alive")
        case 503 where question == .ready:
            let rows = (try? JSONValue.parse(body))?["reasons"]?.array ?? []
            let reasons = rows.map { row in
                "\(row["component"]?.string ?? "?"): \(row["reason"]?.string ?? "?")"
            }
            let sentence = "not ready: " + (reasons.isEmpty ? "no reason given" : reasons.joined(separator: "; "))
            return Finding(isHealthy: false, sentence: sentence.oneLine)
        default:
            return Finding(isHealthy: false, sentence: "HEALTH_PORT is another program's: it answers \(status)")
        }
    }
}

/// One GET to this machine with plain calls that wait: a process that does nothing else has no loop to hold up.
struct LocalRequest {
    struct Failure: Error {
        let reason: String
    }

    let address: String
    let port: Int
    let path: String
    static let maximumAnswerBytes = 65_536

    func send(until deadline: MonotonicInstant) throws(Failure) -> (status: Int, body: [UInt8]) {
        let descriptor = try connected(until: deadline)
        defer { close(descriptor) }
        let host = address.contains(":") ? "[\(address)]" : address
        var request = Array("GET \(path) HTTP/1.1\r\nHost: \(host):\(port)\r\nConnection: close\r\n\r\n".utf8)[...]
        while !request.isEmpty {
            try wait(for: POLLOUT, of: descriptor, until: deadline)
            let count = request.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(reason: "closed the connection") }
            request = request.dropFirst(count)
        }
        return try Self.parse(try answer(of: descriptor, until: deadline))
    }

    private func connected(until deadline: MonotonicInstant) throws(Failure) -> Int32 {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, "\(port)", &hints, &found) == 0, let target = found?.pointee else {
            throw Failure(reason: "is no address")
        }
        defer { freeaddrinfo(found) }
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(target.ai_family, kind, 0)
        guard descriptor >= 0 else { throw Failure(reason: Self.error(errno)) }
        do throws(Failure) {
            if connect(descriptor, target.ai_addr, target.ai_addrlen) != 0 {
                guard errno == EINPROGRESS else { throw Failure(reason: Self.error(errno)) }
                try wait(for: POLLOUT, of: descriptor, until: deadline)
                var code: Int32 = 0
                var size = socklen_t(MemoryLayout<Int32>.size)
                getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
                guard code == 0 else { throw Failure(reason: Self.error(code)) }
            }
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    private func answer(of descriptor: Int32, until deadline: MonotonicInstant) throws(Failure) -> [UInt8] {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while answer.count <= Self.maximumAnswerBytes {
            try wait(for: POLLIN, of: descriptor, until: deadline)
            let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count == 0 { return answer }
            guard count > 0 else { throw Failure(reason: Self.error(errno)) }
            answer += buffer.prefix(count)
        }
        throw Failure(reason: "answers more than a health server does")
    }

    private func wait(for events: Int32, of descriptor: Int32, until deadline: MonotonicInstant) throws(Failure) {
        while true {
            let left: Duration = deadline - .now
            var watched = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let count = left > .zero ? poll(&watched, 1, Int32(left.inMilliseconds) + 1) : 0
            if count > 0 { return }
            guard count < 0, errno == EINTR else { throw Failure(reason: "does not answer in time") }
        }
    }

    static func parse(_ answer: [UInt8]) throws(Failure) -> (status: Int, body: [UInt8]) {
        let text = String(decoding: answer, as: UTF8.self)
        let words = text.prefix { !$0.isNewline }.split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw Failure(reason: "is another program's: it speaks no HTTP")
        }
        let end = answer.indices.dropLast(3).first { answer[$0...].starts(with: [0x0D, 0x0A, 0x0D, 0x0A]) }
        return (status, end.map { Array(answer[($0 + 4)...]) } ?? [])
    }

    private static func error(_ code: Int32) -> String {
        code == ECONNREFUSED ? "is not listened on" : "cannot be asked (\(String(cString: strerror(code))))"
    }
}

extension String {
    /// The text without what would end the line.
    fileprivate var oneLine: String { String(map { $0.isNewline ? " " : $0 }) }
}
