import JSONText

/// What an organisation's own people have set up, or do at the moment, so that it refuses some writes of the integration
/// user: each names an object, and perhaps a field or a record.
struct WriteRefusal: Sendable {
    /// Why it refuses.
    enum Kind: String, Sendable, CaseIterable {
        /// A validation rule of the customer's.
        case validationRule = "validation-rule"
        /// Another transaction has the record.
        case rowLocked = "row-locked"
        /// An approval keeps the record locked.
        case approvalLock = "approval-lock"
        /// The user may not edit the record.
        case noAccess = "no-access"
        /// A trigger or flow fails.
        case triggerFails = "trigger-fails"
    }

    let number: Int
    let kind: Kind
    let object: String
    /// Only writes that name this field.
    var field: String?
    /// Only this record.
    var recordId: String?
    /// How many writes it refuses; nil until it is removed.
    var times: Int?
    /// The words of a validation rule.
    var message: String?

    /// Whether it is about this write.
    func matches(_ object: String, _ id: String, _ members: JSONObject) -> Bool {
        guard object == self.object, recordId == nil || recordId == id else { return false }
        guard let field else { return true }
        return members.keys.contains { $0.lowercased() == field.lowercased() }
    }

    /// How it is worded.
    func error(_ id: String) -> RecordError {
        switch kind {
        case .validationRule:
            RecordError(
                code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", message: message ?? "This change is not allowed here.",
                fields: field.map { [$0] } ?? [])
        case .rowLocked:
            RecordError(
                code: "UNABLE_TO_LOCK_ROW",
                message: "unable to obtain exclusive access to this record or 1 records: \(id.prefix(15))")
        case .approvalLock:
            RecordError(code: "ENTITY_IS_LOCKED", message: "the entity is locked for editing")
        case .noAccess:
            RecordError(
                code: "INSUFFICIENT_ACCESS_OR_READONLY", message: "insufficient access rights on object id")
        case .triggerFails:
            RecordError(
                code: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                message: "\(object)Trigger: execution of BeforeUpdate caused by: System.NullPointerException")
        }
    }
}

/// The refusals that were asked for.
struct WriteRefusals: Sendable {
    private(set) var all: [WriteRefusal] = []
    private var lastNumber = 0

    /// Adds one, and gives its number.
    mutating func add(_ make: (Int) -> WriteRefusal) -> Int {
        lastNumber += 1
        all.append(make(lastNumber))
        return lastNumber
    }

    /// Removes one, or all where no number is given; false where there is no such.
    mutating func remove(_ number: Int?) -> Bool {
        let before = all.count
        all.removeAll { number == nil || $0.number == number }
        return number == nil || all.count < before
    }

    /// Refuses a write that one of them is about.
    mutating func check(_ object: String, _ id: String, _ members: JSONObject) throws(RecordError) {
        guard let index = all.firstIndex(where: { $0.matches(object, id, members) }) else { return }
        let refusal = all[index]
        if let times = refusal.times {
            if times <= 1 { all.remove(at: index) } else { all[index].times = times - 1 }
        }
        throw refusal.error(id)
    }
}
