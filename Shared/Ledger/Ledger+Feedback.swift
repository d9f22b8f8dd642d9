import EventLoop
public import Postgres

extension Ledger {
    /// Takes settlements in; a lower sequence than the one known changes nothing.
    public func takeSettlements(_ arrived: [ArrivedSettlement]) async throws(PostgresError) {
        if arrived.isEmpty { return }
        _ = try await run(
            """
            insert into feedback as f (object, key, sequence, settlement, trace_parent)
            select distinct on (x.order_id) 'Order', x.order_id, x.sequence, x.value, x.trace_parent
            from unnest(\(arrived.map(\.orderId)), \(arrived.map(\.sequence)), \(arrived.map(\.value)),
                \(arrived.map(\.traceParent))) as x (order_id, sequence, value, trace_parent)
            order by x.order_id, x.sequence desc
            on conflict (object, key) do update set sequence = excluded.sequence, settlement = excluded.settlement,
                trace_parent = excluded.trace_parent, revision = f.revision + 1, arrived_at = clock_timestamp()
            where f.sequence is null or f.sequence < excluded.sequence
            """)
    }

    /// Takes progress of orders in; one that is not newer than the one known changes nothing.
    public func takeProgress(_ arrived: [ArrivedState]) async throws(PostgresError) {
        try await take(arrived, of: .order, overdueAfter: nil)
    }

    /// Takes stock of items in; one that is not newer than the one known changes nothing.
    ///
    /// - Parameter staleAfter: the age, from NetSuite's clock, at which the row is due again by time alone.
    public func takeStock(_ arrived: [ArrivedState], staleAfter: Duration) async throws(PostgresError) {
        try await take(arrived, of: .product, overdueAfter: staleAfter)
    }

    /// Takes in each key's newest published state of a topic, as its messages would have been: for when Kafka lost them
    /// unread. What is known already, or is older, changes nothing.
    ///
    /// - Parameters:
    ///   - object: what the topic's keys are.
    ///   - overdueAfter: as in ``takeStock(_:staleAfter:)``; nil where states do not age.
    ///   - key: behind which to go on; nil to begin.
    /// - Returns: the last key that was looked at, nil at the end, and how many states were news.
    public func takePublishedStates(
        topic: String, as object: FeedbackObject, overdueAfter: Duration?, after key: String?, limit: Int = 1000
    ) async throws(PostgresError) -> (last: String?, count: Int) {
        let rows = try await run(
            """
            with newest as materialized (
                select distinct on (s.key) s.key, s.as_of_ms, s.value, s.trace_parent from published_states s
                where s.topic = \(topic) and s.key > \(key ?? "") order by s.key, s.as_of_ms desc limit \(limit)),
            taken as (
                insert into feedback as f (object, key, as_of_ms, state, due_at, trace_parent)
                select \(object.rawValue), x.key, x.as_of_ms, x.value,
                    timestamptz 'epoch' + (x.as_of_ms + \(overdueAfter?.inMilliseconds)::bigint) * interval '1 ms',
                    x.trace_parent
                from newest x order by x.key
                on conflict (object, key) do update set as_of_ms = excluded.as_of_ms, state = excluded.state,
                    due_at = excluded.due_at, is_overdue = false, trace_parent = excluded.trace_parent,
                    revision = f.revision + 1, arrived_at = clock_timestamp()
                where f.as_of_ms is null or f.as_of_ms < excluded.as_of_ms
                returning 1)
            select (select key from newest order by key desc limit 1) as last, (select count(*) from taken) as n
            """)
        guard let row = rows.first else { return (nil, 0) }
        return (try row.optionalString("last"), Int(try row.int64("n")))
    }

    private func take(
        _ arrived: [ArrivedState], of object: FeedbackObject, overdueAfter: Duration?
    ) async throws(PostgresError) {
        if arrived.isEmpty { return }
        _ = try await run(
            """
            insert into feedback as f (object, key, as_of_ms, state, due_at, trace_parent)
            select distinct on (x.key) \(object.rawValue), x.key, x.as_of_ms, x.value,
                timestamptz 'epoch' + (x.as_of_ms + \(overdueAfter?.inMilliseconds)::bigint) * interval '1 ms', x.trace_parent
            from unnest(\(arrived.map(\.key)), \(arrived.map(\.asOfMilliseconds)), \(arrived.map(\.value)),
                \(arrived.map(\.traceParent))) as x (key, as_of_ms, value, trace_parent)
            order by x.key, x.as_of_ms desc
            on conflict (object, key) do update set as_of_ms = excluded.as_of_ms, state = excluded.state,
                due_at = excluded.due_at, is_overdue = false, trace_parent = excluded.trace_parent,
                revision = f.revision + 1, arrived_at = clock_timestamp()
            where f.as_of_ms is null or f.as_of_ms < excluded.as_of_ms
            """)
    }

    /// Claims rows whose newest state Salesforce does not show yet, or must be shown again; `limit` orders and as many
    /// products, so that a count of all items keeps no order waiting.
    ///
    /// A claim that lapsed is taken over at once, and what it may still send is overwritten by sending once more
    /// `resendAfter` later. So is one of the holder itself, which has none when it asks: only the answer was lost.
    public func claimFeedback(
        limit: Int = 200, holder: String, lease: Duration, resendAfter: Duration
    ) async throws(PostgresError) -> [FeedbackClaim] {
        let rows = try await run(
            """
            with orders_due as materialized (
                select object, key, holder is not null as lapsed,
                    holder is not null or coalesce(resend_at <= clock_timestamp(), false) as whole
                from feedback
                where object = 'Order' and (revision > tried_revision or resend_at is not null or retry_at is not null
                        or holder is not null)
                    and case when holder is not null then lease_until <= clock_timestamp() or holder = \(holder)
                        else revision > tried_revision or resend_at <= clock_timestamp() or retry_at <= clock_timestamp() end
                order by arrived_at limit \(limit) for update skip locked),
            products_due as materialized (
                select object, key, holder is not null as lapsed,
                    holder is not null or coalesce(resend_at <= clock_timestamp(), false) as whole
                from feedback
                where object = 'Product2' and (revision > tried_revision or resend_at is not null or retry_at is not null
                        or holder is not null)
                    and case when holder is not null then lease_until <= clock_timestamp() or holder = \(holder)
                        else revision > tried_revision or resend_at <= clock_timestamp() or retry_at <= clock_timestamp() end
                order by arrived_at limit \(limit) for update skip locked),
            overdue as materialized (
                select object, key, false as lapsed, false as whole from feedback
                where due_at <= clock_timestamp() and not (revision > tried_revision or resend_at is not null
                    or retry_at is not null or holder is not null)
                order by due_at limit \(limit) for update skip locked),
            due as (select * from orders_due union all select * from products_due union all select * from overdue),
            claimed as (
                update feedback f set holder = \(holder), fence = f.fence + 1, tried_revision = f.revision,
                    lease_until = clock_timestamp() + \(lease.inMilliseconds) * interval '1 ms',
                    shown = case when not due.whole then f.shown end, retry_at = null,
                    is_overdue = f.is_overdue or coalesce(f.due_at <= clock_timestamp(), false),
                    due_at = case when f.due_at > clock_timestamp() then f.due_at end,
                    resend_at = case when due.lapsed then greatest(f.resend_at,
                            clock_timestamp() + \(resendAfter.inMilliseconds) * interval '1 ms')
                        when f.resend_at > clock_timestamp() then f.resend_at end
                from due where f.object = due.object and f.key = due.key
                returning f.object, f.key, f.sequence, f.settlement, f.state, f.is_overdue, f.trace_parent, f.shown,
                    f.order_status, f.order_status_over, f.fence,
                    f.arrived_at, f.locked_tries,
                    (extract(epoch from clock_timestamp() - f.locked_since) * 1000)::bigint as locked_ms)
            select c.*, o.account_id, o.currency from claimed c
            left join orders o on c.object = 'Order' and o.order_id = c.key
            order by c.object, c.arrived_at, c.key
            """)
        return try rows.map { row throws(PostgresError) in
            FeedbackClaim(
                object: try row.string("object") == FeedbackObject.product.rawValue ? .product : .order,
                key: try row.string("key"), accountId: try row.optionalString("account_id"),
                currency: try row.optionalString("currency"), sequence: try row.optionalInt64("sequence"),
                settlement: try row.optionalBytes("settlement"), state: try row.optionalBytes("state"),
                isOverdue: try row.bool("is_overdue"), traceParent: try row.string("trace_parent"),
                shown: try row.optionalBytes("shown"),
                orderStatus: try row.optionalString("order_status").map { value throws(PostgresError) in
                    GivenStatus(value: value, over: try row.optionalString("order_status_over"))
                }, fence: try row.int64("fence"),
                lockedTries: Int(try row.int64("locked_tries")),
                lockedFor: try row.optionalInt64("locked_ms").map { .milliseconds($0) })
        }
    }

    /// Extends claims, each under its fence; false when not all of them are the caller's any more.
    public func renewFeedback(_ claims: [FeedbackClaim], lease: Duration) async throws(PostgresError) -> Bool {
        let rows = try await run(
            """
            update feedback f set lease_until = clock_timestamp() + \(lease.inMilliseconds) * interval '1 ms'
            from unnest(\(claims.map(\.object.rawValue)), \(claims.map(\.key)), \(claims.map(\.fence)))
                as x (object, key, fence)
            where f.object = x.object and f.key = x.key and f.fence = x.fence and f.holder is not null
            """)
        return rows.affected == claims.count
    }

    /// Keeps what `Order.Status` is about to be set to, each under its claim's fence, before it is sent; false when not all
    /// of them are the caller's any more.
    public func noteStatuses(
        _ given: [(claim: FeedbackClaim, status: GivenStatus)]
    ) async throws(PostgresError) -> Bool {
        let rows = try await run(
            """
            update feedback f set order_status = x.value, order_status_over = x.over_status
            from unnest(\(given.map(\.claim.key)), \(given.map(\.claim.fence)), \(given.map(\.status.value)),
                \(given.map(\.status.over))) as x (key, fence, value, over_status)
            where f.object = 'Order' and f.key = x.key and f.fence = x.fence and f.holder is not null
            """)
        return rows.affected == given.count
    }

    /// Marks the orders as due whose status could not be set when everything else was shown.
    public func releaseOwedStatuses() async throws(PostgresError) {
        _ = try await run(
            """
            update feedback set owes_status = false, retry_at = coalesce(retry_at, clock_timestamp())
            where object = 'Order' and owes_status
            """)
    }

    /// Stores how the calls ended, each under its fence, and frees the rows.
    public func finishFeedback(_ results: [FeedbackResult]) async throws(PostgresError) {
        if results.isEmpty { return }
        let ends = results.map(FeedbackColumns.init)
        _ = try await run(
            """
            select finish_feedback(\(results.map(\.claim.object.rawValue)), \(results.map(\.claim.key)),
                \(results.map(\.claim.fence)), \(results.map(\.claim.sequence)), \(ends.map(\.end)), \(ends.map(\.shown)),
                \(ends.map(\.afterMs)), \(ends.map(\.letter?.letterClass)),
                \(ends.map { $0.letter?.code.map(Self.storable) }), \(ends.map { $0.letter?.field.map(Self.storable) }),
                \(ends.map { $0.letter.map { Self.storable($0.sentence) } }),
                \(ends.map { $0.letter.map { Self.storable($0.groupingFingerprint) } }),
                \(results.map(\.orderStatus?.value)), \(results.map(\.orderStatus?.over)), \(results.map(\.owesStatus)))
            """)
    }

    /// How long until a row is due that is not due now; nil when there is none.
    public func nextFeedbackDue() async throws(PostgresError) -> Duration? {
        let rows = try await run(
            """
            select ceil(extract(epoch from least(
                (select min(case when holder is not null then lease_until
                    when revision > tried_revision then clock_timestamp() else least(resend_at, retry_at) end)
                    from feedback
                    where revision > tried_revision or resend_at is not null or retry_at is not null or holder is not null),
                (select min(due_at) from feedback where due_at is not null and not (revision > tried_revision
                    or resend_at is not null or retry_at is not null or holder is not null)))
                - clock_timestamp()) * 1000)::bigint as wait
            """)
        return try rows.first?.optionalInt64("wait").map { .milliseconds(max(0, $0)) }
    }
}

/// One end as the columns of `finish_feedback`.
private struct FeedbackColumns {
    let end: String
    var shown: [UInt8]?
    var afterMs: Int64?
    var letter: DeadLetterContent?

    init(_ result: FeedbackResult) {
        shown = result.shownInPart
        switch result.end {
        case .sent(let shown):
            end = "sent"
            self.shown = shown
        case .unknown(let after):
            end = "unknown"
            afterMs = after.inMilliseconds
        case .notSent(let after):
            end = "later"
            afterMs = after.inMilliseconds
        case .locked(let after):
            end = "locked"
            afterMs = after.inMilliseconds
        case .refused(let content, let after):
            end = "refused"
            letter = content
            afterMs = after?.inMilliseconds
        }
    }
}
