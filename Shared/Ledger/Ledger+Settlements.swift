import EventLoop
public import Postgres

extension Ledger {
    /// T2: stores whole settlement messages where there are none.
    ///
    /// - Returns: The bytes that count, in the order of the input; they are what must be published.
    public func storeSettlements(_ values: [SettlementValue]) async throws(PostgresError) -> [[UInt8]] {
        if values.isEmpty { return [] }
        let rows = try await run(
            """
            with v as materialized (
                select * from unnest(\(values.map(\.orderId)), \(values.map(\.sequence)), \(values.map(\.value)),
                    \(values.map { $0.netSuiteNumber.map(Self.storable) }),
                    \(values.map { $0.netSuiteState.map(Self.storable) })) with ordinality
                    as x (order_id, sequence, value, number, state, position)),
            locked as materialized (
                select o.order_id from orders o where o.order_id in (select v.order_id from v)
                order by o.order_id for update),
            newest as materialized (
                select distinct on (v.order_id) v.order_id, v.number, v.state from v join locked using (order_id)
                order by v.order_id, v.sequence desc),
            shown as (
                update orders o set netsuite_number = coalesce(n.number, o.netsuite_number),
                    netsuite_state = coalesce(n.state, o.netsuite_state)
                from newest n where o.order_id = n.order_id
                    and (n.number is distinct from o.netsuite_number or n.state is distinct from o.netsuite_state))
            update settlements s set value = coalesce(s.value, v.value) from v join locked using (order_id)
            where s.order_id = v.order_id and s.sequence = v.sequence returning v.position, s.value
            """)
        var stored = values.map(\.value)
        for row in rows { stored[Int(try row.int64("position")) - 1] = try row.bytes("value") }
        return stored
    }

    /// Notes that Kafka confirmed the delivery.
    public func settlementsPublished(_ keys: [SettlementKey]) async throws(PostgresError) {
        if keys.isEmpty { return }
        _ = try await run(
            """
            update settlements s set published_at = clock_timestamp()
            from unnest(\(keys.map(\.orderId)), \(keys.map(\.sequence))) as k (order_id, sequence)
            where s.order_id = k.order_id and s.sequence = k.sequence and s.published_at is null
            """)
    }

    /// Takes settlements whose delivery nobody confirmed for so long, oldest first, complete ones and those without a
    /// value; another process that asks gets others.
    public func takeUnpublishedSettlements(
        olderThan age: Duration, limit: Int = 200
    ) async throws(PostgresError) -> [StoredSettlement] {
        let rows = try await run(
            """
            with due as materialized (
                select s.order_id, s.sequence from settlements s
                where s.published_at is null and greatest(s.settled_at, s.relayed_at)
                    <= clock_timestamp() - \(age.inMilliseconds) * interval '1 ms'
                order by s.settled_at, s.order_id, s.sequence limit \(limit) for update skip locked),
            taken as (
                update settlements s set relayed_at = clock_timestamp() from due
                where s.order_id = due.order_id and s.sequence = due.sequence returning s.order_id, s.sequence)
            select order_id, sequence from taken order by order_id, sequence
            """)
        let keys = try rows.map { row throws(PostgresError) in
            SettlementKey(orderId: try row.string("order_id"), sequence: try row.int64("sequence"))
        }
        return try await settlements(keys)
    }

    /// Settlements with how their orders stand now, in the order of the keys.
    func settlements(_ keys: [SettlementKey]) async throws(PostgresError) -> [StoredSettlement] {
        if keys.isEmpty { return [] }
        let rows = try await run(
            """
            select s.order_id, o.order_number, o.account_id, s.sequence, s.version, s.outcome, s.event_id, s.trace_parent,
                s.settled_at, o.netsuite_id, o.netsuite_number, o.netsuite_state, c.netsuite_id as customer_id, s.value,
                s.published_at is not null as published, l.letter_id::text as letter_id, l.class, l.code, l.field, l.sentence,
                h.sentence as hold_sentence, h.code as hold_code
            from unnest(\(keys.map(\.orderId)), \(keys.map(\.sequence))) with ordinality as k (order_id, sequence, position)
            join settlements s on s.order_id = k.order_id and s.sequence = k.sequence
            join orders o on o.order_id = s.order_id
            left join customers c on c.account_id = o.account_id
            left join held_orders h on h.order_id = s.order_id
            left join lateral (
                select * from dead_letters d where d.order_id = s.order_id and d.state = 'open' and d.origin <> 'feedback'
                order by d.letter_id desc limit 1) l on true
            order by k.position
            """)
        guard rows.count == keys.count else {
            throw PostgresError.broken("a settlement that was just stored is not there")
        }
        return try rows.map { row throws(PostgresError) in try StoredSettlement(row) }
    }
}

extension StoredSettlement {
    init(_ row: PostgresRow) throws(PostgresError) {
        guard let outcome = SettledOutcome(rawValue: try row.string("outcome")) else {
            throw PostgresError.broken("a settlement has an outcome that this program does not know")
        }
        var letter: LetterSummary?
        if let id = try row.optionalString("letter_id") {
            letter = LetterSummary(
                id: id, letterClass: try row.string("class"), code: try row.optionalString("code"),
                field: try row.optionalString("field"), sentence: try row.string("sentence"))
        }
        let hold = try row.optionalString("hold_sentence").map { sentence throws(PostgresError) in
            HoldSummary(code: try row.optionalString("hold_code"), sentence: sentence)
        }
        self.init(
            orderId: try row.string("order_id"), orderNumber: try row.optionalString("order_number"),
            accountId: try row.optionalString("account_id"), sequence: try row.int64("sequence"),
            version: try row.optionalInt64("version"), outcome: outcome, eventId: try row.string("event_id"),
            traceParent: try row.string("trace_parent"), settledAt: try row.instant("settled_at"),
            netSuiteId: try row.optionalInt64("netsuite_id"),
            netSuiteNumber: try row.optionalString("netsuite_number"),
            netSuiteState: try row.optionalString("netsuite_state"),
            customerId: try row.optionalInt64("customer_id"), letter: letter, hold: hold,
            value: try row.optionalBytes("value"),
            isPublished: try row.bool("published"))
    }
}
