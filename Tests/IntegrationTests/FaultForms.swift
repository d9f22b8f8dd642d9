import JSONText

/// Every way in which NetSuite's sandbox can fail, as its control API takes it.
struct FaultForm: Sendable {
    let name: String
    let members: JSONObject

    private init(_ kind: String, _ members: JSONObject = [:], name: String? = nil) {
        self.name = name ?? kind
        self.members = JSONObject([("kind", .string(kind))] + members.members.map { ($0.name, $0.value) })
    }

    /// Struck before the effect, which then never happens; for reads the only moment there is.
    static let ofAll: [FaultForm] = [
        FaultForm("latency", ["milliseconds": 300]), FaultForm("hang"), FaultForm("cut"), FaultForm("throttled"),
        FaultForm("throttled", ["withBody": false], name: "throttled without a body"), FaultForm("unauthorized"),
        FaultForm("server-error"), FaultForm("unavailable"), FaultForm("html"), FaultForm("truncated"),
        FaultForm("huge"), FaultForm("wrong-type"),
        FaultForm("wrong-type", ["contentType": "text/plain"], name: "wrong-type as text"), FaultForm("drip"),
        FaultForm("redirect", ["location": "https://elsewhere.example/"]), FaultForm("record-locked"),
        FaultForm("workflow-lock"), FaultForm("record-changed"),
        FaultForm("answer", ["status": 418, "body": "{}"], name: "an unknown status"),
        FaultForm("answer", ["status": 409, "body": "\\u0000"], name: "a conflict"),
    ]

    /// The right status and no body: to a change that is the true answer, so only where something else must be in it.
    static let empty = FaultForm("empty")

    /// The effect comes after the writer has given the request up, and before it may look again.
    static let late = FaultForm("late", ["seconds": 2])

    /// Answers to a create that do not name the new record.
    static let ofCreates: [FaultForm] = [
        empty, late, FaultForm("answer", ["status": 204], name: "no location"),
        location("/services/rest/record/v1/salesOrder/abc", "a location without an id"),
        location("/services/rest/record/v1/invoice/4711", "a location of another kind"),
        location("4711\\n", "a location that is no address"),
    ]

    private static func location(_ text: String, _ name: String) -> FaultForm {
        FaultForm("answer", ["status": 204, "headers": ["Location": .string(text)]], name: name)
    }

    /// After the effect: the answer alone is lost. What says clearly "not applied" is not among them.
    static let lostAnswers: [FaultForm] = ofAll.filter {
        ![
            "latency", "throttled", "throttled without a body", "unauthorized", "record-locked", "workflow-lock",
            "record-changed",
        ].contains($0.name)
    }

    /// A field that NetSuite loses from a write without a word.
    static func dropped(_ field: String) -> FaultForm {
        FaultForm("dropped-field", ["field": .string(field)], name: "\(field) dropped")
    }
}

/// A request of the writer.
enum StruckRequest: String, CaseIterable, Sendable {
    case items, createCustomer, createOrder, readBack, probeCustomer, probeOrder, readOrder, changeOrder

    /// The forms in which it can fail, and whether after its effect.
    var faults: [(form: FaultForm, isAfter: Bool)] {
        before.map { (form: $0, isAfter: false) } + after.map { (form: $0, isAfter: true) }
    }

    private var before: [FaultForm] {
        switch self {
        case .items, .readBack, .probeCustomer, .probeOrder, .readOrder: FaultForm.ofAll + [FaultForm.empty]
        case .createCustomer: FaultForm.ofAll + FaultForm.ofCreates
        case .createOrder:
            FaultForm.ofAll + FaultForm.ofCreates + [
                .dropped("custbody_crossdock_version"), .dropped("item.items.custcol_crossdock_line_id"),
            ]
        case .changeOrder: FaultForm.ofAll + [FaultForm.late]
        }
    }

    private var after: [FaultForm] {
        switch self {
        case .items, .readBack, .probeCustomer, .probeOrder, .readOrder: []
        case .createCustomer, .createOrder: FaultForm.lostAnswers + FaultForm.ofCreates.filter { $0.name != "late" }
        case .changeOrder: FaultForm.lostAnswers
        }
    }

    /// Whether it is sent only after an answer was lost, and to what.
    var provokedBy: StruckRequest? {
        switch self {
        case .probeCustomer: .createCustomer
        case .probeOrder: .createOrder
        default: nil
        }
    }
}
