import EventLoop
import Glibc
import HTTPClient
import HTTPServer
import Telemetry
import TestSupport
import Testing

private let silent = Logger(label: "test", sink: { _ in })

@Loop
private func serve(
    _ configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
    _ handler: @escaping HTTPServer.Handler
) throws -> HTTPServer {
    let server = HTTPServer(configuration: configuration, logger: silent, handler: handler)
    try server.start()
    return server
}

@Loop
private func transport() -> HTTPTransport {
    HTTPTransport(configuration: HTTPTransportConfiguration(userAgent: "crossdock-test"), logger: silent)
}

@Loop
private final class Counter {
    var value = 0
}

@Suite("The HTTP server")
struct HTTPServerTests {
    @Test("serves every method", arguments: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    func methods(method: String) async throws {
        try await onLoop {
            let server = try serve { request in
                .text("\(request.method) \(request.path) \(request.body.count)", headers: [("X-NetSuite-Job", "7")])
            }
            let client = transport()
            let body: [UInt8]? = ["POST", "PUT", "PATCH"].contains(method) ? Array("{}".utf8) : nil
            let answer = try await client.send(
                HTTPCall(method: method, url: "http://127.0.0.1:\(server.port)/a/eid:b%20c", body: body))
            #expect(answer.status == 200)
            let expected = "\(method) /a/eid:b%20c \(body?.count ?? 0)"
            #expect(String(decoding: answer.body, as: UTF8.self) == (method == "HEAD" ? "" : expected))
            #expect(answer.headers["Content-Length"] == String(expected.utf8.count))
            #expect(answer.headers.fields.contains { $0.name == "X-NetSuite-Job" && $0.value == "7" })
            client.close()
            await server.stop(within: .seconds(1))
        }
    }

    @Test("answers 204 without a body")
    func noContent() async throws {
        try await onLoop {
            let server = try serve { _ in HTTPResponse(status: 204, headers: [("Location", "http://x/salesOrder/4711")])
            }
            let client = transport()
            for _ in 0..<3 {
                let answer = try await client.send(
                    HTTPCall(method: "POST", url: "http://127.0.0.1:\(server.port)/", body: []))
                #expect(answer.status == 204)
                #expect(answer.headers["location"] == "http://x/salesOrder/4711")
            }
            client.close()
            await server.stop(within: .seconds(1))
        }
    }

    @Test("answers 413 to a body over the limit, without calling the handler", arguments: [1_001, 300_000, 12_000_000])
    func bodyTooLarge(size: Int) async throws {
        try await onLoop {
            let calls = Counter()
            let server = try serve(HTTPServerConfiguration(maximumBodyBytes: 1_000)) { _ in
                calls.value += 1
                return .text("ok")
            }
            let client = transport()
            let call = HTTPCall(
                method: "POST", url: "http://127.0.0.1:\(server.port)/", body: [UInt8](repeating: 0x61, count: size))
            do {
                #expect(try await client.send(call).status == 413)
            } catch HTTPFailure.unknownOutcome where size > 8_000_000 {
                // Far too large: the connection is closed while the client still sends; the answer may be lost.
            }
            #expect(calls.value == 0)
            let fitting = HTTPCall(
                method: "POST", url: "http://127.0.0.1:\(server.port)/", body: [UInt8](repeating: 0x61, count: 1_000))
            #expect(try await client.send(fitting).status == 200)
            client.close()
            await server.stop(within: .seconds(1))
        }
    }

    @Test("refuses headers beyond its memory")
    func headersTooLarge() async throws {
        try await onLoop {
            let server = try serve(HTTPServerConfiguration(maximumHeaderBytes: 4_096)) { _ in .text("ok") }
            let client = transport()
            let long = String(repeating: "x", count: 8_000)
            let answer = try await client.send(
                HTTPCall(method: "GET", url: "http://127.0.0.1:\(server.port)/", headers: [("X-Long", long)]))
            #expect((400...499).contains(answer.status))
            client.close()
            await server.stop(within: .seconds(1))
        }
    }

    @Test("stops in time although a handler never ends")
    func stopWithHangingHandler() async throws {
        try await onLoop {
            let calls = Counter()
            let server = try serve { _ in
                calls.value += 1
                try? await LoopTime.shared.sleep(for: .seconds(50))
                return .text("late")
            }
            let client = transport()
            let url = "http://127.0.0.1:\(server.port)/"
            let call = EventLoop.shared.start { try await client.send(HTTPCall(method: "GET", url: url)) }
            try await eventually("the handler runs") { calls.value == 1 }
            let begin = MonotonicInstant.now
            await server.stop(within: .milliseconds(50))
            #expect(MonotonicInstant.now - begin < .seconds(5))
            await #expect(throws: HTTPFailure.self) { try await call.value }
            client.close()
        }
    }

    @Test("lets a running request end before it stops")
    func stopWaits() async throws {
        try await onLoop {
            let calls = Counter()
            let server = try serve { _ in
                calls.value += 1
                try? await LoopTime.shared.sleep(for: .milliseconds(200))
                return .text("done")
            }
            let client = transport()
            let url = "http://127.0.0.1:\(server.port)/"
            let call = EventLoop.shared.start { try await client.send(HTTPCall(method: "GET", url: url)) }
            try await eventually("the handler runs") { calls.value == 1 }
            await server.stop(within: .seconds(10))
            #expect(try await call.value.status == 200)
            await #expect(throws: HTTPFailure.self) { try await client.send(HTTPCall(method: "GET", url: url)) }
            client.close()
        }
    }

    @Test("says which address is taken")
    func addressInUse() async throws {
        try await onLoop {
            let server = try serve { _ in .text("ok") }
            let second = HTTPServer(
                configuration: HTTPServerConfiguration(port: server.port), logger: silent, handler: { _ in .text("no") }
            )
            #expect { try second.start() } throws: { error in
                "\(error)".contains("127.0.0.1 port \(server.port)") && "\(error)".contains("in use")
            }
            let wrong = HTTPServer(
                configuration: HTTPServerConfiguration(address: "localhost"), logger: silent,
                handler: { _ in .text("no") })
            #expect(throws: HTTPServerError.self) { try wrong.start() }
            await server.stop(within: .seconds(1))
        }
    }

    @Test("closes a connection that stays silent")
    func idleTimeout() async throws {
        try await onLoop {
            let server = try serve(HTTPServerConfiguration(idleTimeout: .seconds(1))) { _ in .text("ok") }
            let port = server.port
            let received = try await EventLoop.shared.runOnHelperThread { () -> Int in
                let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                defer { close(descriptor) }
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = port.bigEndian
                address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
                let connected = withUnsafePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
                var byte: UInt8 = 0
                return connected == 0 ? read(descriptor, &byte, 1) : -2
            }
            #expect(received == 0)
            await server.stop(within: .seconds(1))
        }
    }

    @Test("accepts only so many connections of one address")
    func connectionsPerAddress() async throws {
        try await onLoop {
            let server = try serve(HTTPServerConfiguration(maximumConnectionsPerAddress: 2)) { _ in
                try? await LoopTime.shared.sleep(for: .milliseconds(300))
                return .text("ok")
            }
            let client = transport()
            let url = "http://127.0.0.1:\(server.port)/"
            let calls = (0..<5).map { _ in
                EventLoop.shared.start { try await client.send(HTTPCall(method: "GET", url: url)).status }
            }
            var answered = 0
            for call in calls where (try? await call.value) == 200 { answered += 1 }
            #expect(answered == 2)
            client.close()
            await server.stop(within: .seconds(1))
        }
    }
}
