import CommandLineGrammar
import EventLoop
import Glibc

/// Whoever sits before the program, if anybody does.
@Loop
enum Terminal {
    /// Whether somebody can be asked.
    static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// Asks a question; whether the answer was yes. No answer in five minutes, or the end of the input, is no.
    static func confirms(_ question: String) async -> Bool {
        TerminalOutput.standardError("\(question) [y/N] ")
        let answer = await line(within: .seconds(300))?.lowercased()
        return answer == "y" || answer == "yes"
    }

    private static func line(within limit: Duration) async -> String? {
        let reading = LineReading()
        return await withCheckedContinuation { continuation in
            reading.begin(within: limit) { continuation.resume(returning: $0) }
        }
    }
}

/// One line of standard input, read when the terminal has it.
@Loop
private final class LineReading {
    private var watch: DescriptorWatch?
    private var timer: ScheduledWork?
    private var finish: (@Loop (String?) -> Void)?

    func begin(within limit: Duration, _ finish: @escaping @Loop (String?) -> Void) {
        self.finish = finish
        do {
            watch = try EventLoop.shared.watch(STDIN_FILENO, for: .readable) { [self] _ in read() }
        } catch {
            return end(nil)
        }
        timer = EventLoop.shared.schedule(after: limit) { [self] in end(nil) }
    }

    private func read() {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = Glibc.read(STDIN_FILENO, &bytes, bytes.count)
        guard count > 0 else { return end(nil) }
        end(String(decoding: bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    private func end(_ line: String?) {
        watch?.cancel()
        watch = nil
        timer?.cancel()
        let finish = finish
        self.finish = nil
        finish?(line)
    }
}

/// How far long work has come: one line that changes on a terminal, nothing elsewhere.
@Loop
struct ProgressLine {
    let what: String
    let count: Int
    private let isShown: Bool

    init(_ what: String, of count: Int) {
        self.what = what
        self.count = count
        isShown = count > 1 && isatty(STDERR_FILENO) == 1
    }

    func show(_ done: Int) {
        if isShown { TerminalOutput.standardError("\r\(what) \(done) of \(count)\u{1b}[K") }
    }

    func end() {
        if isShown { TerminalOutput.standardError("\r\u{1b}[K") }
    }
}
