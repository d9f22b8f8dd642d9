/// What the account remembers of a deleted record.
struct Deletion: Equatable, Sendable {
    let recordId: String
    /// The record's name in lower case, such as `salesorder`.
    let type: String
    /// Its number.
    let name: String
    let at: Stamp
}

extension Account {
    /// Notes that a record was deleted; whoever removes a transaction calls it.
    mutating func noteDeletion(of recordId: String, type: String, name: String, now: Stamp) {
        deletions.append(Deletion(recordId: recordId, type: type, name: name, at: now))
    }
}
