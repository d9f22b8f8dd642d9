import EventLoop
import FoundationEssentials
import HTTPServer
import JSONText
import SandboxFaults

/// Salesforce made small: one organisation behind its login, its REST API and a control API.
@Loop
final class SalesforceSandbox {
    var settings: SandboxSettings
    var organization: SalesforceOrganization
    /// What the integration user may see.
    var access: Schema
    var sessions = Sessions()
    var usage: APIUsage
    var locators = QueryLocators()
    var journal = Journal()
    var faults = FaultPlan()
    /// What people of the organisation keep the integration user from writing.
    var refusals = WriteRefusals()
    /// Counted, and let in without limit.
    var requests = RequestsInFlight()
    /// The standard price book, from which orders take their prices.
    var standardPricebookId = ""
    let time: any TimeSource

    init(settings: SandboxSettings, time: any TimeSource) {
        self.settings = settings
        self.time = time
        let schema = settings.schema()
        organization = SalesforceOrganization(
            schema: schema, options: settings.schemaOptions, orderTouch: settings.orderTouch)
        access = schema.restricted(hidden: settings.hidden, readOnly: settings.readOnly)
        usage = APIUsage(limit: settings.dailyLimit)
        reset()
    }

    /// Salesforce's time, whole seconds since 1970.
    var now: Int64 { Int64(time.wallClock.timeIntervalSince1970) }

    /// Answers one request.
    func handle(_ request: HTTPRequest) async -> HTTPResponse {
        let segments = request.pathSegments()
        if segments.first == "control" {
            guard settings.servesControl else { return ControlAnswer.refusal(404, "the control API is not served") }
            return control(request, Array(segments.dropFirst()))
        }
        let sequence = journal.begin(
            at: time.wallClock, request, userAgent: request.headers["User-Agent"] ?? "", client: client(of: request))
        _ = requests.enter()
        if settings.latency > .zero {
            // A cancelled wait means that the caller is gone; the effect happens nevertheless, as it would there.
            do { try await time.sleep(for: settings.latency) } catch {}
        }
        var effect = APIAnswer(response: .disconnect)
        let passage = await pass(request) { request, _ in
            effect = route(request, segments)
            return effect.response
        }
        journal.note(sequence, effect, fault: passage.fault?.rawValue)
        var response = passage.response
        let status = response.status
        switch response.delivery {
        case .whole, .disconnect: end(sequence, status: status)
        case .filled, .silence, .wire: response.whenOver = { [self] in end(sequence, status: status) }
        }
        return response
    }

    /// A request ends when its answer is ready, and one that is never answered when its connection is gone.
    private func end(_ sequence: Int, status: Int) {
        journal.end(sequence, at: time.wallClock, status: status)
        requests.leave()
    }

    private func route(_ request: HTTPRequest, _ segments: [String]) -> APIAnswer {
        let targetBytes = request.path.utf8.count + request.rawQuery.utf8.count + 1
        if targetBytes > 16_384 {
            return .refusal(RecordError(code: "URI_TOO_LONG", message: "URI exceeds 16384 bytes", status: 414))
        }
        let headerBytes = request.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        if targetBytes + headerBytes > 16_384 {
            return .refusal(
                RecordError(
                    code: "REQUEST_HEADER_FIELDS_TOO_LARGE", message: "URI and headers exceed 16384 bytes", status: 431)
            )
        }
        switch (segments.first, segments.dropFirst().first) {
        case ("services", "oauth2"): return authorization(request, Array(segments.dropFirst(2)))
        case ("services", "data"): return data(request, Array(segments.dropFirst(2)))
        case ("id", _): return identity(request, segments)
        default: return .refusal(.notFound)
        }
    }

    // MARK: The REST API

    private func data(_ request: HTTPRequest, _ segments: [String]) -> APIAnswer {
        guard let version = segments.first else { return Self.versionList() }
        guard let token = Self.token(of: request),
            sessions.use(token, at: now, idleLimit: settings.sessionIdleSeconds)
        else { return .refusal(Self.invalidSession) }
        let isInTime = usage.count(at: now)
        var answer: APIAnswer
        if isInTime {
            do throws(RecordError) {
                guard Self.versions.contains(version) else { throw .notFound }
                answer = try resource(
                    APICall(
                        request: request, segments: Array(segments.dropFirst()), basePath: "/services/data/\(version)",
                        baseURL: baseURL(request), now: now))
            } catch {
                answer = .refusal(error)
            }
        } else {
            answer = .refusal(
                RecordError(code: "REQUEST_LIMIT_EXCEEDED", message: "TotalRequests Limit exceeded.", status: 403))
        }
        answer.response.headers.append(
            ("Sforce-Limit-Info", "api-usage=\(usage.used(at: now))/\(usage.limit)"))
        return answer
    }

    private func resource(_ call: APICall) throws(RecordError) -> APIAnswer {
        switch call.segments.first {
        case nil: return try resourceList(call)
        case "limits" where call.segments.count == 1: return try limits(call)
        case "query": return try query(call, includesDeleted: false)
        case "queryAll": return try query(call, includesDeleted: true)
        case "sobjects": return try sobjects(call, Array(call.segments.dropFirst()))
        case "composite" where call.segments.count > 1 && call.segments[1] == "sobjects":
            return try collections(call, Array(call.segments.dropFirst(2)))
        default: throw .notFound
        }
    }

    /// The versions of the API that are served.
    static let versions = (58...67).map { "v\($0).0" }

    static let invalidSession = RecordError(
        code: "INVALID_SESSION_ID", message: "Session expired or invalid", status: 401)

    private static func versionList() -> APIAnswer {
        let list = versions.map { version -> JSONValue in
            let number = String(version.dropFirst())
            return [
                "label": .string("API \(number)"), "url": .string("/services/data/\(version)"),
                "version": .string(number),
            ]
        }
        return .json(.array(list))
    }

    /// The token of the request's header, under either scheme.
    static func token(of request: HTTPRequest) -> String? {
        let words = (request.headers["Authorization"] ?? "").split(separator: " ")
        guard words.count == 2, ["bearer", "oauth"].contains(words[0].lowercased()) else { return nil }
        return String(words[1])
    }

    /// The address under which the caller reached us.
    func baseURL(_ request: HTTPRequest) -> String {
        "http://\(request.headers["Host"] ?? "127.0.0.1:8401")"
    }

    /// What `Sforce-Call-Options` names as the client; other options are dropped.
    private func client(of request: HTTPRequest) -> String {
        let options = (request.headers["Sforce-Call-Options"] ?? "").split(separator: ",")
        for option in options {
            let parts = option.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].drop(while: { $0 == " " }) == "client" else { continue }
            return String(parts[1])
        }
        return ""
    }
}
