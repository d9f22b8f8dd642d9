import Contracts
import FoundationEssentials
public import Postgres
import Telemetry

extension Ledger {
    /// The last publication of each order, without payload; orders never published are absent.
    public func lastPublications(
        of orderIds: [String]
    ) async throws(PostgresError) -> [String: Publication] {
        if orderIds.isEmpty { return [:] }
        let rows = try await run(
            """
            select p.order_id, p.version, p.digest, p.digest_fields, p.stamp_milliseconds, p.event_id, p.trace_parent,
                null::bytea as payload, p.created_at, exists (select from dead_letters d where d.order_id = p.order_id
                    and d.origin = 'publisher' and d.state in ('open', 'replaying')) as has_letter
            from unnest(\(orderIds)) as w (order_id)
            cross join lateral (
                select * from publications x where x.order_id = w.order_id order by x.version desc limit 1) p
            """)
        var last: [String: Publication] = [:]
        for row in rows {
            var publication = try Publication(row)
            publication.hasUnreadableSuccessor = try row.bool("has_letter")
            last[publication.orderId] = publication
        }
        return last
    }

    /// Stores versions before they are produced, closing the requests and letters that they answer.
    ///
    /// A version that is there already stays as it is. Throws ``LeadershipLost`` when another leads now.
    /// - Returns: What is stored, in the order of the input: produce these.
    public func insertPublications(
        _ publications: [Publication], under leadership: Leadership
    ) async throws -> [Publication] {
        if publications.isEmpty { return [] }
        _ = try await runLeading(
            """
            select insert_publications(\(leadership.name), \(leadership.holder), \(leadership.fence),
                \(publications.map(\.orderId)), \(publications.map { $0.orderNumber.map(Self.storable) }),
                \(publications.map(\.version)), \(publications.map(\.digest)), \(publications.map(\.digestFields)),
                \(publications.map(\.stampMilliseconds)), \(publications.map(\.eventId)),
                \(publications.map(\.traceParent)), \(publications.map(\.payload)), \(publications.map(\.requestId)),
                \(publications.map { $0.currency.map(Self.storable) }))
            """, under: leadership)
        let rows = try await run(
            """
            select p.order_id, p.version, p.digest, p.digest_fields, p.stamp_milliseconds, p.event_id, p.trace_parent,
                p.payload, p.created_at
            from unnest(\(publications.map(\.orderId)), \(publications.map(\.version))) with ordinality
                as k (order_id, version, position)
            join publications p on p.order_id = k.order_id and p.version = k.version
            order by k.position
            """)
        return try rows.map(Publication.init)
    }

    /// Publications that Kafka has not confirmed, oldest first, with payload; none for who does not lead any more, so that
    /// a leader that slept through its lease produces at most what it held already.
    public func unacknowledgedPublications(
        limit: Int = 200, under leadership: Leadership
    ) async throws(PostgresError) -> [Publication] {
        let rows = try await run(
            """
            select order_id, version, digest, digest_fields, stamp_milliseconds, event_id, trace_parent, payload, created_at
            from publications where acknowledged_at is null and payload is not null
                and exists (select 1 from leaders where name = \(leadership.name) and holder = \(leadership.holder)
                    and fence = \(leadership.fence))
            order by publication_id limit \(limit)
            """)
        return try rows.map { row throws(PostgresError) in try Publication(row) }
    }

    /// Notes that Kafka confirmed messages, by event id.
    public func acknowledgePublications(_ eventIds: [String]) async throws(PostgresError) {
        if eventIds.isEmpty { return }
        _ = try await run(
            """
            update publications set acknowledged_at = clock_timestamp()
            where event_id = any(\(eventIds)) and acknowledged_at is null
            """)
    }

    /// Makes the publisher send again every version that has no settlement, with the same event ids: Kafka has lost some
    /// of them and nobody knows which.
    /// - Returns: how many.
    public func sendUnsettledAgain() async throws(PostgresError) -> Int {
        let rows = try await run(
            """
            with owed as (
                update publications set acknowledged_at = null
                where payload is not null and acknowledged_at is not null returning 1)
            select count(*) as n from owed
            """)
        return Int(try rows.first?.int64("n") ?? 0)
    }

    /// Asks the leader to read orders afresh and publish them.
    public func requestPublication(of orderIds: [String], by operatorName: String) async throws(PostgresError) {
        if orderIds.isEmpty { return }
        _ = try await run(
            """
            with known as (
                insert into orders (order_id) select distinct x from unnest(\(orderIds)) x order by x on conflict do nothing)
            insert into publish_requests (order_id, requested_by)
            select distinct x, \(Self.storable(operatorName)) from unnest(\(orderIds)) x order by x
            on conflict (order_id) where closed_at is null do nothing
            """)
    }

    /// Open requests, oldest first.
    public func publishRequests(limit: Int = 200) async throws(PostgresError) -> [PublishRequest] {
        let rows = try await run(
            """
            select request_id, order_id, requested_by from publish_requests where closed_at is null
            order by request_id limit \(limit)
            """)
        return try rows.map { row throws(PostgresError) in
            PublishRequest(
                id: try row.int64("request_id"), orderId: try row.string("order_id"),
                requestedBy: try row.string("requested_by"))
        }
    }

    /// Closes requests that led to no publication, saying why; letters that were replayed by them are open again.
    public func closePublishRequests(_ ids: [Int64], answer: String) async throws(PostgresError) {
        if ids.isEmpty { return }
        _ = try await run(
            """
            with closed as (
                update publish_requests set closed_at = clock_timestamp(), answer = \(Self.storable(answer))
                where request_id = any(\(ids)) and closed_at is null returning order_id, request_id)
            update dead_letters l set state = 'open', replay_event_id = null, acted_by = 'order-publisher',
                note = \(Self.storable(answer))
            from closed c where l.order_id = c.order_id and l.origin = 'publisher' and l.state = 'replaying'
                and l.replay_event_id = 'publish request ' || c.request_id
            """)
    }

    /// Notes that an order left the status category Activated at the stamp given; once per stamp.
    public func recordLeftActivated(
        orderId: String, status: String, stampMilliseconds: Int64
    ) async throws(PostgresError) {
        _ = try await run(
            """
            with known as (insert into orders (order_id) values (\(orderId)) on conflict do nothing)
            insert into departures (order_id, stamp_milliseconds, status)
            values (\(orderId), \(stampMilliseconds), \(Self.storable(status))) on conflict do nothing
            """)
    }

    /// Opens a dead letter for an order that cannot be turned into a snapshot; one open letter per order. What is new of it
    /// settles the order, so that Salesforce shows it.
    public func recordUnreadable(
        _ orders: [UnreadableOrder], under leadership: Leadership
    ) async throws {
        if orders.isEmpty { return }
        let contents = orders.map(\.content)
        _ = try await runLeading(
            """
            select record_unreadable(\(leadership.name), \(leadership.holder), \(leadership.fence),
                \(orders.map(\.orderId)), \(orders.map { $0.orderNumber.map(Self.storable) }),
                \(contents.map(\.letterClass)), \(contents.map { $0.code.map(Self.storable) }),
                \(contents.map { $0.field.map(Self.storable) }), \(contents.map { Self.storable($0.sentence) }),
                \(contents.map { Self.storable($0.groupingFingerprint) }),
                \(orders.map { _ in EventId.new(at: Date()).text }), \(orders.map { _ in TraceContext.new().traceparent }))
            """, under: leadership)
    }
}

extension Publication {
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            orderId: try row.string("order_id"), version: try row.int64("version"), digest: try row.bytes("digest"),
            digestFields: try row.string("digest_fields"), stampMilliseconds: try row.int64("stamp_milliseconds"),
            eventId: try row.string("event_id"), traceParent: try row.string("trace_parent"),
            payload: try row.optionalBytes("payload"), createdAt: try row.instant("created_at"))
    }
}
