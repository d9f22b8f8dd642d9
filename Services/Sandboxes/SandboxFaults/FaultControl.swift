import EventLoop
public import HTTPServer
public import JSONText

/// The faults' part of a sandbox's control API, the same for every system.
extension FaultySystem {
    /// Answers `POST`, `GET` and `DELETE /control/faults[/ID]`.
    ///
    /// - Parameter path: what stands behind `faults`.
    public func controlFaults(
        _ request: HTTPRequest, _ path: [String]
    ) throws(FaultRefusal) -> (status: Int, body: JSONValue) {
        switch (request.method, path.count) {
        case ("POST", 0):
            let reading = FaultReading(
                object: try Self.object(request), systemName: Self.systemName, kinds: Self.faultKinds)
            return (201, faults.add(try reading.fault()).json)
        case ("GET", 0): return (200, ["faults": .array(faults.entries.map(\.json))])
        case ("DELETE", 0):
            faults.removeAll()
            return (200, ["faults": []])
        case ("DELETE", 1):
            guard faults.remove(path[0]) else { throw FaultRefusal("there is no fault \(path[0])", status: 404) }
            return (200, ["faults": .array(faults.entries.map(\.json))])
        default:
            throw FaultRefusal("POST, GET or DELETE /control/faults, DELETE /control/faults/ID", status: 405)
        }
    }

    private static func object(_ request: HTTPRequest) throws(FaultRefusal) -> JSONObject {
        guard let object = (try? JSONValue.parse(request.body, limits: .answer))?.object else {
            throw FaultRefusal("a fault is a JSON object, such as {\"kind\": \"cut\", \"moment\": \"after\"}")
        }
        return object
    }
}

extension FaultPlan.Entry {
    /// The fault as the control API shows it.
    var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id), "kind": .string(fault.kind.rawValue), "method": .string(fault.method),
            "path": .string(fault.path), "moment": .string(fault.moment.rawValue),
            "times": fault.times.map { .number(JSONNumber($0)) } ?? .null,
            "skip": .number(JSONNumber(fault.skip)), "struck": .number(JSONNumber(struck)),
        ]
        if !fault.body.isEmpty { object["body"] = .string(fault.body) }
        if let chance = fault.chance {
            object["probability"] = JSONNumber(text: String(chance.probability)).map(JSONValue.number)
            object["seed"] = .number(JSONNumber(Int64(clamping: chance.seed)))
        }
        for (name, value) in fault.members.members { object[name] = value }
        return .object(object)
    }
}

/// What the control API says about its faults in its own help.
public enum FaultHelp {
    private static let alteredRows =
        ". altered-rows changes a query's answer: change is drop, null, number or text of a column (of one row, or of all), "
        + "cut (no rows from row on, whatever the counts say), total or more (totalResults or hasMore is value)"

    /// Calls and what they do, for a system that has these kinds.
    public static func entries(_ kinds: Set<FaultKind>) -> [(call: String, does: String)] {
        let names = FaultKind.allCases.filter(kinds.contains).map { kind in
            let members = FaultReading.members[kind] ?? []
            return members.isEmpty ? kind.rawValue : "\(kind.rawValue) {\(members.joined(separator: ", "))}"
        }
        return [
            (
                "POST /control/faults",
                "{kind, method, path and body (a part of each), moment: before or after the effect, times (1; null: until "
                    + "removed), skip, probability with seed}: strike requests. Kinds: \(names.joined(separator: ", "))"
                    + (kinds.contains(.alteredRows) ? alteredRows : "")
            ),
            ("GET /control/faults", "the faults, and how often each struck"),
            ("DELETE /control/faults[/ID]", "removes one or all"),
        ]
    }
}
