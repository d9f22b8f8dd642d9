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
    ) async throws(PostgresError) -> [ClaimAnswer] { fatalError("follows") }

    /// Extends leases; false where another holder has the order by now.
    public func renew(_ claims: [Claim], lease: Duration) async throws(PostgresError) -> [Bool] {
        fatalError("follows")
    }

    /// Closes claims under which nothing was sent: the attempts end as `not-sent`, the orders are free at once.
    public func giveBack(_ claims: [Claim], reason: String) async throws(PostgresError) { fatalError("follows") }

    /// Closes claims under which something was, or may have been, sent without an answer: the next claim learns of it.
    public func markUnknown(_ claims: [Claim], reason: String) async throws(PostgresError) { fatalError("follows") }

    /// T1: stores outcomes, ids, letters and settlements under the fence, in one transaction.
    ///
    /// - Returns: One answer per record, in their order.
    public func record(_ records: [AttemptRecord]) async throws(PostgresError) -> [RecordAnswer] {
        fatalError("follows")
    }

    /// Stores letters of messages that were never claimed; once per cluster, topic, partition and offset.
    ///
    /// - Returns: The settlement where the letter names an order, in the order of the input.
    public func recordUndecodable(
        _ letters: [UnclaimedLetter]
    ) async throws(PostgresError) -> [StoredSettlement?] { fatalError("follows") }

    /// T2: stores whole settlement messages where there are none.
    ///
    /// - Returns: The bytes that count, in the order of the input; they are what must be published.
    public func storeSettlements(_ values: [SettlementValue]) async throws(PostgresError) -> [[UInt8]] {
        fatalError("follows")
    }

    /// Notes that Kafka confirmed the delivery.
    public func settlementsPublished(_ keys: [SettlementKey]) async throws(PostgresError) { fatalError("follows") }

    /// Settlements whose delivery was not confirmed, oldest first, complete ones and those without a value.
    public func settlementsWaiting(
        olderThan age: Duration, limit: Int = 200
    ) async throws(PostgresError) -> [StoredSettlement] { fatalError("follows") }

    /// The NetSuite customers of accounts, where known.
    public func customers(of accountIds: [String]) async throws(PostgresError) -> [String: Int64] {
        fatalError("follows")
    }

    /// Remembers customers; a later pair replaces an earlier one.
    public func store(customers: [CustomerReference]) async throws(PostgresError) { fatalError("follows") }

    /// Lines of an order, where they were ever read.
    public func lines(of orderId: String) async throws(PostgresError) -> [LineReference] { fatalError("follows") }

    /// Remembers lines of an order; a later key replaces an earlier one.
    public func store(lines: [LineReference], of orderId: String) async throws(PostgresError) { fatalError("follows") }
}
