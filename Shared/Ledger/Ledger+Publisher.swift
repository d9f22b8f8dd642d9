public import Postgres

extension Ledger {
    /// Becomes the leader when nobody's lease is running; nil while another leads.
    public func acquireLeadership(
        of name: String, holder: String, lease: Duration
    ) async throws(PostgresError) -> Leadership? { fatalError("follows") }

    /// Extends the lease; false when another leads now.
    public func renew(_ leadership: Leadership, lease: Duration) async throws(PostgresError) -> Bool {
        fatalError("follows")
    }

    /// Lets another lead at once.
    public func release(_ leadership: Leadership) async throws(PostgresError) { fatalError("follows") }

    /// How far a watch has read, as text of its own form; nil before the first start.
    public func cursor(_ name: String) async throws(PostgresError) -> String? { fatalError("follows") }

    /// Moves a cursor. Throws ``LeadershipLost`` when another leads now.
    public func moveCursor(_ name: String, to position: String, under leadership: Leadership) async throws {
        fatalError("follows")
    }

    /// The last publication of each order, without payload; orders never published are absent.
    public func lastPublications(
        of orderIds: [String]
    ) async throws(PostgresError) -> [String: Publication] { fatalError("follows") }

    /// Stores versions before they are produced, closing the requests and letters that they answer.
    ///
    /// A version that is there already stays as it is. Throws ``LeadershipLost`` when another leads now.
    /// - Returns: What is stored, in the order of the input: produce these.
    public func insertPublications(
        _ publications: [Publication], under leadership: Leadership
    ) async throws -> [Publication] { fatalError("follows") }

    /// Publications that Kafka has not confirmed, oldest first, with payload.
    public func unacknowledgedPublications(
        limit: Int = 200
    ) async throws(PostgresError) -> [Publication] { fatalError("follows") }

    /// Notes that Kafka confirmed messages, by event id.
    public func acknowledgePublications(_ eventIds: [String]) async throws(PostgresError) { fatalError("follows") }

    /// Asks the leader to read orders afresh and publish them.
    public func requestPublication(of orderIds: [String], by operatorName: String) async throws(PostgresError) {
        fatalError("follows")
    }

    /// Open requests, oldest first.
    public func publishRequests(limit: Int = 200) async throws(PostgresError) -> [PublishRequest] {
        fatalError("follows")
    }

    /// Closes requests that led to no publication, saying why.
    public func closePublishRequests(_ ids: [Int64], answer: String) async throws(PostgresError) {
        fatalError("follows")
    }

    /// Notes that an order left the status category Activated at the stamp given; once per stamp.
    public func recordLeftActivated(
        orderId: String, status: String, stampMilliseconds: Int64
    ) async throws(PostgresError) { fatalError("follows") }

    /// Opens a dead letter for an order that cannot be turned into a snapshot; one open letter per order.
    public func recordUnreadable(
        _ orders: [UnreadableOrder], under leadership: Leadership
    ) async throws { fatalError("follows") }
}
