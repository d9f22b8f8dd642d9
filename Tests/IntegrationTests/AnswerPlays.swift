import Foundation
import JSONText
import TestSupport

/// One answer of the corpus as a fault of a sandbox: which request it strikes, and when.
struct AnswerPlay: Sendable {
    let poison: PoisonAnswer
    let request: PoisonAnswer.Request
    /// Whether the request has its effect, and the true answer alone is replaced.
    let isAfterEffect: Bool

    /// All answers that running services get, each once: where a file names several requests, the one that has fewest.
    /// What both systems may say NetSuite says, where more depends on it.
    static func all() throws -> [AnswerPlay] {
        let answers = try PoisonAnswer.all(base: "http://127.0.0.1").filter { !$0.isForDecodersOnly }
        var counts: [PoisonAnswer.Request: Int] = [:]
        return answers.sorted { $0.requests.count < $1.requests.count }.compactMap { poison in
            let netSuites = poison.requests.filter { !isSalesforces($0) && $0 != .netSuiteToken }
            let choice = netSuites.isEmpty ? poison.requests : netSuites
            guard let request = choice.min(by: { counts[$0, default: 0] < counts[$1, default: 0] }) else {
                return nil
            }
            counts[request, default: 0] += 1
            // A refusal after the effect would be NetSuite's lie.
            let canBeAfter = request.changesRecords && poison.letterClass == nil
            return AnswerPlay(
                poison: poison, request: request,
                isAfterEffect: canBeAfter && counts[request, default: 0].isMultiple(of: 2))
        }
    }

    var name: String { "\(poison.name) to \(request.rawValue)" }

    /// Whether Salesforce gives it.
    var isSalesforces: Bool { Self.isSalesforces(request) }

    private static func isSalesforces(_ request: PoisonAnswer.Request) -> Bool {
        [.salesforceToken, .salesforceQuery, .salesforceUpdate].contains(request)
    }

    /// As the control API of the sandboxes takes it.
    var fault: JSONValue {
        let place = place
        var fault: JSONObject = [
            "kind": "answer", "method": .string(place.method), "path": .string(place.path),
            "requestBody": .string(place.body), "moment": isAfterEffect ? "after" : "before",
        ]
        let bytes = JSONValue.string(Data(poison.bytes).base64EncodedString())
        if poison.isWire {
            fault["wireBase64"] = bytes
        } else {
            fault["status"] = .number(JSONNumber(poison.status))
            fault["headers"] = .object(JSONObject(poison.headers.map { ($0.0, .string($0.1)) }))
            fault["bodyBase64"] = bytes
        }
        return .object(fault)
    }

    /// Method, part of the address, part of the body.
    private var place: (method: String, path: String, body: String) {
        switch request {
        case .netSuiteToken, .salesforceToken: ("POST", "/token", "")
        case .items: ("POST", "suiteql", "FROM item ")
        case .readBack: ("POST", "suiteql", "FROM transaction ")
        case .createCustomer: ("POST", "/customer", "")
        case .createOrder: ("POST", "/salesOrder", "")
        case .changeOrder: ("PATCH", "/salesOrder/", "")
        case .probeCustomer: ("GET", "/customer/eid:", "")
        case .probeOrder: ("GET", "/salesOrder/eid:", "")
        // External ids are letters, and internal ones begin with a digit.
        case .readOrder: ("GET", "?expandSubResources=true", "")
        case .salesforceQuery: ("GET", "/query", "")
        case .salesforceUpdate: ("PATCH", "/composite/sobjects", "")
        }
    }
}
