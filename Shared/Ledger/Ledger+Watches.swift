public import Contracts
public import FoundationEssentials
public import Postgres

/// What the watches of NetSuite keep: states as they were published, documents of orders, and the account's time zone.
extension Ledger {
    /// Stores what is news, before it is produced, in one transaction under the leader's fence.
    ///
    /// News is a state whose content differs from the newest one of its key and whose instant lies above it. Throws
    /// ``LeadershipLost`` when another leads now.
    /// - Parameters:
    ///   - evenIfUnchanged: also stores the same content again under a later instant, as a full count does.
    ///   - keepsHistory: whether older states of a key stay when Kafka has confirmed them.
    /// - Returns: those stored, in the order of keys and instants: produce these.
    public func storeStates(
        _ states: [NewState], topic: String, evenIfUnchanged: Bool, keepsHistory: Bool, under leadership: Leadership
    ) async throws -> [PublishedState] {
        if states.isEmpty { return [] }
        let rows = try await runLeading(
            """
            select topic, key, as_of_ms, event_id, trace_parent, value, stored_at, acknowledged_at
            from store_states(\(leadership.name), \(leadership.holder), \(leadership.fence), \(topic),
                \(evenIfUnchanged), \(keepsHistory), \(states.map(\.key)), \(states.map(\.asOfMilliseconds)),
                \(states.map(\.content)), \(states.map(\.value)), \(states.map(\.eventId)),
                \(states.map(\.traceParent)))
            """, under: leadership)
        return try rows.map { row throws(PostgresError) in try PublishedState(row) }
    }

    /// The newest state of each key; keys never published are absent.
    public func newestStates(
        topic: String, keys: [String]
    ) async throws(PostgresError) -> [String: PublishedState] {
        if keys.isEmpty { return [:] }
        let rows = try await run(
            """
            select \(unsafe: Self.stateColumns) from unnest(\(Array(Set(keys)))) as w (key)
            cross join lateral (select * from published_states x where x.topic = \(topic) and x.key = w.key
                order by x.as_of_ms desc limit 1) s
            """)
        var newest: [String: PublishedState] = [:]
        for row in rows {
            let state = try PublishedState(row)
            newest[state.key] = state
        }
        return newest
    }

    /// States that Kafka has not confirmed, in the order in which they were stored. Under a leadership: none for who does
    /// not lead any more.
    public func unacknowledgedStates(
        topic: String, limit: Int = 200, under leadership: Leadership? = nil
    ) async throws(PostgresError) -> [PublishedState] {
        let rows = try await run(
            """
            select \(unsafe: Self.stateColumns) from published_states s
            where s.topic = \(topic) and s.acknowledged_at is null
                and (\(leadership == nil) or exists (select 1 from leaders where name = \(leadership?.name)
                    and holder = \(leadership?.holder) and fence = \(leadership?.fence)))
            order by s.state_id limit \(limit)
            """)
        return try rows.map { row throws(PostgresError) in try PublishedState(row) }
    }

    /// Notes that Kafka confirmed messages, by event id.
    public func acknowledgeStates(_ eventIds: [String]) async throws(PostgresError) {
        if eventIds.isEmpty { return }
        _ = try await run(
            """
            update published_states set acknowledged_at = clock_timestamp()
            where event_id = any(\(eventIds)) and acknowledged_at is null
            """)
    }

    /// All states of a key that are kept, oldest first.
    public func states(topic: String, key: String) async throws(PostgresError) -> [PublishedState] {
        let rows = try await run(
            """
            select \(unsafe: Self.stateColumns) from published_states s
            where s.topic = \(topic) and s.key = \(Self.storable(key)) order by s.as_of_ms
            """)
        return try rows.map { row throws(PostgresError) in try PublishedState(row) }
    }

    /// The orders of these NetSuite ids that Crossdock wrote; others are absent.
    public func watchedOrders(netSuiteIds: [Int64]) async throws(PostgresError) -> [WatchedOrder] {
        if netSuiteIds.isEmpty { return [] }
        let rows = try await run(
            """
            select order_id, netsuite_id, netsuite_number from orders where netsuite_id = any(\(netSuiteIds))
            order by netsuite_id, order_id
            """)
        return try rows.map { row throws(PostgresError) in
            WatchedOrder(
                orderId: try row.string("order_id"), netSuiteId: try row.int64("netsuite_id"),
                netSuiteNumber: try row.optionalString("netsuite_number"))
        }
    }

    /// Remembers for ever which documents belong to which sales orders; by NetSuite's internal ids.
    public func rememberDocuments(
        _ pairs: [(documentId: Int64, orderNetSuiteId: Int64)]
    ) async throws(PostgresError) {
        if pairs.isEmpty { return }
        _ = try await run(
            """
            insert into order_documents (document_id, order_netsuite_id)
            select distinct x.document_id, x.order_id
            from unnest(\(pairs.map(\.documentId)), \(pairs.map(\.orderNetSuiteId))) as x (document_id, order_id)
            order by x.document_id, x.order_id
            on conflict do nothing
            """)
    }

    /// The sales orders that each document ever belonged to; documents of no order of ours are absent.
    public func orders(ofDocuments ids: [Int64]) async throws(PostgresError) -> [Int64: [Int64]] {
        if ids.isEmpty { return [:] }
        let rows = try await run(
            """
            select document_id, order_netsuite_id from order_documents where document_id = any(\(ids))
            order by document_id, order_netsuite_id
            """)
        var orders: [Int64: [Int64]] = [:]
        for row in rows {
            orders[try row.int64("document_id"), default: []].append(try row.int64("order_netsuite_id"))
        }
        return orders
    }

    /// When Crossdock first sent something that may have made an order in NetSuite (server's clock): a first watch begins
    /// there. Nil while nothing was sent.
    public func firstWrittenAt() async throws(PostgresError) -> Date? {
        try await run("select started_at from attempts where state <> 'not-sent' order by attempt_id limit 1").first?
            .instant("started_at")
    }

    /// The rules of a time zone from two years before an instant to two years behind it, as PostgreSQL knows them; nil for
    /// a name that it does not know. Only full names as `America/Los_Angeles`, in their own capitals.
    public func timeZoneRules(
        named name: String, around instant: UTCInstant
    ) async throws(PostgresError) -> TimeZoneRules? {
        let twoYears: Int64 = 731 * 86_400_000
        let first = UTCInstant(millisecondsSinceEpoch: instant.millisecondsSinceEpoch - twoYears).date
        let last = UTCInstant(millisecondsSinceEpoch: instant.millisecondsSinceEpoch + twoYears).date
        // Days that changed are looked at minute by minute: not every zone changes at a full hour of UTC.
        let rows = try await run(
            """
            with zone as materialized (select name from pg_timezone_names where name = \(Self.storable(name))),
            bounds as (select date_trunc('minute', \(first)::timestamptz) as low, \(last)::timestamptz as high),
            days as materialized (
                select name, at, extract(epoch from (at at time zone name) - (at at time zone 'UTC'))::bigint as ahead
                from zone, bounds, generate_series(low, high, interval '24 hours') at),
            changed as (
                select name, before, at from (select name, at, ahead, lag(at) over (order by at) as before,
                    lag(ahead) over (order by at) as ahead_before from days) d where ahead <> ahead_before)
            (select at, ahead, true as is_first from days order by at limit 1)
            union all
            select m.at, m.ahead, false from changed c cross join lateral (
                select n.at, n.ahead, lag(n.ahead) over (order by n.at) as ahead_before from (
                    select at, extract(epoch from (at at time zone c.name) - (at at time zone 'UTC'))::bigint as ahead
                    from generate_series(c.before, c.at, interval '1 minute') at) n) m
            where m.ahead <> m.ahead_before
            order by is_first desc, at
            """)
        guard let head = rows.first else { return nil }
        let transitions = try rows.dropFirst().map { row throws(PostgresError) in
            TimeZoneRules.Transition(
                at: UTCInstant(date: try row.instant("at")), offsetSeconds: Int(try row.int64("ahead")))
        }
        return TimeZoneRules(
            name: name, transitions: transitions, initialOffsetSeconds: Int(try head.int64("ahead")))
    }

    private static let stateColumns =
        "s.topic, s.key, s.as_of_ms, s.event_id, s.trace_parent, s.value, s.stored_at, s.acknowledged_at"
}
