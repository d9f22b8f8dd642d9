import EventLoop
import HTTPClient
import HTTPServer
import Telemetry
import TestSupport
import Testing

private let silent = Logger(label: "test", sink: { _ in })

@Suite("How answers leave the server")
struct DeliveryTests {
    @Loop
    private final class Server {
        var begun = 0
        var over = 0
        let server: HTTPServer
        let transport: HTTPTransport

        init(_ response: HTTPResponse) throws {
            let door = Door()
            server = HTTPServer(configuration: HTTPServerConfiguration(), logger: silent) { _ in
                door.server?.begun += 1
                var answer = response
                answer.whenOver = { door.server?.over += 1 }
                return answer
            }
            transport = HTTPTransport(
                configuration: HTTPTransportConfiguration(userAgent: "crossdock-test"), logger: silent)
            try server.start()
            door.server = self
        }

        @Loop
        private final class Door {
            weak var server: Server?
        }

        func get(deadline: Duration = .seconds(10), limit: Int = 1_000_000) async throws(HTTPFailure) -> HTTPAnswer {
            try await transport.send(
                HTTPCall(
                    method: "GET", url: "http://127.0.0.1:\(server.port)/", deadline: deadline,
                    maximumAnswerBytes: limit))
        }

        func close() async {
            transport.close()
            await server.stop(within: .seconds(1))
        }
    }

    @Test("silence lasts until the client has gone, and is over soon after")
    func silence() async throws {
        try await onLoop {
            let server = try Server(HTTPResponse(status: 0, delivery: .silence(limit: .seconds(60))))
            await #expect(throws: HTTPFailure.self) { try await server.get(deadline: .milliseconds(200)) }
            try await eventually("the server has seen it") { server.over == 1 }
            await server.close()
        }
    }

    @Test("silence ends at its limit with a closed connection")
    func silenceLimit() async throws {
        try await onLoop {
            let server = try Server(HTTPResponse(status: 0, delivery: .silence(limit: .milliseconds(200))))
            let begin = MonotonicInstant.now
            await #expect(throws: HTTPFailure.self) { try await server.get() }
            #expect(MonotonicInstant.now - begin < .seconds(5))
            try await eventually("it is over") { server.over == 1 }
            await server.close()
        }
    }

    @Test("bytes go out as they are, at once or one by one", arguments: [Duration.zero, .milliseconds(2)])
    func wire(pause: Duration) async throws {
        try await onLoop {
            let whole = HTTPResponse(status: 200, headers: [("X-Of", "hand")], body: Array("made by hand".utf8))
            let server = try Server(HTTPResponse(status: 0, delivery: .wire(whole.wireBytes, pause: pause)))
            let begin = MonotonicInstant.now
            let answer = try await server.get()
            #expect(String(decoding: answer.body, as: UTF8.self) == "made by hand")
            #expect(answer.headers["X-Of"] == "hand" && answer.status == 200)
            #expect(MonotonicInstant.now - begin >= pause * (whole.wireBytes.count - 1))
            try await eventually("it is over") { server.over == 1 }
            await server.close()
        }
    }

    @Test("a filled body has its begin, its length and nothing else")
    func filled() async throws {
        try await onLoop {
            let server = try Server(
                HTTPResponse(
                    status: 200, body: Array("begin".utf8), delivery: .filled(totalBytes: 3_000_000, filler: 0x78)))
            let answer = try await server.get(limit: 4_000_000)
            #expect(answer.body.count == 3_000_000 && answer.body.prefix(5).elementsEqual(Array("begin".utf8)))
            #expect(answer.body.dropFirst(5).allSatisfy { $0 == 0x78 })
            try await eventually("it is over") { server.over == 1 }
            await #expect(throws: HTTPFailure.self) { try await server.get(limit: 1_000_000) }
            try await eventually("the broken one is over") { server.over == 2 }
            await server.close()
        }
    }

    @Test("a stop does not wait for silence beyond its limit, and it is over then")
    func stop() async throws {
        try await onLoop {
            let server = try Server(HTTPResponse(status: 0, delivery: .silence(limit: .seconds(60))))
            let call = EventLoop.shared.start { try await server.get() }
            try await eventually("the request is there") { server.begun == 1 }
            let begin = MonotonicInstant.now
            await server.server.stop(within: .milliseconds(50))
            #expect(MonotonicInstant.now - begin < .seconds(5))
            #expect(server.over == 1)
            await #expect(throws: (any Error).self) { try await call.value }
            server.transport.close()
        }
    }
}
