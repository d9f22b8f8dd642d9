import Contracts
import EventLoop
import FoundationEssentials
public import Postgres
import Telemetry

extension Ledger {
    /// Marks letters as `replaying`, durably, before anything is produced: produce what the answers hold.
    ///
    /// A letter that is `replaying` gives the same message again, so a command that was killed half way is repeated. A
    /// version that a newer one has followed is refused.
    /// - Returns: One answer per letter, in the order of the ids. Ask for few at a time: each may hold a MiB.
    public func replayLetters(
        _ ids: [String], _ command: LetterCommand
    ) async throws(PostgresError) -> [ReplayAnswer] {
        if ids.isEmpty { return [] }
        let rows = try await run(
            """
            select * from replay_letters(\(ids.map { Int64($0) ?? 0 }), \(ids.map { _ in EventId.new(at: Date()).text }),
                \(Self.storable(command.by)), \(command.isDryRun)) order by o_position
            """)
        let kept = try await keptMessages(of: ids)
        return try zip(ids, rows).map { id, row throws(PostgresError) in
            switch try row.string("o_answer") {
            case "requested": return .requested
            case "due": return .due
            case "not-whole": return .refused(.notWhole)
            case "nothing-due": return .refused(.nothingDue)
            case "stale": return .refused(.stale(newerVersion: try row.int64("o_newer_version")))
            case let answer where answer == "produce" || answer == "repeated":
                guard let (topic, message) = kept[id] else {
                    throw PostgresError.broken("a dead letter's message is not there")
                }
                return .produce(
                    ReplayMessage(of: message, topic: topic, letterId: id, eventId: try row.string("o_event_id")),
                    isRepeated: answer == "repeated")
            default: return .refused(try LetterRefusal(row))
            }
        }
    }

    /// Opens a letter again whose replay was not taken by its topic, saying why; another replay of it stays.
    public func withdrawReplay(
        of id: String, eventId: String, by operatorName: String, because note: String
    ) async throws(PostgresError) {
        _ = try await run(
            """
            select withdraw_replay(\(Int64(id) ?? 0), \(eventId), \(Self.storable(operatorName)), \(Self.storable(note)))
            """)
    }

    /// Closes a letter whose replayed message was dealt with and settles no order itself.
    public func resolveReplay(of id: String, eventId: String, by holder: String) async throws(PostgresError) {
        _ = try await run(
            """
            update dead_letters set state = 'resolved', closed_at = clock_timestamp(), closed_by = \(holder)
            where letter_id = \(Int64(id)) and state = 'replaying' and replay_event_id = \(eventId)
            """)
    }

    /// Gives letters up and settles their orders as `discarded`, in one transaction; what is replaying ends with it.
    ///
    /// - Returns: One answer per letter, in the order of the ids. Publish the settlements that are not published.
    public func discardLetters(
        _ ids: [String], _ command: LetterCommand
    ) async throws(PostgresError) -> [LetterAnswer] {
        let marks = LetterMarks(ids)
        return try await letterAnswers(
            to: """
                select * from discard_letters(\(marks.ids), \(marks.eventIds), \(marks.traceParents),
                    \(Self.storable(command.by)), \(command.note.map(Self.storable)), \(command.isDryRun))
                order by o_position
                """, of: ids)
    }

    /// Opens closed letters again and settles their orders as `reopened`, in one transaction.
    ///
    /// - Returns: One answer per letter, in the order of the ids. Publish the settlements that are not published.
    public func reopenLetters(
        _ ids: [String], _ command: LetterCommand
    ) async throws(PostgresError) -> [LetterAnswer] {
        let marks = LetterMarks(ids)
        return try await letterAnswers(
            to: """
                select * from reopen_letters(\(marks.ids), \(marks.eventIds), \(marks.traceParents),
                    \(Self.storable(command.by)), \(command.note.map(Self.storable)), \(command.isDryRun))
                order by o_position
                """, of: ids)
    }

    private func letterAnswers(to statement: SQL, of ids: [String]) async throws(PostgresError) -> [LetterAnswer] {
        if ids.isEmpty { return [] }
        let rows = try await run(statement)
        var keys: [SettlementKey?] = []
        for row in rows {
            let sequence = try row.optionalInt64("o_sequence")
            let orderId = try row.optionalString("o_order_id")
            keys.append(sequence.flatMap { sequence in orderId.map { SettlementKey(orderId: $0, sequence: sequence) } })
        }
        var stored = try await settlements(keys.compactMap { $0 })[...]
        return try zip(rows, keys).map { row, key throws(PostgresError) in
            let settlement = key == nil ? nil : stored.popFirst()
            switch try row.string("o_answer") {
            case "done": return .done(settlement)
            case "already": return .already(settlement)
            default: return .refused(try LetterRefusal(row))
            }
        }
    }

    /// Adds a note to a letter's trail; false when there is no such letter.
    public func noteLetter(_ id: String, note: String, by operatorName: String) async throws(PostgresError) -> Bool {
        let rows = try await run(
            """
            insert into dead_letter_trail (letter_id, act, acted_by, note)
            select letter_id, 'noted', \(Self.storable(operatorName)), \(Self.storable(note)) from dead_letters
            where letter_id = \(Int64(id) ?? 0)
            """)
        return rows.affected == 1
    }
}

/// Ids, and for each the marks of the settlement that it may lead to.
private struct LetterMarks {
    let ids: [Int64]
    let eventIds: [String]
    let traceParents: [String]

    init(_ texts: [String]) {
        ids = texts.map { Int64($0) ?? 0 }
        eventIds = texts.map { _ in EventId.new(at: Date()).text }
        traceParents = texts.map { _ in TraceContext.new().traceparent }
    }
}

extension LetterRefusal {
    init(_ row: PostgresRow) throws(PostgresError) {
        switch try row.string("o_answer") {
        case "unknown": self = .unknown
        case "occupied": self = .occupied
        case "closed":
            guard let state = DeadLetterState(rawValue: try row.string("o_state")) else { fallthrough }
            self = .closed(state)
        default: throw PostgresError.broken("the database gives an answer that this program does not know")
        }
    }
}

extension ReplayMessage {
    /// The message as it came, but for what makes it a replay.
    init(of message: KeptMessage, topic: String, letterId: String, eventId: String) {
        typealias Name = CloudEventHeaders.Name
        let kept = message.headers.filter { $0.name != Name.id && $0.name != Name.replayOf }
        self.init(
            topic: topic, key: message.key, value: message.value,
            headers: kept + [
                SourceMessage.Header(name: Name.id, value: Array(eventId.utf8)),
                SourceMessage.Header(name: Name.replayOf, value: Array(letterId.utf8)),
            ], eventId: eventId)
    }
}
