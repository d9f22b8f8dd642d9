import EventLoop
public import Postgres

extension Ledger {
    /// Held orders whose next try is due, the longest waiting first. Nothing is taken: the claim decides who goes on.
    public func heldOrdersDue(limit: Int = 50) async throws(PostgresError) -> [HeldOrder] {
        let rows = try await run(
            """
            select order_id, version, tries, extract(epoch from clock_timestamp() - held_since)::bigint as age_seconds,
                event_id, trace_parent, cluster_id, topic, partition, message_offset, key, value, headers
            from held_orders where next_try_at <= clock_timestamp() order by next_try_at, order_id limit \(limit)
            """)
        return try rows.map { row throws(PostgresError) in try HeldOrder(row) }
    }

    /// Held orders, the longest waiting first; `orderId` nil for all of them.
    public func heldOrders(
        of orderId: String? = nil, limit: Int = 50
    ) async throws(PostgresError) -> [HeldOrderSummary] {
        let rows = try await run(
            """
            select h.order_id, o.order_number, h.version, h.sentence, h.code, h.tries, h.held_since, h.next_try_at
            from held_orders h join orders o on o.order_id = h.order_id
            where \(orderId) is null or h.order_id = \(orderId) order by h.held_since, h.order_id limit \(limit)
            """)
        return try rows.map { row throws(PostgresError) in
            HeldOrderSummary(
                orderId: try row.string("order_id"), orderNumber: try row.optionalString("order_number"),
                version: try row.int64("version"), sentence: try row.string("sentence"),
                code: try row.optionalString("code"), tries: try row.int64("tries"),
                heldSince: try row.instant("held_since"), nextTryAt: try row.instant("next_try_at"))
        }
    }
}

extension HeldOrder {
    init(_ row: PostgresRow) throws(PostgresError) {
        let message = SourceMessage(
            clusterId: try row.string("cluster_id"), topic: try row.string("topic"),
            partition: Int32(clamping: try row.int64("partition")), offset: try row.int64("message_offset"),
            key: try row.optionalBytes("key"), value: try row.optionalBytes("value"),
            headers: HeaderText.decode(try row.string("headers")))
        self.init(
            orderId: try row.string("order_id"), version: try row.int64("version"), tries: try row.int64("tries"),
            age: .seconds(try row.int64("age_seconds")), eventId: try row.string("event_id"),
            traceParent: try row.string("trace_parent"), message: message)
    }
}
