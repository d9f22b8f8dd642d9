import CrashPoints
import EventLoop
import JSONText
public import Postgres

extension Ledger {
    /// T1: stores outcomes, ids, letters and settlements under the fence, in one transaction.
    ///
    /// - Returns: One answer per record, in their order.
    public func record(_ records: [AttemptRecord]) async throws(PostgresError) -> [RecordAnswer] {
        if records.isEmpty { return [] }
        var messages = MessageColumns()
        let json = RecordText.attempts(records, messages: &messages)
        let statement: SQL = "select * from record_attempts(\(json)::jsonb, \(messages.keys), \(messages.values))"
        let rows = try await run(statement.whenSent { crashPoint("t1-sent") })
        var answers = [RecordAnswer](repeating: .fenced, count: records.count)
        var settled: [(position: Int, key: SettlementKey, isNew: Bool)] = []
        for row in rows {
            guard let sequence = try row.optionalInt64("o_sequence") else { continue }
            let position = Int(try row.int64("o_position")) - 1
            let key = SettlementKey(orderId: records[position].claim.orderId, sequence: sequence)
            settled.append((position, key, try row.string("o_answer") == "recorded"))
        }
        let stored = try await settlements(settled.map(\.key))
        for (entry, settlement) in zip(settled, stored) {
            answers[entry.position] = entry.isNew ? .recorded(settlement) : .alreadyRecorded(settlement)
        }
        return answers
    }

    /// Stores letters of messages that were never claimed; once per cluster, topic, partition and offset.
    ///
    /// - Returns: The settlement where the letter names an order, in the order of the input.
    public func recordUndecodable(
        _ letters: [UnclaimedLetter]
    ) async throws(PostgresError) -> [StoredSettlement?] {
        if letters.isEmpty { return [] }
        var messages = MessageColumns()
        let json = RecordText.unclaimed(letters, messages: &messages)
        let rows = try await run(
            "select * from record_unclaimed(\(json)::jsonb, \(messages.keys), \(messages.values))")
        var answers = [StoredSettlement?](repeating: nil, count: letters.count)
        var settled: [(position: Int, key: SettlementKey)] = []
        for row in rows {
            let position = Int(try row.int64("o_position")) - 1
            guard let sequence = try row.optionalInt64("o_sequence"), let orderId = letters[position].orderId
            else { continue }
            settled.append((position, SettlementKey(orderId: orderId, sequence: sequence)))
        }
        let stored = try await settlements(settled.map(\.key))
        for (entry, settlement) in zip(settled, stored) { answers[entry.position] = settlement }
        return answers
    }
}

/// Keys and values of the messages that records carry; records name them by their position, from 1.
struct MessageColumns {
    var keys: [[UInt8]?] = []
    var values: [[UInt8]?] = []

    mutating func add(_ message: SourceMessage) -> Int {
        keys.append(message.key)
        values.append(message.value)
        return keys.count
    }
}

/// Records as the JSON that the functions of the schema read.
enum RecordText {
    static func attempts(_ records: [AttemptRecord], messages: inout MessageColumns) -> String {
        var writer = JSONWriter(capacity: 300 * records.count)
        writer.beginArray()
        for record in records {
            writer.beginObject()
            writer.member("orderId", record.claim.orderId)
            writer.member("fence", record.claim.fence)
            writer.member("attemptId", record.claim.attemptId)
            writer.member("eventId", record.settlementEventId)
            writer.member("accountId", record.customer?.accountId)
            writer.member("customerId", record.customer?.netSuiteId)
            writer.member("status", record.answer?.status.map(Int64.init))
            writer.member("code", record.answer?.code)
            writer.member("summary", record.answer?.summary)
            outcome(record.outcome, &writer, &messages)
            writer.endObject()
        }
        writer.endArray()
        return writer.text
    }

    private static func outcome(
        _ outcome: AttemptOutcome, _ writer: inout JSONWriter, _ messages: inout MessageColumns
    ) {
        switch outcome {
        case .written(let order):
            writer.member("outcome", "written")
            self.order(order, &writer)
        case .unchanged(let order):
            writer.member("outcome", "unchanged")
            self.order(order, &writer)
        case .superseded(let order):
            writer.member("outcome", "superseded")
            if let order { self.order(order, &writer) }
        case .dead(let content):
            writer.member("outcome", "dead")
            letter(content, &writer, &messages)
        case .held(let hold):
            writer.member("outcome", "held")
            writer.name("hold")
            writer.beginObject()
            writer.member("sentence", hold.sentence)
            writer.member("code", hold.code)
            writer.member("retryMs", hold.retryAfter.inMilliseconds)
            writer.name("isUnknown")
            writer.bool(hold.isUnknown)
            source(hold.message, &writer)
            writer.endObject()
            writer.member("message", Int64(messages.add(hold.message)))
        }
    }

    private static func order(_ order: WrittenOrder, _ writer: inout JSONWriter) {
        writer.member("netSuiteId", order.netSuiteId)
        writer.member("number", order.number)
        writer.member("state", order.state)
        writer.name("lines")
        writer.beginArray()
        for line in order.lines {
            writer.beginArray()
            writer.string(Ledger.storable(line.lineId))
            writer.int64(line.netSuiteLine)
            writer.endArray()
        }
        writer.endArray()
    }

    private static func letter(
        _ content: DeadLetterContent, _ writer: inout JSONWriter, _ messages: inout MessageColumns
    ) {
        writer.name("letter")
        writer.beginObject()
        writer.member("class", content.letterClass)
        writer.member("code", content.code)
        writer.member("field", content.field)
        writer.member("sentence", content.sentence)
        writer.member("fingerprint", content.groupingFingerprint)
        if let message = content.message { source(message, &writer) }
        writer.endObject()
        if let message = content.message { writer.member("message", Int64(messages.add(message))) }
    }

    private static func source(_ message: SourceMessage, _ writer: inout JSONWriter) {
        writer.member("clusterId", message.clusterId)
        writer.member("topic", message.topic)
        writer.member("partition", Int64(message.partition))
        writer.member("offset", message.offset)
        writer.member("headers", HeaderText.encode(message.headers))
    }

    static func unclaimed(_ letters: [UnclaimedLetter], messages: inout MessageColumns) -> String {
        var writer = JSONWriter(capacity: 500 * letters.count)
        writer.beginArray()
        for letter in letters {
            writer.beginObject()
            writer.member("orderId", letter.orderId)
            writer.member("version", letter.version)
            writer.member("eventId", letter.eventId)
            writer.member("traceParent", letter.traceParent)
            writer.member("replayOf", letter.replayOf.flatMap(Int64.init))
            writer.member("settlementId", letter.settlementEventId)
            self.letter(letter.content, &writer, &messages)
            writer.endObject()
        }
        writer.endArray()
        return writer.text
    }
}

extension DeadLetterContent {
    /// Class, code and field, whichever line it is on, unless the caller gave a better one.
    var groupingFingerprint: String {
        fingerprint ?? [letterClass, code ?? "", Self.withoutNumbers(field ?? "")].joined(separator: "|")
    }

    /// `lines[17].sku` as `lines[].sku`.
    private static func withoutNumbers(_ path: String) -> String {
        path.split(separator: "[", omittingEmptySubsequences: false).map { part in
            let rest = part.drop { $0.isNumber }
            return rest.first == "]" ? String(rest) : String(part)
        }.joined(separator: "[")
    }
}

extension JSONWriter {
    /// A member that is left out when there is no value.
    mutating func member(_ name: String, _ value: String?) {
        guard let value else { return }
        self.name(name)
        string(Ledger.storable(value))
    }

    /// A member that is left out when there is no value.
    mutating func member(_ name: String, _ value: Int64?) {
        guard let value else { return }
        self.name(name)
        int64(value)
    }
}
