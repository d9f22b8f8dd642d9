import Contracts
import CrashPoints
import EventLoop
import FoundationEssentials
public import Postgres

extension Ledger {
    /// T0: claims orders and marks the attempts as sent, durably, before anything leaves for NetSuite.
    ///
    /// Take the monotonic instant *before* the call: the lease ends at that instant plus `lease` at the earliest.
    /// - Parameter requests: At most one per order id.
    /// - Parameter holder: The process, new at each start.
    /// - Returns: One answer per request, in their order.
    public func claim(
        _ requests: [ClaimRequest], holder: String, lease: Duration
    ) async throws(PostgresError) -> [ClaimAnswer] {
        if requests.isEmpty { return [] }
        let rows = try await run(
            Self.claimStatement(requests, holder: holder, lease: lease).whenSent { crashPoint("t0-sent") })
        var answers = [ClaimAnswer](repeating: .conflictingBody, count: requests.count)
        var settled: [(position: Int, key: SettlementKey, isSuperseded: Bool)] = []
        for row in rows {
            let position = Int(try row.int64("o_position")) - 1
            let request = requests[position]
            switch try row.string("o_answer") {
            case "claimed": answers[position] = .claimed(try Self.claim(row, request))
            case "busy": answers[position] = .busy(remaining: .milliseconds(try row.int64("o_remaining_ms")))
            case "ahead": answers[position] = .aheadOfClock
            case "conflicting": answers[position] = .conflictingBody
            case let answer:
                let key = SettlementKey(orderId: request.orderId, sequence: try row.int64("o_sequence"))
                settled.append((position, key, answer == "superseded"))
            }
        }
        let stored = try await settlements(settled.map(\.key))
        for (entry, settlement) in zip(settled, stored) {
            answers[entry.position] = entry.isSuperseded ? .superseded(settlement) : .settledBefore(settlement)
        }
        return answers
    }

    private static func claimStatement(_ requests: [ClaimRequest], holder: String, lease: Duration) -> SQL {
        let settlementIds = requests.map { _ in EventId.new(at: Date()).text }
        let replays = requests.map { $0.replayOf.flatMap(Int64.init) }
        return """
            select * from claim_orders(\(requests.map(\.orderId)), \(requests.map { storable($0.orderNumber) }),
                \(requests.map(\.accountId)), \(requests.map(\.version)), \(requests.map(\.bodyDigest)),
                \(requests.map(\.requestId)), \(requests.map(\.eventId)), \(requests.map(\.traceParent)), \(replays),
                \(requests.map(\.retriesHeld)), \(settlementIds), \(holder), \(lease.inMilliseconds))
            """
    }

    private static func claim(_ row: PostgresRow, _ request: ClaimRequest) throws(PostgresError) -> Claim {
        var unknown: PreviousUnknown?
        if let since = try row.optionalInstant("o_unknown_since") {
            unknown = PreviousUnknown(since: since, elapsed: .milliseconds(try row.int64("o_unknown_ms")))
        }
        return Claim(
            orderId: request.orderId, version: request.version, fence: try row.int64("o_fence"),
            attemptId: try row.int64("o_attempt_id"), netSuiteId: try row.optionalInt64("o_netsuite_id"),
            netSuiteNumber: try row.optionalString("o_netsuite_number"),
            writtenVersion: try row.optionalInt64("o_written_version"),
            customerId: try row.optionalInt64("o_customer_id"), previousUnknown: unknown,
            starts: try row.int64("o_starts"))
    }

    /// Extends leases; false where another holder has the order by now.
    public func renew(_ claims: [Claim], lease: Duration) async throws(PostgresError) -> [Bool] {
        if claims.isEmpty { return [] }
        let rows = try await run(
            """
            with mine as materialized (
                select o.order_id, c.position from orders o
                join unnest(\(claims.map(\.orderId)), \(claims.map(\.fence))) with ordinality
                    as c (order_id, fence, position) on c.order_id = o.order_id and c.fence = o.fence
                where o.holder is not null order by o.order_id for update of o)
            update orders o set lease_until = clock_timestamp() + \(lease.inMilliseconds) * interval '1 ms'
            from mine where o.order_id = mine.order_id returning mine.position
            """)
        let renewed = Set(try rows.map { row throws(PostgresError) in try row.int64("position") })
        return claims.indices.map { renewed.contains(Int64($0 + 1)) }
    }

    /// Closes claims under which nothing was sent: the attempts end as `not-sent`, the orders are free at once.
    public func giveBack(_ claims: [Claim], reason: String) async throws(PostgresError) {
        _ = try await free(claims, state: "not-sent", reason: reason)
    }

    /// Closes claims under which something was, or may have been, sent without an answer: the next claim learns of it.
    ///
    /// - Returns: the orders that were still the caller's; another holder decides about the others.
    @discardableResult
    public func markUnknown(_ claims: [Claim], reason: String) async throws(PostgresError) -> Set<String> {
        try await free(claims, state: "unknown", reason: reason)
    }

    private func free(
        _ claims: [Claim], state: String, reason: String
    ) async throws(PostgresError) -> Set<String> {
        if claims.isEmpty { return [] }
        let isUnknown = state == "unknown"
        let rows = try await run(
            """
            with mine as materialized (
                select o.order_id, c.attempt_id from orders o
                join unnest(\(claims.map(\.orderId)), \(claims.map(\.fence)), \(claims.map(\.attemptId)))
                    as c (order_id, fence, attempt_id) on c.order_id = o.order_id and c.fence = o.fence
                where o.holder is not null order by o.order_id for update of o),
            freed as (
                update orders o set holder = null, lease_until = '-infinity', changed_at = clock_timestamp(),
                    -- A start counts until its process tells how it ended: what is left over ended with the process.
                    starts = greatest(0, o.starts - 1),
                    unknown_since = case when \(isUnknown) then clock_timestamp() else o.unknown_since end
                from mine where o.order_id = mine.order_id)
            update attempts a set state = \(state), ended_at = clock_timestamp(), summary = \(Self.storable(reason))
            from mine where a.attempt_id = mine.attempt_id and a.state = 'sent'
            returning a.order_id
            """)
        var freed: Set<String> = []
        for row in rows { freed.insert(try row.string("order_id")) }
        return freed
    }
}
