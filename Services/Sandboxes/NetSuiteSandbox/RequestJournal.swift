import JSONText

/// One received request, and what became of it.
struct JournalEntry: Sendable {
    let sequence: Int
    let at: Stamp
    let method: String
    /// With the query, as it was sent.
    let path: String
    let userAgent: String?
    /// Nil while it is being answered; 0 where no answer left.
    var status: Int?
    /// When its answer was ready, or its connection was gone.
    var endedAt: Stamp?
    /// The fault that struck it.
    var fault: String?
    /// Whether anything was created, changed or deleted.
    var applied = false
    var externalId: String?
    var internalId: String?
    /// What the order's version field says after it, for requests about one order.
    var version: String?

    var json: JSONValue {
        var object: JSONObject = [
            "sequence": .number(JSONNumber(sequence)), "at": .string(at.isoMillisecondsText), "method": .string(method),
            "path": .string(path), "status": status.map { .number(JSONNumber($0)) } ?? .null, "applied": .bool(applied),
        ]
        object["endedAt"] = endedAt.map { .string($0.isoMillisecondsText) }
        object["fault"] = fault.map(JSONValue.string)
        object["userAgent"] = userAgent.map(JSONValue.string)
        object["externalId"] = externalId.map(JSONValue.string)
        object["internalId"] = internalId.map(JSONValue.string)
        object["version"] = version.map(JSONValue.string)
        return .object(object)
    }
}

/// Every request that was received, the oldest first.
struct RequestJournal: Sendable {
    /// Beyond this the oldest entries go.
    private static let capacity = 200_000
    private var entries: [JournalEntry] = []
    private var nextSequence = 1

    mutating func begin(at now: Stamp, method: String, path: String, userAgent: String?) -> Int {
        let entry = JournalEntry(
            sequence: nextSequence, at: now, method: method, path: path, userAgent: userAgent)
        nextSequence += 1
        entries.append(entry)
        if entries.count > RequestJournal.capacity {
            entries.removeFirst(RequestJournal.capacity / 10)
        }
        return entry.sequence
    }

    /// Notes what a request did, as soon as it is done.
    mutating func note(_ sequence: Int, _ effect: RequestEffect, fault: String?) {
        guard let index = index(of: sequence) else { return }
        entries[index].applied = effect.applied
        entries[index].externalId = effect.externalId
        entries[index].internalId = effect.internalId
        entries[index].version = effect.version
        entries[index].fault = fault
    }

    mutating func end(_ sequence: Int, at now: Stamp, status: Int) {
        guard let index = index(of: sequence) else { return }
        entries[index].status = status
        entries[index].endedAt = now
    }

    /// Entries with a greater sequence number.
    func entries(after sequence: Int) -> ArraySlice<JournalEntry> {
        guard let first = entries.first?.sequence else { return [] }
        return entries.dropFirst(max(0, sequence + 1 - first))
    }

    /// Sequence numbers go on rising, so that an answer under way is not written to another's entry.
    mutating func clear() { entries = [] }

    private func index(of sequence: Int) -> Int? {
        guard let first = entries.first?.sequence, sequence >= first, sequence - first < entries.count else {
            return nil
        }
        return sequence - first
    }
}

/// What a request did.
struct RequestEffect: Sendable, Equatable {
    var applied = false
    var externalId: String?
    var internalId: String?
    var version: String?
}
