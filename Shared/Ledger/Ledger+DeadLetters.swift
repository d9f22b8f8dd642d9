public import Postgres

extension Ledger {
    /// Dead letters, newest first; `state` nil for all of them.
    public func deadLetters(
        state: String? = "open", limit: Int = 50
    ) async throws(PostgresError) -> [DeadLetter] {
        let rows = try await run(
            """
            select letter_id::text as letter_id, state, order_id, order_number, version, class, code, field, sentence,
                fingerprint, seen_count, opened_at, closed_at,
                case when topic is null then concat_ws(' ', object_type, object_id)
                    else topic || '/' || partition || '@' || message_offset end as source
            from dead_letters where \(state) is null or state = \(state) order by letter_id desc limit \(limit)
            """)
        return try rows.map { row throws(PostgresError) in try DeadLetter(row) }
    }

    /// How many letters are open, by class.
    public func deadLetterCounts() async throws(PostgresError) -> [DeadLetterCount] {
        let rows = try await run(
            """
            select class, count(*) as count, min(opened_at) as oldest from dead_letters
            where state in ('open', 'replaying') group by class order by count(*) desc, class
            """)
        return try rows.map { row throws(PostgresError) in
            DeadLetterCount(
                letterClass: try row.string("class"), count: try row.int64("count"), oldest: try row.instant("oldest"))
        }
    }
}

extension DeadLetter {
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.string("letter_id"), state: try row.string("state"),
            orderId: try row.optionalString("order_id"), orderNumber: try row.optionalString("order_number"),
            version: try row.optionalInt64("version"), letterClass: try row.string("class"),
            code: try row.optionalString("code"), field: try row.optionalString("field"),
            sentence: try row.string("sentence"), fingerprint: try row.string("fingerprint"),
            source: try row.string("source"), seenCount: try row.int64("seen_count"),
            openedAt: try row.instant("opened_at"), closedAt: try row.optionalInstant("closed_at"))
    }
}
