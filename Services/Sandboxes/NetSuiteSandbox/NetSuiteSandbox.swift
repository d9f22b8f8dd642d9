import EventLoop
import HTTPServer
import JSONText
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
    var loginDesk: LoginDesk
    var pool: RequestPool
    var journal = RequestJournal()
    var latency: Duration
    var faults: any FaultPlan
    /// The address it answers at, known once it listens.
    var origin: String

    init(settings: SandboxSettings, time: any TimeSource, logger: Logger) {
        initialSettings = settings
        self.time = time
        self.logger = logger
        account = Account(settings: settings.account, now: Stamp(time.wallClock))
        loginDesk = LoginDesk(settings: settings.login)
        pool = RequestPool(limit: settings.concurrencyLimit)
        latency = settings.latency
        faults = NoFaults()
        origin = settings.origin
    }

    var now: Stamp { Stamp(time.wallClock) }

    /// Answers one request; the control API beside the services stays out of journal and pool.
    func handle(_ request: HTTPRequest) async -> HTTPResponse {
        if request.path == "/control" || request.path.hasPrefix("/control/") {
            return SandboxControl(sandbox: self).answer(request)
        }
        let path = request.rawQuery.isEmpty ? request.path : "\(request.path)?\(request.rawQuery)"
        let sequence = journal.begin(
            at: now, method: request.method, path: path, userAgent: request.headers["User-Agent"])
        var effect = RequestEffect()
        let response = await answer(request, &effect)
        journal.end(sequence, status: response.status, effect: effect)
        return response
    }

    private func answer(_ request: HTTPRequest, _ effect: inout RequestEffect) async -> HTTPResponse {
        if request.path == LoginDesk.tokenPath {
            guard request.method == "POST" else { return Refusal.methodNotAllowed("POST").response }
            return loginDesk.token(request, ownAddress: ownAddress(request), at: now)
        }
        guard request.path.hasPrefix("/services/rest/") else { return Refusal.unknownResource(request.path).response }
        do {
            try loginDesk.check(request, at: now)
        } catch {
            return error.response
        }
        guard pool.enter() else { return Refusal.concurrencyLimit.response }
        defer { pool.leave() }
        await wait(latency / 2)
        if let answer = await faults.answerInsteadOfEffect(request) { return answer }
        var response = serve(request, &effect)
        response = await faults.answerAfterEffect(request, response)
        await wait(latency - latency / 2)
        return response
    }

    /// The effect itself: nothing else happens between its begin and its end.
    private func serve(_ request: HTTPRequest, _ effect: inout RequestEffect) -> HTTPResponse {
        let call = CallContext(request: request, origin: ownAddress(request), now: now)
        do {
            if request.method == "OPTIONS" { return HTTPResponse(status: 204, headers: [], body: []) }
            if request.path.hasPrefix(CallContext.recordPath + "/") {
                return try RecordService(call: call).answer(&account, &effect)
            }
            if request.path == CallContext.queryPath { return try QueryService(call: call).answer(account) }
            return try SystemService(call: call, concurrencyLimit: pool.limit).answer()
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

    /// As after the start; log-ins and sequence numbers stay.
    func reset() {
        account = Account(settings: initialSettings.account, now: now)
        latency = initialSettings.latency
        pool.limit = initialSettings.concurrencyLimit
        pool.forgetHighest()
        journal.clear()
        loginDesk.unlock()
    }
}
