import EventLoop
public import Postgres

extension Ledger {
    /// Takes settlements in; a lower sequence than the one known changes nothing.
    public func takeSettlements(_ arrived: [ArrivedSettlement]) async throws(PostgresError) {
        if arrived.isEmpty { return }
        _ = try await run(
            """
            insert into feedback as f (order_id, sequence, value, trace_parent)
            select distinct on (x.order_id) x.order_id, x.sequence, x.value, x.trace_parent
            from unnest(\(arrived.map(\.orderId)), \(arrived.map(\.sequence)), \(arrived.map(\.value)),
                \(arrived.map(\.traceParent))) as x (order_id, sequence, value, trace_parent)
            order by x.order_id, x.sequence desc
            on conflict (order_id) do update set sequence = excluded.sequence, value = excluded.value,
                trace_parent = excluded.trace_parent, arrived_at = clock_timestamp()
            where f.sequence < excluded.sequence
            """)
    }

    /// Claims rows whose newest state Salesforce does not show yet, or must be shown again.
    ///
    /// A claim that lapsed is taken over at once, and what it may still send is overwritten by sending once more
    /// `resendAfter` later. So is one of the holder itself, which has none when it asks: only the answer was lost.
    public func claimFeedback(
        limit: Int = 200, holder: String, lease: Duration, resendAfter: Duration
    ) async throws(PostgresError) -> [FeedbackClaim] {
        let rows = try await run(
            """
            with due as materialized (
                select order_id, holder is not null as lapsed,
                    holder is not null or coalesce(resend_at <= clock_timestamp(), false) as whole
                from feedback
                where (sequence > tried_sequence or resend_at is not null or retry_at is not null or holder is not null)
                    and case when holder is not null then lease_until <= clock_timestamp() or holder = \(holder)
                        else sequence > tried_sequence or resend_at <= clock_timestamp() or retry_at <= clock_timestamp() end
                order by arrived_at limit \(limit) for update skip locked),
            claimed as (
                update feedback f set holder = \(holder), fence = f.fence + 1, tried_sequence = f.sequence,
                    lease_until = clock_timestamp() + \(lease.inMilliseconds) * interval '1 ms',
                    shown = case when not due.whole then f.shown end, retry_at = null,
                    resend_at = case when due.lapsed then greatest(f.resend_at,
                            clock_timestamp() + \(resendAfter.inMilliseconds) * interval '1 ms')
                        when f.resend_at > clock_timestamp() then f.resend_at end
                from due where f.order_id = due.order_id
                returning f.order_id, f.sequence, f.value, f.trace_parent, f.shown, f.fence, f.arrived_at, f.locked_tries,
                    (extract(epoch from clock_timestamp() - f.locked_since) * 1000)::bigint as locked_ms)
            select c.*, o.account_id from claimed c left join orders o on o.order_id = c.order_id
            order by c.arrived_at, c.order_id
            """)
        return try rows.map { row throws(PostgresError) in
            FeedbackClaim(
                orderId: try row.string("order_id"), accountId: try row.optionalString("account_id"),
                sequence: try row.int64("sequence"), value: try row.bytes("value"),
                traceParent: try row.string("trace_parent"), shown: try row.optionalBytes("shown"),
                fence: try row.int64("fence"), lockedTries: Int(try row.int64("locked_tries")),
                lockedFor: try row.optionalInt64("locked_ms").map { .milliseconds($0) })
        }
    }

    /// Extends claims, each under its fence; false when not all of them are the caller's any more.
    public func renewFeedback(_ claims: [FeedbackClaim], lease: Duration) async throws(PostgresError) -> Bool {
        let rows = try await run(
            """
            update feedback f set lease_until = clock_timestamp() + \(lease.inMilliseconds) * interval '1 ms'
            from unnest(\(claims.map(\.orderId)), \(claims.map(\.fence))) as x (order_id, fence)
            where f.order_id = x.order_id and f.fence = x.fence and f.holder is not null
            """)
        return rows.affected == claims.count
    }

    /// Stores how the calls ended, each under its fence, and frees the rows.
    public func finishFeedback(_ results: [FeedbackResult]) async throws(PostgresError) {
        if results.isEmpty { return }
        let ends = results.map(FeedbackColumns.init)
        _ = try await run(
            """
            select finish_feedback(\(results.map(\.claim.orderId)), \(results.map(\.claim.fence)),
                \(results.map(\.claim.sequence)), \(ends.map(\.end)), \(ends.map(\.shown)), \(ends.map(\.afterMs)),
                \(ends.map(\.letter?.letterClass)), \(ends.map { $0.letter?.code.map(Self.storable) }),
                \(ends.map { $0.letter?.field.map(Self.storable) }), \(ends.map { $0.letter.map { Self.storable($0.sentence) } }),
                \(ends.map { $0.letter.map { Self.storable($0.groupingFingerprint) } }))
            """)
    }

    /// How long until a row is due that is not due now; nil when there is none.
    public func nextFeedbackDue() async throws(PostgresError) -> Duration? {
        let rows = try await run(
            """
            select ceil(extract(epoch from min(case when holder is not null then lease_until
                when sequence > tried_sequence then clock_timestamp() else least(resend_at, retry_at) end)
                - clock_timestamp()) * 1000)::bigint as wait
            from feedback
            where sequence > tried_sequence or resend_at is not null or retry_at is not null or holder is not null
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
