import EventLoop
import HTTPServer
import JSONText
import SandboxFaults
import Telemetry

/// How the sandbox starts.
struct SandboxSettings: Sendable {
    var login = LoginSettings()
    var account = AccountSettings()
    var concurrencyLimit = 5
    /// How long each call of the REST services takes, beside its own work.
    var latency = Duration.zero
    /// The address it answers at, such as `http://127.0.0.1:8402`.
    var origin = "http://127.0.0.1:8402"
}

/// NetSuite made small: every request passes through here.
@Loop
final class NetSuiteSandbox {
    let initialSettings: SandboxSettings
    let time: any TimeSource
    let logger: Logger
    var account: Account
    var clock = AccountClock()
    private var lagging = LaggingView()
    var loginDesk: LoginDesk
    var pool: RequestsInFlight
    var journal = RequestJournal()
    var latency: Duration
    var faults = FaultPlan()
    /// The address it answers at, known once it listens.
    var origin: String

    init(settings: SandboxSettings, time: any TimeSource, logger: Logger) {
        initialSettings = settings
        self.time = time
        self.logger = logger
        account = Account(settings: settings.account, now: Stamp(time.wallClock))
        loginDesk = LoginDesk(settings: settings.login)
        pool = RequestsInFlight(limit: settings.concurrencyLimit)
        latency = settings.latency
        origin = settings.origin
    }

    /// The account's time, by which records are stamped and queries ask for "now".
    var now: Stamp { clock.now(at: realNow) }

    /// The world's time, by which people log in and the journal is kept.
    var realNow: Stamp { Stamp(time.wallClock) }

    /// Answers one request; the control API beside the services stays out of journal and pool.
    func handle(_ request: HTTPRequest) async -> HTTPResponse {
        if request.path == "/control" || request.path.hasPrefix("/control/") {
            if request.method != "GET" { lagging.keep(account, at: now) }
            return SandboxControl(sandbox: self).answer(request)
        }
        let path = request.rawQuery.isEmpty ? request.path : "\(request.path)?\(request.rawQuery)"
        let sequence = journal.begin(
            at: realNow, method: request.method, path: path, userAgent: request.headers["User-Agent"])
        var course = RequestCourse()
        var response = await answer(request, &course)
        journal.note(sequence, course.effect, fault: course.fault?.rawValue)
        let holdsPlace = course.holdsPlace
        let status = response.status
        switch response.delivery {
        case .whole, .disconnect: end(sequence, status: status, leavesPool: holdsPlace)
        case .filled, .silence, .wire:
            response.whenOver = { [self] in end(sequence, status: status, leavesPool: holdsPlace) }
        }
        return response
    }

    /// What is known of a request while it is being answered.
    private struct RequestCourse {
        var effect = RequestEffect()
        var fault: FaultKind?
        var holdsPlace = false
    }

    /// A request ends when its answer is ready, and one that is never answered when its connection is gone.
    private func end(_ sequence: Int, status: Int, leavesPool: Bool) {
        journal.end(sequence, at: realNow, status: status)
        if leavesPool { pool.leave() }
    }

    private func answer(_ request: HTTPRequest, _ course: inout RequestCourse) async -> HTTPResponse {
        if request.path == LoginDesk.tokenPath {
            guard request.method == "POST" else { return Refusal.methodNotAllowed("POST").response }
            let passage = await pass(request) { request, _ in
                loginDesk.token(request, ownAddress: ownAddress(request), at: realNow)
            }
            course.fault = passage.fault
            return passage.response
        }
        guard request.path.hasPrefix("/services/rest/") else { return Refusal.unknownResource(request.path).response }
        do {
            try loginDesk.check(request, at: realNow)
        } catch {
            return error.response
        }
        guard pool.enter() else { return Refusal.concurrencyLimit.response }
        course.holdsPlace = true
        await wait(latency / 2)
        var effect = RequestEffect()
        let passage = await pass(request) { request, shape in serve(request, shape, &effect) }
        course.effect = effect
        course.fault = passage.fault
        await wait(latency - latency / 2)
        return passage.response
    }

    /// The effect itself: nothing else happens between its begin and its end.
    private func serve(
        _ request: HTTPRequest, _ shape: FaultShape, _ effect: inout RequestEffect
    ) -> HTTPResponse {
        let call = CallContext(request: request, origin: ownAddress(request), now: now)
        do {
            if request.method == "OPTIONS" { return HTTPResponse(status: 204, headers: [], body: []) }
            if request.path.hasPrefix(CallContext.recordPath + "/") {
                if request.method != "GET" { lagging.keep(account, at: now) }
                return try RecordService(call: call).answer(&account, &effect)
            }
            if isQuery(request) {
                let shown = lagging.shown(account, at: now)
                let horizon = shape.staleness > .zero ? now.earlier(by: shape.staleness) : nil
                return try QueryService(call: call).answer(shown, horizon: horizon)
            }
            return try SystemService(call: call, concurrencyLimit: pool.limit ?? 0).answer()
        } catch {
            return error.response
        }
    }

    /// The address by which the client reached the sandbox.
    private func ownAddress(_ request: HTTPRequest) -> String {
        request.headers["Host"].map { "http://\($0)" } ?? origin
    }

    /// A client that goes away does not stop what it asked for.
    private func wait(_ duration: Duration) async {
        guard duration > .zero else { return }
        await withCheckedContinuation { continuation in
            _ = time.schedule(after: duration) { continuation.resume() }
        }
    }

    /// As after the start, without faults; log-ins and sequence numbers stay.
    func reset() {
        clock = AccountClock()
        lagging = LaggingView()
        account = Account(settings: initialSettings.account, now: now)
        latency = initialSettings.latency
        pool.limit = initialSettings.concurrencyLimit
        pool.forgetHighest()
        journal.clear()
        faults.removeAll()
        loginDesk.unlock()
    }
}
