public import Postgres

extension Ledger {
    /// Orders, last changed first.
    public func orders(_ filter: OrderFilter = .all, limit: Int = 50) async throws(PostgresError) -> [OrderSummary] {
        fatalError("follows")
    }

    /// Orders whose Salesforce id (15 or 18 characters) or number, or NetSuite id or number is the text given.
    public func findOrders(_ text: String) async throws(PostgresError) -> [OrderSummary] { fatalError("follows") }

    /// Everything that happened to an order, in time order; nil when it is not known.
    public func history(of orderId: String) async throws(PostgresError) -> OrderHistory? { fatalError("follows") }

    /// Dead letters, newest first; `state` nil for all of them.
    public func deadLetters(
        state: String? = "open", limit: Int = 50
    ) async throws(PostgresError) -> [DeadLetter] { fatalError("follows") }

    /// How many letters are open, by class.
    public func deadLetterCounts() async throws(PostgresError) -> [DeadLetterCount] { fatalError("follows") }
}
