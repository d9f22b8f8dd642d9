import Contracts
public import Postgres

extension Ledger {
    /// Orders, last changed first. Among those under way and those written only the 5,000 changed last are looked at.
    public func orders(
        _ filter: OrderFilter = .all, limit: Int = 50
    ) async throws(PostgresError) -> [OrderSummary] {
        let candidates: String
        let wanted: String
        switch filter {
        case .all:
            (candidates, wanted) = ("order by changed_at desc limit \(limit)", "true")
        case .needsAttention:
            candidates = "where order_id in (select order_id from dead_letters where state in ('open', 'replaying'))"
            wanted = "x.state = 'needs attention'"
        case .waiting:
            (candidates, wanted) = ("where order_id in (select order_id from held_orders)", "x.state = 'waiting'")
        case .underway:
            (candidates, wanted) = ("order by changed_at desc limit 5000", "x.state = 'underway'")
        case .written:
            candidates = "where written_version is not null order by changed_at desc limit 5000"
            wanted = "x.state not in ('needs attention', 'waiting', 'underway')"
        }
        let rows = try await run(
            """
            select * from (\(unsafe: Self.columns) from (select * from orders \(unsafe: candidates)) o
                \(unsafe: Self.joins)) x
            where \(unsafe: wanted) order by x.changed_at desc, x.order_id limit \(limit)
            """)
        return try rows.map { row throws(PostgresError) in try OrderSummary(row) }
    }

    /// Orders whose Salesforce id (15 or 18 characters) or number, or NetSuite id or number is the text given.
    public func findOrders(_ text: String) async throws(PostgresError) -> [OrderSummary] {
        let text = Self.storable(text)
        let rows = try await run(
            """
            \(unsafe: Self.columns) from (select * from orders where order_id in (
                select order_id from orders where order_id = \(text)
                union all select order_id from orders
                    where length(\(text)) = 15 and order_id >= \(text) and order_id < \(text) || '~'
                union all select order_id from orders where order_number = \(text)
                union all select order_id from orders where netsuite_number = \(text)
                union all select order_id from orders where netsuite_id = \(Int64(text)))) o
            \(unsafe: Self.joins)
            order by o.changed_at desc, o.order_id
            """)
        return try rows.map { row throws(PostgresError) in try OrderSummary(row) }
    }

    /// Everything that happened to an order, in time order; nil when it is not known.
    public func history(of orderId: String) async throws(PostgresError) -> OrderHistory? {
        let summaries = try await run(
            """
            \(unsafe: Self.columns) from (select * from orders where order_id = \(orderId)) o \(unsafe: Self.joins)
            """)
        guard let summary = summaries.first else { return nil }
        let rows = try await run(
            "select * from (\(unsafe: Self.events)) e where e.order_id = \(orderId) order by e.at, e.rank")
        return OrderHistory(
            summary: try OrderSummary(summary), hold: try await heldOrders(of: orderId).first,
            events: try rows.map { row throws(PostgresError) in try OrderEvent(row) })
    }

    private static let columns = """
            select o.order_id, o.order_number, o.netsuite_id, o.netsuite_number, o.written_version, o.changed_at,
                greatest(p.version, a.version, o.written_version) as newest_version, s.outcome as last_outcome,
                coalesce(l.sentence, h.sentence) as sentence, l.letter_id::text as letter_id,
                case when l.letter_id is not null then 'needs attention' when h.order_id is not null then 'waiting'
                    when s.sequence is null or greatest(p.version, a.version) > s.version then 'underway'
                    else coalesce(n.progress ->> 'state', o.netsuite_state, s.outcome) end as state
        """

    private static let joins = """
            left join lateral (select version from publications x where x.order_id = o.order_id
                order by x.version desc limit 1) p on true
            left join lateral (select version from attempts x where x.order_id = o.order_id and x.state <> 'not-sent'
                order by x.attempt_id desc limit 1) a on true
            left join lateral (select outcome, sequence, version from settlements x where x.order_id = o.order_id
                order by x.sequence desc limit 1) s on true
            left join lateral (select letter_id, sentence from dead_letters x where x.order_id = o.order_id
                and x.state in ('open', 'replaying') order by x.letter_id desc limit 1) l on true
            left join held_orders h on h.order_id = o.order_id
            left join lateral (select convert_from(x.value, 'UTF8')::json as progress from published_states x
                where x.topic = '\(Topic.orderProgressed.name)' and x.key = o.order_id
                order by x.as_of_ms desc limit 1) n on n.progress -> 'netSuite' ->> 'id' = o.netsuite_id::text
        """

    private static let events = """
            select order_id, created_at as at, 1 as rank, 'published' as kind, version, null as outcome, null as detail,
                null as by, event_id as reference, trace_parent from publications
            union all select order_id, acknowledged_at, 2, 'acknowledged', version, null, null, null, event_id, trace_parent
                from publications where acknowledged_at is not null
            union all select order_id, requested_at, 0, 'publish-requested', null, null, answer, requested_by,
                request_id::text, null from publish_requests
            union all select order_id, seen_at, 0, 'left-activated', null, status, null, null, null, null from departures
            union all select order_id, started_at, 3, 'attempt-started', version, null, null, holder, attempt_id::text,
                trace_parent from attempts
            union all select order_id, ended_at, 4, 'attempt-ended', version, state,
                nullif(concat_ws(' ', summary, 'HTTP ' || status, code), ''), holder, attempt_id::text, trace_parent
                from attempts where ended_at is not null
            union all select l.order_id, t.acted_at, case when t.act in ('opened', 'reopened') then 5 else 7 end,
                case t.act when 'opened' then 'letter-opened' when 'reopened' then 'letter-reopened'
                    when 'noted' then 'letter-noted' when 'replay-failed' then 'letter-replay-failed'
                    when 'replayed' then 'letter-replayed' when 'replay-repeated' then 'letter-replayed'
                    else 'letter-closed' end,
                l.version, case t.act when 'opened' then l.class else t.act end, t.note, t.acted_by, l.letter_id::text,
                l.trace_parent from dead_letters l join dead_letter_trail t on t.letter_id = l.letter_id
            union all select order_id, held_since, 5, 'held', version, code, sentence, null, null, trace_parent
                from held_orders
            union all select order_id, settled_at, 6, 'settled', version, outcome, 'sequence ' || sequence, null, event_id,
                trace_parent from settlements
            union all select order_id, published_at, 8, 'settlement-published', version, outcome, 'sequence ' || sequence,
                null, event_id, trace_parent from settlements where published_at is not null
            union all select key, sent_at, 9, 'shown', null, null, 'sequence ' || nullif(sent_sequence, 0), null, null,
                trace_parent from feedback where object = 'Order' and sent_at is not null
        """
}

extension OrderSummary {
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            orderId: try row.string("order_id"), orderNumber: try row.optionalString("order_number"),
            netSuiteId: try row.optionalInt64("netsuite_id"),
            netSuiteNumber: try row.optionalString("netsuite_number"), state: try row.string("state"),
            newestVersion: try row.optionalInt64("newest_version"),
            writtenVersion: try row.optionalInt64("written_version"),
            lastOutcome: try row.optionalString("last_outcome").flatMap(SettledOutcome.init),
            changedAt: try row.instant("changed_at"), sentence: try row.optionalString("sentence"),
            letterId: try row.optionalString("letter_id"))
    }
}

extension OrderEvent {
    init(_ row: PostgresRow) throws(PostgresError) {
        guard let kind = Kind(rawValue: try row.string("kind")) else {
            throw PostgresError.broken("an event has a kind that this program does not know")
        }
        self.init(
            at: try row.instant("at"), kind: kind, version: try row.optionalInt64("version"),
            outcome: try row.optionalString("outcome"), detail: try row.optionalString("detail"),
            by: try row.optionalString("by"), reference: try row.optionalString("reference"),
            traceParent: try row.optionalString("trace_parent"))
    }
}
