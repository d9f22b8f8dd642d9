public import Postgres

extension Ledger {
    /// The newest states of a topic, in the order of keys, page after page.
    ///
    /// - Parameters:
    ///   - key: the last key of the page before; nil for the first page.
    ///   - instant: only states from before this instant (milliseconds); nil for all.
    public func newestStates(
        topic: String, afterKey key: String?, asOfBelow instant: Int64? = nil, limit: Int = 1_000
    ) async throws(PostgresError) -> [PublishedState] {
        let rows = try await run(
            """
            select topic, key, as_of_ms, event_id, trace_parent, value, stored_at, acknowledged_at from (
                select distinct on (s.key) s.* from published_states s
                where s.topic = \(topic) and (\(key == nil) or s.key > \(key))
                order by s.key, s.as_of_ms desc) newest
            where (\(instant == nil) or as_of_ms < \(instant))
            order by key limit \(limit)
            """)
        return try rows.map { row throws(PostgresError) in try PublishedState(row) }
    }
}
