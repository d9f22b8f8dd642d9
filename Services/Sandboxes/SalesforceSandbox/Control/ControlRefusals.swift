import HTTPServer
import JSONText

/// Validation rules, locks and missing access, set by the control API.
extension SalesforceSandbox {
    func controlRefusals(
        _ request: HTTPRequest, _ path: [String], _ body: JSONObject
    ) throws(ControlError) -> HTTPResponse {
        switch (request.method, path.count) {
        case ("GET", 0): return ControlAnswer.json(["refusals": .array(refusals.all.map(Self.view))])
        case ("POST", 0):
            let number = refusals.add(try refusal(body))
            return ControlAnswer.json(["number": .number(JSONNumber(number))], status: 201)
        case ("DELETE", 0):
            _ = refusals.remove(nil)
            return ControlAnswer.json(["done": true])
        case ("DELETE", 1):
            guard let number = Int(path[0]), refusals.remove(number) else {
                throw ControlError("no refusal has the number \(path[0])", status: 404)
            }
            return ControlAnswer.json(["done": true])
        default: throw ControlError("no such control route; GET /control lists them", status: 404)
        }
    }

    private func refusal(_ body: JSONObject) throws(ControlError) -> (Int) -> WriteRefusal {
        try refuseUnknown(body, ["kind", "object", "field", "recordId", "times", "message"])
        guard let kind = body["kind"]?.string.flatMap(WriteRefusal.Kind.init) else {
            let kinds = WriteRefusal.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlError("kind must be one of \(kinds)")
        }
        guard let name = body["object"]?.string, let object = organization.schema.object(name) else {
            throw ControlError("object must be the name of an object, such as Order")
        }
        if let field = body["field"]?.string, object.field(field) == nil {
            throw ControlError("\(object.name) has no field \(field)")
        }
        var recordId: String?
        if let text = body["recordId"]?.string {
            guard case .id(let id) = RecordId.read(text) else { throw ControlError("recordId is no id") }
            recordId = id
        }
        let times = body["times"]?.int64.map { Int(clamping: $0) }
        guard times ?? 1 > 0 else { throw ControlError("times must be 1 or more, or absent for ever") }
        let (field, message) = (body["field"]?.string, body["message"]?.string)
        return { number in
            WriteRefusal(
                number: number, kind: kind, object: object.name, field: field, recordId: recordId, times: times,
                message: message)
        }
    }

    private nonisolated static func view(_ refusal: WriteRefusal) -> JSONValue {
        var object: JSONObject = [
            "number": .number(JSONNumber(refusal.number)), "kind": .string(refusal.kind.rawValue),
            "object": .string(refusal.object),
        ]
        object["field"] = refusal.field.map { .string($0) }
        object["recordId"] = refusal.recordId.map { .string($0) }
        object["times"] = refusal.times.map { .number(JSONNumber($0)) }
        object["message"] = refusal.message.map { .string($0) }
        return .object(object)
    }
}
