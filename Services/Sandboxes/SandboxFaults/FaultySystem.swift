public import EventLoop
public import HTTPServer
import JSONText

/// A sandbox as its faults see it: the wire bodies that only it knows, and what faults do to its inside.
@Loop
public protocol FaultySystem: AnyObject {
    /// The system's name in sentences.
    nonisolated static var systemName: String { get }
    /// The faults that it can have.
    nonisolated static var faultKinds: Set<FaultKind> { get }
    /// The faults that it has.
    var faults: FaultPlan { get set }
    /// Its clock.
    var time: any TimeSource { get }

    /// The answer with which this system says so: throttled, unauthorized, server-error, record-locked, workflow-lock,
    /// record-changed; asked for its own kinds only.
    func refusal(_ kind: FaultKind, of request: HTTPRequest) -> HTTPResponse
    /// The status of the answer that a request of this kind usually has.
    func usualStatus(of request: HTTPRequest) -> Int
    /// Whether the request asks for records in a way that may lag behind.
    func isQuery(_ request: HTTPRequest) -> Bool
    /// Ends every session or token.
    func endSessions()
}

/// How a request goes its way otherwise than it should.
public struct FaultShape: Sendable {
    /// Queries do not show what is younger.
    public var staleness = Duration.zero
}

/// What came of a request that went through the faults.
public struct FaultPassage: Sendable {
    /// What leaves the sandbox.
    public let response: HTTPResponse
    /// What struck.
    public let fault: FaultKind?
}

/// How long a connection on which nothing is said stays open.
private let longestSilence = Duration.seconds(900)

extension FaultySystem {
    /// Takes a request through the faults: the one place where one takes hold.
    ///
    /// - Parameter effect: what the request does, if it does anything: called once at most, and whole.
    public func pass(
        _ request: HTTPRequest, effect: (HTTPRequest, FaultShape) -> HTTPResponse
    ) async -> FaultPassage {
        let shapes = faults.shapes(request) { concerns($0, request) }
        var shaped = request
        var shape = FaultShape()
        for fault in shapes { bend(&shaped, &shape, by: fault.behaviour) }
        await wait(latency(shapes, .before))
        if let fault = faults.strike(request, at: .before) {
            if case .late(let delay) = fault.behaviour {
                await wait(delay)
                _ = effect(shaped, shape)
            }
            return FaultPassage(
                response: answer(fault.behaviour, to: request, instead: usualAnswer(request)), fault: fault.kind)
        }
        let response = shapes.reduce(effect(shaped, shape)) { response, fault in
            if case .alteredRows(let rows) = fault.behaviour { rows.alter(response) } else { response }
        }
        await wait(latency(shapes, .after))
        guard let fault = faults.strike(request, at: .after) else {
            return FaultPassage(response: response, fault: shapes.first?.kind)
        }
        return FaultPassage(response: answer(fault.behaviour, to: request, instead: response), fault: fault.kind)
    }

    /// A client that goes away does not stop what it asked for, so no cancellation ends this.
    private func wait(_ duration: Duration) async {
        guard duration > .zero else { return }
        await withCheckedContinuation { continuation in
            _ = time.schedule(after: duration) { continuation.resume() }
        }
    }

    // MARK: Requests that go their way otherwise

    private func concerns(_ fault: Fault, _ request: HTTPRequest) -> Bool {
        switch fault.behaviour {
        case .staleQuery, .alteredRows: isQuery(request)
        case .droppedField(let path): DroppedField.drop(path, from: request) != nil
        default: true
        }
    }

    private func bend(_ request: inout HTTPRequest, _ shape: inout FaultShape, by behaviour: FaultBehaviour) {
        switch behaviour {
        case .staleQuery(let age): shape.staleness = max(shape.staleness, age)
        case .droppedField(let path): request = DroppedField.drop(path, from: request) ?? request
        default: break
        }
    }

    private func latency(_ shapes: [Fault], _ moment: FaultMoment) -> Duration {
        shapes.reduce(.zero) { sum, fault in
            guard case .latency(let delay) = fault.behaviour, fault.moment == moment else { return sum }
            return sum + delay
        }
    }

    // MARK: Answers

    private func usualAnswer(_ request: HTTPRequest) -> HTTPResponse {
        let status = usualStatus(of: request)
        return status == 204
            ? HTTPResponse(status: 204)
            : HTTPResponse(
                status: status, headers: [("Content-Type", "application/json")], body: Array(#"{"items":[]}"#.utf8))
    }

    /// - Parameter given: the true answer, or one that looks like it where there was no effect.
    private func answer(
        _ behaviour: FaultBehaviour, to request: HTTPRequest, instead given: HTTPResponse
    ) -> HTTPResponse {
        switch behaviour {
        case .hang, .late: HTTPResponse(status: 0, delivery: .silence(limit: longestSilence))
        case .cut: .disconnect
        case .throttled(let withBody): withoutBody(refusal(.throttled, of: request), unless: withBody)
        case .unauthorized(let expires): unauthorized(request, expires)
        case .refusal(let kind): refusal(kind, of: request)
        case .unavailable: FaultPages.maintenance
        case .html: FaultPages.login
        case .truncated: given.truncated
        case .empty: HTTPResponse(status: given.status)
        case .huge(let totalBytes): given.huge(totalBytes)
        case .wrongType(let contentType): given.ofAnotherShape(contentType)
        case .drip(let pause):
            HTTPResponse(status: given.status, delivery: .wire(given.wireBytes, pause: pause))
        case .redirect(let status, let location): HTTPResponse(status: status, headers: [("Location", location)])
        case .answer(let response): response
        case .latency, .staleQuery, .droppedField, .alteredRows: given
        }
    }

    private func unauthorized(_ request: HTTPRequest, _ expires: Bool) -> HTTPResponse {
        if expires { endSessions() }
        return refusal(.unauthorized, of: request)
    }

    private func withoutBody(_ response: HTTPResponse, unless keeps: Bool) -> HTTPResponse {
        keeps ? response : HTTPResponse(status: response.status)
    }
}
