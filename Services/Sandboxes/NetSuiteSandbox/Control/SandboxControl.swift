import EventLoop
import FoundationEssentials
import HTTPServer
import JSONText
import SandboxFaults

/// What the control API could not do, in plain words.
struct ControlRefusal: Error {
    let status: Int
    let text: String

    init(_ text: String, status: Int = 400) {
        self.text = text
        self.status = status
    }

    init(_ refusal: Refusal) { self.init(refusal.detail, status: refusal.status) }
}

/// The control API: what a person, a test or the demo does to the account from outside.
@Loop
struct SandboxControl {
    let sandbox: NetSuiteSandbox

    func answer(_ request: HTTPRequest) -> HTTPResponse {
        let path = Array(request.pathSegments().filter { !$0.isEmpty }.dropFirst())
        do {
            if path.first == "faults" { return try faults(request, Array(path.dropFirst())) }
            return CallContext.json(try answer(request, path))
        } catch {
            let body: JSONValue = ["error": .string(error.text)]
            return HTTPResponse(
                status: error.status, headers: [("Content-Type", "application/json")], body: body.bytes())
        }
    }

    private func answer(_ request: HTTPRequest, _ path: [String]) throws(ControlRefusal) -> JSONValue {
        switch (request.method, path.first ?? "", path.count) {
        case ("GET", "", 0): return ControlGuide.json
        case ("GET", "counts", 1): return counts
        case ("GET", "settings", 1): return settings
        case ("PATCH", "settings", 1):
            try change(try object(request))
            return settings
        case ("POST", "reset", 1):
            sandbox.reset()
            return counts
        case ("GET", "journal", 1): return journal(after: request.queryItems.first { $0.name == "after" }?.value)
        case ("DELETE", "journal", 1):
            sandbox.journal.clear()
            sandbox.pool.forgetHighest()
            return counts
        case ("POST", "logins", 2):
            try logins(path[1])
            return counts
        case ("GET", "clock", 1): return clock
        case ("PATCH", "clock", 1):
            try changeClock(try object(request))
            return clock
        case (_, "items", _): return try items(request, Array(path.dropFirst()))
        case (_, "customers", _): return try customers(request, Array(path.dropFirst()))
        case (_, "orders", _): return try orders(request, Array(path.dropFirst()))
        case (_, "fulfilments", _), (_, "invoices", _), (_, "payments", _), (_, "credits", _):
            return try documents(request, path[0], Array(path.dropFirst()))
        default: throw ControlRefusal("no such control; GET /control lists them", status: 404)
        }
    }

    private func faults(_ request: HTTPRequest, _ path: [String]) throws(ControlRefusal) -> HTTPResponse {
        do {
            let (status, body) = try sandbox.controlFaults(request, path)
            return .json(body.bytes(), status: status)
        } catch {
            throw ControlRefusal(error.sentence, status: error.status)
        }
    }

    func object(_ request: HTTPRequest) throws(ControlRefusal) -> JSONObject {
        if request.body.isEmpty { return JSONObject() }
        do {
            return try BodyReader.object(request.body)
        } catch {
            throw ControlRefusal(error)
        }
    }

    // MARK: The sandbox itself

    private var counts: JSONValue {
        [
            "salesOrders": .number(JSONNumber(sandbox.account.salesOrderIds.count)),
            "fulfilments": .number(JSONNumber(sandbox.account.documents.fulfilments.count)),
            "invoices": .number(JSONNumber(sandbox.account.documents.invoices.count)),
            "payments": .number(JSONNumber(sandbox.account.documents.payments.count)),
            "credits": .number(JSONNumber(sandbox.account.documents.creditMemos.count)),
            "customers": .number(JSONNumber(sandbox.account.customerIds.count)),
            "items": .number(JSONNumber(sandbox.account.items.count)),
            "inFlight": .number(JSONNumber(sandbox.pool.count)),
            "mostAtOnce": .number(JSONNumber(sandbox.pool.mostAtOnce)),
            "refusedForConcurrency": .number(JSONNumber(sandbox.pool.refused)),
            "failedLogins": .number(JSONNumber(sandbox.loginDesk.failures)),
            "isLocked": .bool(sandbox.loginDesk.isLocked(at: sandbox.realNow)),
        ]
    }

    private var settings: JSONValue {
        let account = sandbox.account.settings
        return [
            "latencyMilliseconds": .number(JSONNumber(sandbox.latency.inMilliseconds)),
            "concurrencyLimit": .number(JSONNumber(sandbox.pool.limit ?? 0)),
            "customFields": .array(account.customFields.map(JSONValue.string)),
            "hiddenCustomFields": .array(account.hiddenCustomFields.sorted().map(JSONValue.string)),
            "customerCurrencies": .array(account.customerCurrencies.map(JSONValue.string)),
            "startsPendingApproval": .bool(account.startsPendingApproval),
            "invoicesNeedApproval": .bool(account.invoicesNeedApproval),
            "childTouchesOrder": .bool(account.childTouchesOrder),
            "timeZone": .string(account.zone.rawValue),
            "suiteQLLagSeconds": .number(JSONNumber(account.suiteQLLag.components.seconds)),
            "hiddenTables": .array(account.hiddenTables.sorted().map(JSONValue.string)),
            "hasPricingCurrency": .bool(account.hasPricingCurrency),
        ]
    }

    private func change(_ object: JSONObject) throws(ControlRefusal) {
        for (name, value) in object.members {
            switch name {
            case "latencyMilliseconds":
                sandbox.latency = .milliseconds(try whole(value, name, 0...600_000))
            case "concurrencyLimit": sandbox.pool.limit = try whole(value, name, 0...1000)
            case "customFields": sandbox.account.settings.customFields = try names(value, name)
            case "hiddenCustomFields": sandbox.account.settings.hiddenCustomFields = Set(try names(value, name))
            case "customerCurrencies":
                let ids = try names(value, name)
                guard ids.allSatisfy({ Catalogue.currency($0) != nil }) else {
                    throw ControlRefusal("customerCurrencies has ids of currencies, such as [\"1\", \"4\"]")
                }
                sandbox.account.settings.customerCurrencies = ids
            case "startsPendingApproval":
                sandbox.account.settings.startsPendingApproval = try flag(value, name)
            case "invoicesNeedApproval": sandbox.account.settings.invoicesNeedApproval = try flag(value, name)
            case "childTouchesOrder": sandbox.account.settings.childTouchesOrder = try flag(value, name)
            case "timeZone":
                guard let zone = value.string.flatMap(AccountZone.init) else {
                    let known = AccountZone.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ControlRefusal("timeZone is one of \(known)")
                }
                sandbox.account.settings.zone = zone
            case "suiteQLLagSeconds":
                sandbox.account.settings.suiteQLLag = .seconds(try whole(value, name, 0...86_400))
            case "hiddenTables":
                sandbox.account.settings.hiddenTables = Set(try names(value, name).map { $0.lowercased() })
            case "hasPricingCurrency": sandbox.account.settings.hasPricingCurrency = try flag(value, name)
            default: throw ControlRefusal("no such setting: \(name)")
            }
        }
    }

    private func flag(_ value: JSONValue, _ name: String) throws(ControlRefusal) -> Bool {
        guard let flag = value.bool else { throw ControlRefusal("\(name) is true or false") }
        return flag
    }

    func whole(_ value: JSONValue, _ name: String, _ range: ClosedRange<Int>) throws(ControlRefusal) -> Int {
        guard let number = value.int64.flatMap({ Int(exactly: $0) }), range.contains(number) else {
            throw ControlRefusal("\(name) is a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private func names(_ value: JSONValue, _ name: String) throws(ControlRefusal) -> [String] {
        guard let array = value.array else { throw ControlRefusal("\(name) is a list of texts") }
        let names = array.compactMap(\.string)
        guard names.count == array.count else { throw ControlRefusal("\(name) is a list of texts") }
        return names
    }

    private func journal(after text: String?) -> JSONValue {
        let entries = sandbox.journal.entries(after: text.flatMap(Int.init) ?? 0)
        return [
            "mostAtOnce": .number(JSONNumber(sandbox.pool.mostAtOnce)),
            "requests": .array(entries.map(\.json)),
        ]
    }

    private func logins(_ step: String) throws(ControlRefusal) {
        switch step {
        case "expire": sandbox.loginDesk.expireTokens()
        case "unlock": sandbox.loginDesk.unlock()
        default: throw ControlRefusal("logins/expire or logins/unlock", status: 404)
        }
    }
}
