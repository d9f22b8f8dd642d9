import EventLoop
import Glibc
import HTTPServer
import JSONText
import Telemetry
import TestSupport
import Testing

@testable import ServiceRuntime

@Suite("The health check of a service by itself")
struct HealthCheckTests {
    @Test("what the health server answers becomes a status and one line")
    func findings() {
        let waiting = Array(
            #"{"ready":false,"reasons":[{"component":"Kafka","reason":"no\nbroker"},{"component":"x","reason":"y"}]}"#
                .utf8)
        let rows: [(HealthCheck.Question, Int, [UInt8], Bool, String)] = [
            (.live, 200, Array("alive\n".utf8), true, "alive"),
            (.ready, 200, Array(#"{"ready":true,"reasons":[]}"#.utf8), true, "ready"),
            (.ready, 503, waiting, false, "not ready: Kafka: no broker; x: y"),
            (.ready, 503, [], false, "not ready: no reason given"),
            (.live, 503, waiting, false, "HEALTH_PORT is another program's: it answers 503"),
            (.live, 404, [], false, "HEALTH_PORT is another program's: it answers 404"),
        ]
        for (question, status, body, isHealthy, sentence) in rows {
            let found = HealthCheck.finding(question, status: status, body: body)
            #expect(found == HealthCheck.Finding(isHealthy: isHealthy, sentence: sentence))
        }
    }

    @Test("a service that listens on all addresses is asked on the loopback one, another where it listens")
    func addresses() {
        let rows = [
            ("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("127.0.0.1", "127.0.0.1"), ("10.1.2.3", "10.1.2.3"),
        ]
        for (listening, asked) in rows { #expect(HealthCheck.ownAddress(listening: listening) == asked) }
    }

    @Test(
        "without a port that can be known the check fails and says what to set",
        arguments: ["", "0", "health"])
    func noPort(port: String) {
        let found = HealthCheck(service: "x", settings: Settings(environment: ["HEALTH_PORT": port])).ask(.live)
        #expect(!found.isHealthy)
        #expect(found.sentence.contains("HEALTH_PORT"))
    }

    @Test(
        "a service that waits because a system is away is alive and not ready, and says why",
        arguments: ["127.0.0.1", "0.0.0.0"])
    func waiting(address: String) async throws {
        try await onLoop {
            let health = Health()
            let endpoints = HealthEndpoints(health: health, metrics: MetricsRegistry())
            var configuration = HTTPServerConfiguration()
            configuration.address = address
            let server = HTTPServer(configuration: configuration, logger: .silent) { endpoints.answer($0) }
            try server.start()
            let settings = Settings(environment: ["HEALTH_PORT": "\(server.port)", "HEALTH_ADDRESS": address])
            #expect(try await Self.ask(settings, .ready) == .init(isHealthy: true, sentence: "ready"))
            health.set("NetSuite", reason: "does not answer")
            #expect(try await Self.ask(settings, .live) == .init(isHealthy: true, sentence: "alive"))
            #expect(
                try await Self.ask(settings, .ready)
                    == .init(isHealthy: false, sentence: "not ready: NetSuite: does not answer"))
            await server.stop(within: .milliseconds(200))
            let ended = try await Self.ask(settings, .live)
            #expect(!ended.isHealthy)
            #expect(ended.sentence.hasSuffix(" is not listened on"))
        }
    }

    @Test("a process that stands still is not alive once the time is over")
    func still() throws {
        // The kernel takes the connection, and nobody ever answers.
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(listener, generic, size) == 0, listen(listener, 1) == 0,
                    getsockname(listener, generic, &size) == 0
                else { return UInt16(0) }
                return UInt16(bigEndian: pointer.pointee.sin_port)
            }
        }
        try #require(port > 0)
        let settings = Settings(environment: ["HEALTH_PORT": "\(port)"])
        let begun = MonotonicInstant.now
        let found = HealthCheck(service: "x", settings: settings, limit: .milliseconds(300)).ask(.live)
        let took: Duration = MonotonicInstant.now - begun
        #expect(found.sentence == "not alive: 127.0.0.1:\(port) does not answer in time")
        #expect(!found.isHealthy)
        #expect(took >= .milliseconds(290))
        #expect(took < .seconds(3))
    }

    @Test("an answer that is no health server's is refused", arguments: ["", "SSH-2.0-x\r\n", "HTTP/1.1 fine\r\n\r\n"])
    func foreign(answer: String) {
        #expect(throws: LocalRequest.Failure.self) { try LocalRequest.parse(Array(answer.utf8)) }
    }

    /// Asks beside the loop, since the server under test lives on it.
    @Loop
    private static func ask(
        _ settings: Settings, _ question: HealthCheck.Question
    ) async throws -> HealthCheck.Finding {
        try await EventLoop.shared.runOnHelperThread {
            HealthCheck(service: "x", settings: settings).ask(question)
        }
    }
}
