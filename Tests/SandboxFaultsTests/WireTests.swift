import EventLoop
import HTTPClient
import HTTPServer
import JSONText
import Telemetry
import TestSupport
import Testing

@testable import SandboxFaults

/// A system of one record, served for real.
@Loop
private final class SmallSystem: FaultySystem {
    nonisolated static let systemName = "Small"
    nonisolated static let faultKinds = Set(FaultKind.allCases)
    var faults = FaultPlan()
    let time: any TimeSource = LoopTime.shared
    private(set) var effects = 0
    private(set) var open = 0
    private(set) var sessionsEnded = 0
    private let server: HTTPServer
    private let transport: HTTPTransport

    init() throws {
        let logger = Logger(label: "test", sink: { _ in })
        let door = Door()
        server = HTTPServer(configuration: HTTPServerConfiguration(), logger: logger) { request in
            await door.system?.handle(request) ?? .disconnect
        }
        transport = HTTPTransport(
            configuration: HTTPTransportConfiguration(userAgent: "crossdock-test"), logger: logger)
        try server.start()
        door.system = self
    }

    @Loop
    private final class Door {
        weak var system: SmallSystem?
    }

    private func handle(_ request: HTTPRequest) async -> HTTPResponse {
        open += 1
        var response = await pass(request) { _, _ in
            effects += 1
            return .json(Array(#"{"items":["one","two"]}"#.utf8))
        }.response
        response.whenOver = { [self] in open -= 1 }
        return response
    }

    func refusal(_ kind: FaultKind, of request: HTTPRequest) -> HTTPResponse { .text(kind.rawValue, status: 400) }
    func usualStatus(of request: HTTPRequest) -> Int { request.method == "POST" ? 204 : 200 }
    func isQuery(_ request: HTTPRequest) -> Bool { true }
    func endSessions() { sessionsEnded += 1 }

    /// What a client gets, in a few words.
    func ask(_ method: String = "GET", deadline: Duration = .milliseconds(400)) async throws -> String {
        let call = HTTPCall(
            method: method, url: "http://127.0.0.1:\(server.port)/x", body: method == "POST" ? [] : nil,
            deadline: deadline, maximumAnswerBytes: 1_000_000)
        do {
            let answer = try await transport.send(call)
            return
                "\(answer.status) \(answer.headers["Location"] ?? String(decoding: answer.body.prefix(40), as: UTF8.self))"
        } catch {
            return "\(error)"
        }
    }

    func close() async {
        transport.close()
        await server.stop(within: .seconds(1))
    }
}

@Suite("Faults on the wire")
struct WireTests {
    struct Case: Sendable {
        let kind: FaultKind
        let behaviour: FaultBehaviour
        var method = "GET"
        let expected: String
    }

    static let cases: [Case] = [
        Case(kind: .hang, behaviour: .hang, expected: "deadline"),
        Case(kind: .cut, behaviour: .cut, expected: "no answer"),
        Case(kind: .unavailable, behaviour: .unavailable, expected: "503 <!DOCTYPE html>"),
        Case(kind: .html, behaviour: .html, expected: "200 <!DOCTYPE html>"),
        Case(kind: .truncated, behaviour: .truncated, expected: "partial"),
        Case(kind: .truncated, behaviour: .truncated, method: "POST", expected: "no answer"),
        Case(kind: .empty, behaviour: .empty, expected: "200 "),
        Case(kind: .huge, behaviour: .huge(totalBytes: 100_000_000), expected: "larger than allowed"),
        Case(
            kind: .wrongType, behaviour: .wrongType(contentType: "text/csv"), expected: #"200 [["another","shape"],7]"#),
        Case(kind: .drip, behaviour: .drip(pause: .milliseconds(50)), expected: "deadline"),
        Case(
            kind: .redirect, behaviour: .redirect(status: 307, location: "http://elsewhere.test/"),
            expected: "307 http://elsewhere.test/"),
        Case(kind: .serverError, behaviour: .refusal(.serverError), expected: "400 server-error"),
        Case(
            kind: .answer, behaviour: .answer(HTTPResponse(status: 418, body: Array("tea".utf8))), expected: "418 tea"),
    ]

    @Test("each reaches the client as what it is, with the effect and without", arguments: cases)
    func wire(test: Case) async throws {
        try await onLoop {
            let system = try SmallSystem()
            for (index, moment) in [FaultMoment.before, .after].enumerated() {
                var fault = Fault(test.kind, test.behaviour)
                fault.moment = moment
                system.faults.add(fault)
                let result = try await system.ask(test.method)
                #expect(result.contains(test.expected), "\(moment)")
                #expect(system.effects == index)
            }
            try await eventually("nothing is open any more") { system.open == 0 }
            #expect(try await system.ask().hasPrefix("200 {"))
            await system.close()
        }
    }

    @Test("a request whose client has gone still has its effect, and counts until then")
    func late() async throws {
        try await onLoop {
            let system = try SmallSystem()
            system.faults.add(Fault(.late, .late(.milliseconds(600))))
            let result = try await system.ask(deadline: .milliseconds(150))
            #expect(result.contains("deadline"))
            #expect(system.effects == 0 && system.open == 1)
            try await eventually("the effect has come and the place is free") {
                system.effects == 1 && system.open == 0
            }
            await system.close()
        }
    }

    @Test("latency holds an answer back, and other faults strike beside it")
    func latency() async throws {
        try await onLoop {
            let system = try SmallSystem()
            var fault = Fault(.latency, .latency(.milliseconds(200)))
            fault.times = 2
            system.faults.add(fault)
            system.faults.add(Fault(.unauthorized, .unauthorized(expires: true)))
            let begin = MonotonicInstant.now
            #expect(try await system.ask() == "400 unauthorized")
            #expect(MonotonicInstant.now - begin >= .milliseconds(200))
            #expect(system.sessionsEnded == 1)
            #expect(try await system.ask(deadline: .milliseconds(50)).contains("deadline"))
            await system.close()
        }
    }

    @Test("the control API adds, shows and removes")
    func control() async throws {
        try await onLoop {
            let system = try SmallSystem()
            @Loop
            func control(_ method: String, _ path: [String] = [], _ body: String = "") throws -> (Int, JSONValue) {
                try system.controlFaults(
                    HTTPRequest(method: method, target: "/control/faults", body: Array(body.utf8)), path)
            }
            let made = try control("POST", [], #"{"kind":"cut","times":2,"probability":1}"#)
            #expect(made.0 == 201 && made.1["id"] == "1" && made.1["seed"]?.int64 != nil)
            _ = try await system.ask()
            let shown = try control("GET").1["faults"]?[0]
            #expect(shown?["struck"] == 1 && shown?["kind"] == "cut" && shown?["times"] == 2)
            let missing = try caught(FaultRefusal.self) { try control("DELETE", ["7"]) }
            #expect(missing == FaultRefusal("there is no fault 7", status: 404))
            let unreadable = try caught(FaultRefusal.self) { try control("POST", [], "cut") }
            #expect(unreadable.sentence.hasPrefix("a fault is a JSON object"))
            #expect(try control("DELETE", ["1"]).1["faults"] == [])
            #expect(try await system.ask().hasPrefix("200"))
            await system.close()
        }
    }
}
