import HTTPServer
import JSONText
import Signing

/// Why the control API does not take a fault.
public struct FaultRefusal: Error, Sendable, Equatable {
    /// HTTP status of the control API's answer.
    public let status: Int
    /// What is wrong, and what would be right.
    public let sentence: String

    init(_ sentence: String, status: Int = 400) {
        self.sentence = sentence
        self.status = status
    }
}

/// Reads a fault as the control API takes it.
struct FaultReading {
    private static let common = [
        "kind", "method", "path", "body", "moment", "times", "skip", "probability", "seed",
    ]

    let object: JSONObject
    let systemName: String
    let kinds: Set<FaultKind>

    func fault() throws(FaultRefusal) -> Fault {
        let kind = try kind()
        let own = Self.members[kind] ?? []
        for name in object.keys where !own.contains(name) && !Self.common.contains(name) {
            let known = (own + Self.common.dropFirst()).sorted().joined(separator: ", ")
            throw FaultRefusal("\(kind.rawValue) has no member \(name); it has \(known)")
        }
        var fault = Fault(kind, try behaviour(kind))
        fault.method = try text("method") ?? ""
        fault.path = try text("path") ?? ""
        fault.moment = try moment(kind)
        // The member `body` of an answer is the answer's.
        fault.body = try text(kind == .answer ? "requestBody" : "body") ?? ""
        fault.times = object["times"]?.isNull == true ? nil : try whole("times", 1...1_000_000) ?? 1
        fault.skip = try whole("skip", 0...1_000_000) ?? 0
        fault.chance = try chance()
        fault.members = JSONObject(object.members.filter { own.contains($0.name) }.map { ($0.name, $0.value) })
        return fault
    }

    // MARK: What all have

    private func kind() throws(FaultRefusal) -> FaultKind {
        let known = kinds.map(\.rawValue).sorted().joined(separator: ", ")
        guard let name = try text("kind") else { throw FaultRefusal("a fault needs a kind: \(known)") }
        guard let kind = FaultKind(rawValue: name) else {
            throw FaultRefusal("there is no fault \(name); \(systemName) has \(known)")
        }
        guard kinds.contains(kind) else {
            throw FaultRefusal("\(systemName) does not know the fault \(name); it has \(known)")
        }
        return kind
    }

    private func moment(_ kind: FaultKind) throws(FaultRefusal) -> FaultMoment {
        guard let name = try text("moment"), !name.isEmpty else { return .before }
        guard let moment = FaultMoment(rawValue: name) else { throw FaultRefusal("moment is before or after") }
        guard moment == .before || !kind.isOfTheEffect else {
            throw FaultRefusal("\(kind.rawValue) is about the effect itself: it has no moment after it")
        }
        return moment
    }

    private func chance() throws(FaultRefusal) -> FaultChance? {
        guard let value = object["probability"], !value.isNull else {
            guard object["seed"] == nil else { throw FaultRefusal("seed goes with a probability") }
            return nil
        }
        guard let probability = value.number.flatMap({ Double($0.text) }), (0...1).contains(probability) else {
            throw FaultRefusal("probability is a number from 0 to 1")
        }
        let seed = try whole("seed", 0...Int(Int32.max)) ?? Int.random(in: 0...Int(Int32.max))
        return FaultChance(probability: probability, seed: UInt64(seed))
    }

    // MARK: What a kind has of its own

    /// The members of each kind beside the common ones.
    static let members: [FaultKind: [String]] = [
        .latency: ["milliseconds"], .late: ["seconds"], .throttled: ["withBody"], .unauthorized: ["expires"],
        .huge: ["bytes"], .wrongType: ["contentType"], .drip: ["milliseconds"], .redirect: ["location", "status"],
        .staleQuery: ["seconds"], .droppedField: ["field"], .alteredRows: ["change", "column", "row", "value"],
        .answer: ["status", "headers", "body", "bodyBase64", "wireBase64", "requestBody"],
    ]

    private func behaviour(_ kind: FaultKind) throws(FaultRefusal) -> FaultBehaviour {
        switch kind {
        case .latency:
            .latency(.milliseconds(try needed(try whole("milliseconds", 0...3_600_000), "milliseconds", kind)))
        case .hang: .hang
        case .cut: .cut
        case .late: .late(try needed(try seconds("seconds"), "seconds", kind))
        case .throttled: .throttled(withBody: try flag("withBody") ?? true)
        case .unauthorized: .unauthorized(expires: try flag("expires") ?? false)
        case .serverError, .recordLocked, .workflowLock, .recordChanged: .refusal(kind)
        case .unavailable: .unavailable
        case .html: .html
        case .truncated: .truncated
        case .empty: .empty
        case .huge: .huge(totalBytes: try whole("bytes", 1_000...2_000_000_000) ?? 100_000_000)
        case .wrongType: .wrongType(contentType: try text("contentType") ?? "application/json")
        case .drip: .drip(pause: .milliseconds(try whole("milliseconds", 1...600_000) ?? 1_000))
        case .redirect:
            .redirect(
                status: try whole("status", 300...399) ?? 302,
                location: try needed(try text("location"), "location", kind))
        case .staleQuery: .staleQuery(try needed(try seconds("seconds"), "seconds", kind))
        case .droppedField:
            .droppedField(try needed(try text("field"), "field", kind).split(separator: ".").map(String.init))
        case .alteredRows: .alteredRows(try alteredRows())
        case .answer: .answer(try answer())
        }
    }

    /// Status, headers and body; or with `wireBase64` all bytes on the wire, and then the connection's end.
    private func answer() throws(FaultRefusal) -> HTTPResponse {
        if let encoded = try text("wireBase64") {
            guard let bytes = Base64.decode(encoded) else { throw FaultRefusal("wireBase64 is no base64") }
            return HTTPResponse(status: 0, delivery: .wire(bytes, pause: .zero))
        }
        let status = try needed(try whole("status", 200...599), "status", .answer)
        var headers: [(String, String)] = []
        for (name, value) in object["headers"]?.object?.members ?? [] {
            guard let text = value.string else { throw FaultRefusal("headers is an object of texts") }
            headers.append((name, text))
        }
        guard let encoded = try text("bodyBase64") else {
            return HTTPResponse(status: status, headers: headers, body: Array((try text("body") ?? "").utf8))
        }
        guard let bytes = Base64.decode(encoded) else { throw FaultRefusal("bodyBase64 is no base64") }
        return HTTPResponse(status: status, headers: headers, body: bytes)
    }

    // MARK: Members

    private func needed<Value>(_ value: Value?, _ name: String, _ kind: FaultKind) throws(FaultRefusal) -> Value {
        guard let value else { throw FaultRefusal("\(kind.rawValue) needs \(name)") }
        return value
    }

    func text(_ name: String) throws(FaultRefusal) -> String? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let text = value.string else { throw FaultRefusal("\(name) is a text") }
        return text
    }

    private func flag(_ name: String) throws(FaultRefusal) -> Bool? {
        guard let value = object[name] else { return nil }
        guard let flag = value.bool else { throw FaultRefusal("\(name) is true or false") }
        return flag
    }

    func whole(_ name: String, _ range: ClosedRange<Int>) throws(FaultRefusal) -> Int? {
        guard let value = object[name] else { return nil }
        guard let number = value.int64.flatMap({ Int(exactly: $0) }), range.contains(number) else {
            throw FaultRefusal("\(name) is a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private func seconds(_ name: String) throws(FaultRefusal) -> Duration? {
        guard let value = object[name] else { return nil }
        guard let number = value.number.flatMap({ Double($0.text) }), (0...3_600).contains(number) else {
            throw FaultRefusal("\(name) is a number from 0 to 3600")
        }
        return .milliseconds(Int(number * 1_000))
    }
}
