import EventLoop
import HTTPClient
import HTTPServer
import Telemetry
import TestSupport
import Testing

private let silent = Logger(label: "test", sink: { _ in })

/// A server and a client of it.
@Loop
private final class Pair {
    private(set) var requests: [HTTPRequest] = []
    private(set) var inHandler = 0
    private(set) var mostInHandler = 0
    let client: HTTPTransport
    private var server: HTTPServer?

    init(maximumConnections: Int = 16, _ answer: @escaping @Loop (Int, HTTPRequest) async -> HTTPResponse) throws {
        client = HTTPTransport(
            configuration: HTTPTransportConfiguration(
                userAgent: "crossdock-test/1", maximumConnections: maximumConnections), logger: silent)
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(maximumBodyBytes: 8_000_000), logger: silent
        ) { [weak self] request in
            guard let self else { return .disconnect }
            self.requests.append(request)
            let number = self.requests.count
            self.inHandler += 1
            self.mostInHandler = max(self.mostInHandler, self.inHandler)
            defer { self.inHandler -= 1 }
            return await answer(number, request)
        }
        try server.start()
        self.server = server
    }

    func send(
        _ method: String = "GET", _ path: String = "/", headers: [(String, String)] = [], body: [UInt8]? = nil,
        deadline: Duration = .seconds(20), maximumAnswerBytes: Int = 1_000_000
    ) async throws(HTTPFailure) -> HTTPAnswer {
        try await client.send(
            HTTPCall(
                method: method, url: "http://127.0.0.1:\(server?.port ?? 0)\(path)", headers: headers, body: body,
                deadline: deadline, maximumAnswerBytes: maximumAnswerBytes))
    }

    var port: UInt16 { server?.port ?? 0 }

    func close() async {
        client.close()
        await server?.stop(within: .seconds(1))
    }
}

@Loop
private func failure(_ body: @Loop () async throws(HTTPFailure) -> HTTPAnswer) async -> HTTPFailure? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

private func isUnknown(_ failure: HTTPFailure?) -> Bool {
    if case .unknownOutcome = failure { true } else { false }
}

private func isNotSent(_ failure: HTTPFailure?) -> Bool {
    if case .notSent = failure { true } else { false }
}

@Suite("The HTTP client")
struct HTTPTransportTests {
    @Test("carries method, headers and body both ways")
    func roundTrip() async throws {
        try await onLoop {
            let pair = try Pair { _, request in
                HTTPResponse(status: 201, headers: [("X-Empty", ""), ("X-Answer", " two words ")], body: request.body)
            }
            // Made at once: a loop over two million bytes would hold up all other tests on the event loop.
            let body = [UInt8](repeating: 0xC3, count: 2_000_000)
            let answer = try await pair.send(
                "PATCH", "/a?b=c", headers: [("Prefer", "transient"), ("X-None", "")], body: body,
                maximumAnswerBytes: 3_000_000)
            #expect(answer.status == 201)
            #expect(answer.body == body)
            #expect(answer.headers["x-answer"] == "two words")
            let request = try #require(pair.requests.first)
            #expect(request.headers["prefer"] == "transient")
            #expect(request.headers["X-None"]?.isEmpty == true)
            #expect(request.headers["User-Agent"] == "crossdock-test/1")
            #expect(request.headers["Expect"] == nil)
            #expect(request.headers["Content-Type"] == nil)
            #expect(request.rawQuery == "b=c")
            await pair.close()
        }
    }

    @Test("reuses its connections")
    func reuse() async throws {
        try await onLoop {
            let pair = try Pair { _, _ in .text("ok") }
            for _ in 0..<50 { #expect(try await pair.send("POST", body: [0x7B, 0x7D]).status == 200) }
            #expect(pair.client.openedConnections == 1)
            await pair.close()
        }
    }

    @Test("makes parallel calls, within its connections")
    func parallel() async throws {
        try await onLoop {
            let pair = try Pair(maximumConnections: 4) { _, request in
                try? await LoopTime.shared.sleep(for: .milliseconds(5))
                return .text(request.rawQuery)
            }
            let calls = (0..<100).map { number in
                EventLoop.shared.start {
                    let answer = try await pair.send("GET", "/?\(number)")
                    return String(decoding: answer.body, as: UTF8.self) == "\(number)"
                }
            }
            for call in calls { #expect(try await call.value) }
            #expect(pair.mostInHandler == 4)
            #expect(pair.client.openedConnections <= 4)
            await pair.close()
        }
    }

    @Test("ten thousand quick calls neither hang nor open more connections")
    func many() async throws {
        try await onLoop {
            let pair = try Pair(maximumConnections: 8) { _, request in .text("\(request.body.count)") }
            let workers = (0..<8).map { _ in
                EventLoop.shared.start {
                    for _ in 0..<1_250 {
                        let answer = try await pair.send("POST", "/order", body: [UInt8](repeating: 0x20, count: 2_000))
                        #expect(answer.body == Array("2000".utf8))
                    }
                }
            }
            for worker in workers { try await worker.value }
            #expect(pair.requests.count == 10_000)
            #expect(pair.client.openedConnections <= 8)
            await pair.close()
        }
    }

    @Test("gives up at the deadline and does not know the outcome")
    func deadline() async throws {
        try await onLoop {
            let pair = try Pair { number, _ in
                if number > 1 { try? await LoopTime.shared.sleep(for: .seconds(40)) }
                return .text("late")
            }
            #expect(try await pair.send().status == 200)
            let begin = MonotonicInstant.now
            let failure = await failure { () async throws(HTTPFailure) in
                try await pair.send("POST", body: [1], deadline: .seconds(3))
            }
            #expect(isUnknown(failure))
            #expect(MonotonicInstant.now - begin < .seconds(20))
            await pair.close()
        }
    }

    @Test("an answer over the limit is an unknown outcome")
    func tooLarge() async throws {
        try await onLoop {
            let pair = try Pair { _, _ in HTTPResponse(status: 200, body: [UInt8](repeating: 0, count: 100_001)) }
            let failure = await failure { () async throws(HTTPFailure) in
                try await pair.send("POST", body: [1], maximumAnswerBytes: 100_000)
            }
            #expect(failure == .unknownOutcome(reason: "the answer is larger than allowed"))
            await pair.close()
        }
    }

    @Test(
        "what changes something is sent once, also when a reused connection is cut without an answer",
        arguments: ["POST", "PATCH", "PUT", "DELETE"], [true, false])
    func cutConnection(method: String, hasBody: Bool) async throws {
        try await onLoop {
            let pair = try Pair { number, _ in number == 3 ? .disconnect : .text("ok") }
            let body: [UInt8]? = hasBody ? [0x7B, 0x7D] : nil
            #expect(try await pair.send("GET").status == 200)
            #expect(try await pair.send("GET").status == 200)
            #expect(pair.client.openedConnections == 1)
            let failure = await failure { () async throws(HTTPFailure) in try await pair.send(method, body: body) }
            #expect(isUnknown(failure))
            #expect(pair.requests.count == 3)
            #expect(try await pair.send("POST", body: body).status == 200)
            await pair.close()
        }
    }

    @Test("a refused connection and an unknown name are not sent")
    func notSent() async throws {
        try await onLoop {
            let pair = try Pair { _, _ in .text("ok") }
            let client = pair.client
            let unused = try Pair { _, _ in .text("ok") }
            await unused.close()
            for url in ["http://127.0.0.1:1/", "https://crossdock.invalid/"] {
                let failure = await failure { () async throws(HTTPFailure) in
                    try await client.send(HTTPCall(method: "POST", url: url, body: [1], deadline: .seconds(10)))
                }
                #expect(isNotSent(failure), "\(url)")
            }
            await pair.close()
        }
    }

    @Test(
        "refuses what must not be sent",
        arguments: [
            ("http://user:secret@127.0.0.1/", "A", "b"), ("http://example.com/", "A", "b"),
            ("ftp://127.0.0.1/", "A", "b"),
            ("file:///etc/passwd", "A", "b"), ("not a url", "A", "b"), ("http://127.0.0.1/", "A", "b\r\nX: y"),
            ("http://127.0.0.1/", "A:\n", "b"), ("http://127.0.0.1/", "", "b"), ("", "A", "b"),
        ])
    func refused(url: String, name: String, value: String) async throws {
        try await onLoop {
            let pair = try Pair { _, _ in .text("ok") }
            let client = pair.client
            let failure = await failure { () async throws(HTTPFailure) in
                try await client.send(HTTPCall(method: "GET", url: url, headers: [(name, value)]))
            }
            #expect(isNotSent(failure))
            #expect(failure.map { !$0.description.contains("secret") } == true)
            await pair.close()
        }
    }

    @Test("plain text to a TLS port is not taken for sent")
    func tlsHandshakeFails() async throws {
        try await onLoop {
            let pair = try Pair { _, _ in .text("ok") }
            let client = pair.client
            #expect(try await pair.send().status == 200)
            let port = pair.port
            let failure = await failure { () async throws(HTTPFailure) in
                try await client.send(HTTPCall(method: "POST", url: "https://127.0.0.1:\(port)/", body: [1]))
            }
            #expect(isNotSent(failure))
            await pair.close()
        }
    }

    @Test("follows no redirect and keeps no cookie")
    func redirectAndCookie() async throws {
        try await onLoop {
            let pair = try Pair { _, _ in
                HTTPResponse(status: 302, headers: [("Location", "/elsewhere"), ("Set-Cookie", "a=b; Path=/")])
            }
            for _ in 0..<2 { #expect(try await pair.send().status == 302) }
            #expect(pair.requests.map(\.path) == ["/", "/"])
            #expect(pair.requests.allSatisfy { $0.headers["Cookie"] == nil })
            await pair.close()
        }
    }

    @Test("cancelling the task aborts the call")
    func cancellation() async throws {
        try await onLoop {
            let pair = try Pair { _, _ in
                try? await LoopTime.shared.sleep(for: .seconds(20))
                return .text("late")
            }
            let call = EventLoop.shared.start { () async throws -> HTTPFailure? in
                await failure { () async throws(HTTPFailure) in try await pair.send("POST", body: [1]) }
            }
            try await eventually("the request has arrived") { pair.requests.count == 1 }
            call.cancel()
            #expect(try await call.value == .unknownOutcome(reason: "cancelled"))
            await pair.close()
        }
    }
}
