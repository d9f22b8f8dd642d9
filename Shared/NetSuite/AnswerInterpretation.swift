public import HTTPClient
public import JSONText

/// What a usable answer holds.
public struct NetSuiteAnswer: Sendable, Equatable {
    /// The internal id that `Location` ends with; always there after a create or a change.
    public let internalId: String?
    /// The JSON body; `null` where there is none.
    public let body: JSONValue
}

/// Reads an answer's meaning from status, headers and body alone.
///
/// 2xx was applied; 400, 401, 403, 404, 405, 415 and 429 were not; 5xx and everything absurd leave a change's outcome
/// unknown, and so does a refusal that NetSuite cannot have written. Error codes and texts: "REST Web Services Error Handling" and seen answers of real accounts.
public enum AnswerInterpretation {
    /// Says what an answer means for the operation that was asked for.
    public static func interpret(
        status: Int, headers: HTTPAnswerHeaders, body: [UInt8], for operation: NetSuiteOperation
    ) -> Result<NetSuiteAnswer, NetSuiteFailure> {
        switch status {
        case 200...299: success(status, headers, body, operation)
        case 429: .failure(throttled)
        case 400, 401, 403, 404, 405, 415: .failure(refusal(status, Problem(body)))
        case 502...504 where !operation.changesRecords:
            .failure(.systemTrouble(NetSuiteTrouble(.maintenance, "NetSuite answers with status \(status)")))
        default: .failure(.unknown("NetSuite answered with status \(status)"))
        }
    }

    static let throttled = NetSuiteFailure.systemTrouble(
        NetSuiteTrouble(.throttled, "too many requests at a time in the account"))

    // MARK: Success

    private static func success(
        _ status: Int, _ headers: HTTPAnswerHeaders, _ body: [UInt8], _ operation: NetSuiteOperation
    ) -> Result<NetSuiteAnswer, NetSuiteFailure> {
        let id = headers.only("Location").flatMap { internalId(ofLocation: $0, for: operation) }
        if operation.createsRecord {
            guard [200, 201, 204].contains(status), let id else {
                return .failure(.unknown("status \(status) without the new record's id"))
            }
            return .success(NetSuiteAnswer(internalId: id, body: .null))
        }
        if operation.changesRecords {
            guard status == 204, let id else {
                return .failure(.unknown("status \(status) without the changed record's id"))
            }
            return .success(NetSuiteAnswer(internalId: id, body: .null))
        }
        guard status == 200, let value = try? JSONValue.parse(body, limits: .answer), value.object != nil else {
            return .failure(.unknown("status \(status) without a readable JSON object"))
        }
        return .success(NetSuiteAnswer(internalId: id, body: value))
    }

    /// The internal id that a new record's address ends with, absolute or not; nil where it is not the address of a record
    /// of this kind. The host is not compared: an account answers under more than one name.
    static func internalId(ofLocation location: String, for operation: NetSuiteOperation) -> String? {
        guard let record = operation.recordName, var rest = addressPath(location)?.utf8 else { return nil }
        for part in [NetSuiteRequest.recordPath, "/", record, "/"] {
            guard rest.count >= part.utf8.count,
                zip(rest, part.utf8).allSatisfy({ lowercased($0) == lowercased($1) })
            else { return nil }
            rest = rest.dropFirst(part.utf8.count)
        }
        if rest.last == UInt8(ascii: "/") { rest = rest.dropLast() }
        let id = String(Substring(rest))
        return isInternalId(id) ? id : nil
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    /// The path of an http address, or the address itself where it is a path.
    private static func addressPath(_ location: String) -> Substring? {
        guard location.utf8.count <= 2_000, location.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        let address = location.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        if address.first == UInt8(ascii: "/") { return Substring(address) }
        let parts = address.split(separator: UInt8(ascii: "/"), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, !parts[3].isEmpty, parts[1].isEmpty,
            ["http:", "https:"].contains(Substring(parts[0]).lowercased())
        else { return nil }
        return Substring(address[address.index(before: parts[3].startIndex)...])
    }

    /// Whether a text is an internal id as records have them: decimal digits, above zero.
    static func isInternalId(_ text: String) -> Bool {
        (1...18).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
            && text.utf8.first != UInt8(ascii: "0")
    }

    // MARK: Refusals

    /// The longest detail text that is kept, in Unicode scalars: one character can be as long as a text.
    public static let maximumDetailScalars = 500

    /// A proxy, a firewall or a mistaken address refuses too, in words of their own: that says nothing about the record.
    private static func refusal(_ status: Int, _ problem: Problem) -> NetSuiteFailure {
        if let trouble = trouble(status, problem) { return .systemTrouble(trouble) }
        guard problem.isNetSuites else { return .unknown("status \(status) in a form that is not NetSuite's") }
        return .refused(
            NetSuiteRefusal(
                status: status, code: problem.code.isEmpty ? nil : problem.code,
                detail: problem.detail,
                path: problem.path ?? fieldNamed(in: problem.detail), classification: classification(status, problem)))
    }

    private static func trouble(_ status: Int, _ problem: Problem) -> NetSuiteTrouble? {
        if status == 401 { return NetSuiteTrouble(.login, "NetSuite refuses the login") }
        switch problem.code {
        case "CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED", "WS_REQUEST_BLOCKED",
            "WS_CONCUR_SESSION_DISALLWD":
            return NetSuiteTrouble(.throttled, "too many requests at a time in the account")
        case "ACCT_TEMP_UNAVAILABLE", "ACCT_TEMP_DISABLED":
            return NetSuiteTrouble(.maintenance, "NetSuite says that the account is not available")
        case "INVALID_HEADER":
            return NetSuiteTrouble(
                .login,
                "NetSuite refuses a header; set the integration user's language to the company's")
        case "INVALID_LOGIN", "INVALID_LOGIN_ATTEMPT", "INVALID_LOGIN_CREDENTIALS":
            return NetSuiteTrouble(.login, "NetSuite refuses the login")
        default:
            return nil
        }
    }

    /// By code where the code says it, else by a part of the text: texts begin with changing phrases.
    private static func classification(_ status: Int, _ problem: Problem) -> NetSuiteRefusal.Classification {
        if status == 403 { return .permission }
        if let known = byCode[problem.code] { return known }
        let text = problem.detail.lowercased()
        if let known = byText.first(where: { text.contains($0.part) }) { return known.classification }
        if status == 404 { return .nonexistent }
        return problem.code == "INVALID_CONTENT" ? .invalidField : .other
    }

    private static let byCode: [String: NetSuiteRefusal.Classification] = [
        "DUP_RCRD": .alreadyExists, "DUP_ENTITY": .alreadyExists, "DUP_ENTITY_NAME": .alreadyExists,
        "UNIQUE_CUST_ID_REQD": .alreadyExists, "RCRD_LOCKED_BY_WF": .lockedByWorkflow,
        "RCRD_HAS_BEEN_CHANGED": .recordChanged, "TRANS_IN_USE": .recordChanged,
        "INSUFFICIENT_PERMISSION": .permission, "NONEXISTENT_ID": .nonexistent, "RCRD_DSNT_EXIST": .nonexistent,
        "INVALID_KEY_OR_REF": .invalidField, "INVALID_FLD_VALUE": .invalidField,
        "SSS_MISSING_REQD_ARGUMENT": .missingField,
    ]

    private static let byText: [(part: String, classification: NetSuiteRefusal.Classification)] = [
        ("already exists", .alreadyExists),
        ("locked by a user defined workflow", .lockedByWorkflow),
        ("since you retrieved it", .recordChanged),
        ("record has been changed", .recordChanged),
        ("does not have permission", .permission),
        ("permission violation", .permission),
        ("please enter value(s) for", .missingField),
        ("invalid field value", .invalidField),
        ("record instance does not exist", .nonexistent),
        ("record does not exist", .nonexistent),
        ("transaction type specified is incorrect", .nonexistent),
    ]

    /// The field that a text names: "… for the following field: item." or "… enter value(s) for: First Name."
    private static func fieldNamed(in detail: String) -> String? {
        for mark in ["for the following field: ", "enter value(s) for: "] {
            guard let start = end(of: mark, in: detail) else { continue }
            let name = detail[start...].prefix { $0 != "." && $0 != "\n" }.prefix(100)
            if !name.isEmpty { return String(name) }
        }
        return nil
    }

    private static func end(of mark: String, in text: String) -> String.Index? {
        var index = text.startIndex
        while index < text.endIndex {
            if text[index...].hasPrefix(mark) { return text.index(index, offsetBy: mark.count) }
            index = text.index(after: index)
        }
        return nil
    }
}

/// The first entry of a REST error body; all empty where the body is something else, such as an HTML page.
private struct Problem {
    let code: String
    let path: String?
    let detail: String

    /// Whether the body is one of NetSuite's at all, which says what is wrong by a code or in words.
    var isNetSuites: Bool { !code.isEmpty || !detail.isEmpty }

    init(_ body: [UInt8]) {
        let document = try? JSONValue.parse(body, limits: .message)
        let first = document?["o:errorDetails"]?[0]
        let script = document?["error"]
        let code = first?["o:errorCode"]?.string ?? script?["code"]?.string ?? document?["o:errorCode"]?.string ?? ""
        let detail = first?["detail"]?.string ?? script?["message"]?.string ?? ""
        self.code = Self.isCode(code) ? code : ""
        self.detail = String(
            String.UnicodeScalarView(detail.unicodeScalars.prefix(AnswerInterpretation.maximumDetailScalars)))
        path =
            ["o:errorPath", "o:errorQueryParam", "o:errorHeader", "o:errorUrl"]
            .lazy.compactMap { first?[$0]?.string }.first { $0.utf8.count <= 255 }
    }

    /// Letters, digits and underscores: `INVALID_CONTENT`.
    private static func isCode(_ text: String) -> Bool {
        (1...100).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x41...0x5A).contains($0 & 0xDF) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_")
            }
    }
}
