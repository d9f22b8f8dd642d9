import EventLoop
import HTTPClient
import HTTPServer
import Telemetry
import TestSupport
import Testing

@Suite("Answers that are cut off")
struct CutAnswerTests {
    static let whole = "HTTP/1.1 204 No Content\r\nLocation: http://a.test/salesOrder/4711\r\nX-Last: 1\r\n\r\n"

    @Test("an answer whose head was cut is none, wherever it was cut")
    func head() async throws {
        try await onLoop {
            let bytes = Array(Self.whole.utf8)
            let answers = Answers()
            let silent = Logger(label: "test", sink: { _ in })
            let server = HTTPServer(configuration: HTTPServerConfiguration(), logger: silent) { _ in answers.next() }
            try server.start()
            let transport = HTTPTransport(
                configuration: HTTPTransportConfiguration(userAgent: "crossdock-test"), logger: silent)
            let call = HTTPCall(method: "POST", url: "http://127.0.0.1:\(server.port)/", body: Array("{}".utf8))
            for count in stride(from: 1, to: bytes.count, by: 1) {
                answers.bytes = Array(bytes.prefix(count))
                let answer: HTTPAnswer?
                do { answer = try await transport.send(call) } catch { answer = nil }
                #expect(answer == nil, "cut after \(count) bytes")
            }
            answers.bytes = bytes
            let answer = try await transport.send(call)
            #expect(answer.status == 204 && answer.headers["Location"] == "http://a.test/salesOrder/4711")
            transport.close()
            await server.stop(within: .seconds(1))
        }
    }

    @Loop
    private final class Answers {
        var bytes: [UInt8] = []

        func next() -> HTTPResponse { HTTPResponse(status: 0, delivery: .wire(bytes, pause: .zero)) }
    }
}
