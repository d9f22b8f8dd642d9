import Contracts
public import Postgres

/// What the command line shows of items.
extension Ledger {
    /// What is known of showing an item's stock in Salesforce; nil where no count of the SKU has arrived.
    public func productFeedback(sku: String) async throws(PostgresError) -> ProductFeedback? {
        let sku = Self.storable(sku)
        let rows = try await run(
            """
            select f.arrived_at, f.as_of_ms, f.sent_at, f.shown,
                f.is_overdue or coalesce(f.due_at <= clock_timestamp(), false) as is_overdue,
                f.sent_at is not null and f.shown is not null and f.revision = f.tried_revision and f.holder is null
                    and f.resend_at is null and f.retry_at is null and l.letter_id is null as is_shown,
                l.letter_id::text as letter_id, l.sentence
            from feedback f
            left join lateral (select letter_id, sentence from dead_letters x where x.object_type = 'Product2'
                and x.object_id = f.key and x.state in ('open', 'replaying') order by x.letter_id desc limit 1) l on true
            where f.object = 'Product2' and f.key = \(sku) and f.as_of_ms is not null
            """)
        guard let row = rows.first else { return nil }
        return ProductFeedback(
            arrivedAt: try row.instant("arrived_at"), asOfMilliseconds: try row.int64("as_of_ms"),
            isShown: try row.bool("is_shown"), shownAt: try row.optionalInstant("sent_at"),
            productCount: try row.optionalBytes("shown").flatMap { Int(String(decoding: $0, as: UTF8.self)) },
            isOverdue: try row.bool("is_overdue"), letterId: try row.optionalString("letter_id"),
            sentence: try row.optionalString("sentence"))
    }

    /// SKUs that were counted and differ from this one in capitals only.
    public func countedSKUs(like sku: String, limit: Int = 5) async throws(PostgresError) -> [String] {
        let rows = try await run(
            """
            select distinct key from published_states where topic = \(Topic.inventoryCounted.name)
                and lower(key) = lower(\(Self.storable(sku))) order by key limit \(limit)
            """)
        return try rows.map { row throws(PostgresError) in try row.string("key") }
    }
}
