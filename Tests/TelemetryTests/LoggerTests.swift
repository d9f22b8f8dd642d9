import Foundation
import Synchronization
import Testing

@testable import Telemetry

/// Collects what a logger writes.
final class Lines: Sendable {
    private let stored = Mutex<[String]>([])
    var all: [String] { stored.withLock { $0 } }
    var sink: @Sendable (String) -> Void { { line in self.stored.withLock { $0.append(line) } } }
}

@Suite("Logger")
struct LoggerTests {
    static let nasty = [
        "two\nlines", "carriage\rreturn", "\u{1b}[31mred", "null\u{0}", "\u{2028}line separator", "\u{202e}reversed",
        "quote \" and backslash \\", "tab\there", "\u{85}next line", "equals=sign", "日本語 😀", "",
    ]

    @Test("a JSON record is one line, and gives every value back", arguments: nasty)
    func jsonRoundTrip(value: String) throws {
        let lines = Lines()
        let logger = Logger(label: "writer", format: .json, sink: lines.sink)
        logger.info("order written", .reason(value), LogField(.offset, 42))
        let line = try #require(lines.all.first)
        #expect(lines.all.count == 1)
        #expect(!line.unicodeScalars.contains { $0.properties.generalCategory == .control })
        let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["reason"] as? String == value)
        #expect(object["offset"] as? Int == 42)
        #expect(object["message"] as? String == "order written")
        #expect(object["level"] as? String == "info")
    }

    @Test("a text record is one line without control characters", arguments: nasty)
    func textIsOneLine(value: String) throws {
        let lines = Lines()
        Logger(label: "writer", sink: lines.sink).warning("held", .reason(value))
        let line = try #require(lines.all.first)
        #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f || $0.value == 0x2028 })
        #expect(line.contains(" WARNING writer: held reason="))
    }

    @Test("records below the level are not written")
    func levels() {
        let lines = Lines()
        let logger = Logger(label: "x", level: .warning, sink: lines.sink)
        logger.debug("no")
        logger.info("no")
        logger.warning("yes")
        logger.error("yes")
        #expect(lines.all.count == 2)
    }

    @Test("a field given again replaces the earlier one")
    func fieldsReplace() throws {
        let lines = Lines()
        let logger = Logger(label: "x", format: .json, sink: lines.sink).with(.orderId("A"), .topic("t"))
        logger.with(.orderId("B")).info("m", .orderId("C"))
        let line = try #require(lines.all.first)
        #expect(line.contains("\"orderId\":\"C\",\"topic\":\"t\""))
        #expect(!line.contains("\"A\"") && !line.contains("\"B\""))
    }

    @Test(
        "time stamps are UTC",
        arguments: [
            (0, "1970-01-01T00:00:00.007Z"), (951_827_696, "2000-02-29T12:34:56.007Z"),
            (4_102_444_799, "2099-12-31T23:59:59.007Z"), (-1, "1969-12-31T23:59:59.007Z"),
        ])
    func timestamps(seconds: Int64, text: String) {
        let record = LogRecord(
            secondsSince1970: seconds, milliseconds: 7, level: .info, label: "x", message: "m", fields: [])
        #expect(record.timestamp == text)
    }

    @Test("a very long value is cut")
    func longValues() throws {
        let lines = Lines()
        Logger(label: "x", sink: lines.sink).info("m", .reason(String(repeating: "a", count: 1_000_000)))
        #expect(try #require(lines.all.first).utf8.count < 5_000)
    }
}

@Suite("Secret")
struct SecretTests {
    @Test("a secret does not print itself")
    func hidden() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump([secret], to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), String(describing: [secret]), dumped] {
            #expect(!text.contains("hunter2"))
        }
        #expect(secret.reveal() == "hunter2")
        #expect(!(secret as Any is any Encodable))
    }
}

@Suite("Trace context")
struct TraceContextTests {
    @Test("a child keeps the trace and has its own span")
    func child() throws {
        let parent = TraceContext.new()
        let read = try #require(TraceContext(traceparent: parent.traceparent))
        #expect(read == parent)
        let child = read.child()
        #expect(child.traceId == parent.traceId)
        #expect(child.spanId != parent.spanId)
    }

    @Test(
        "the standard's examples are read",
        arguments: [
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true),
            ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-brings", true),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x", false),
            ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.x", false),
            ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
            ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-", false), ("", false),
        ])
    func examples(text: String, isValid: Bool) {
        #expect((TraceContext(traceparent: text) != nil) == isValid)
    }
}
