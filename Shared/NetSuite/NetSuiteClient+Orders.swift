import Contracts
import JSONText

/// The order that a changed document belongs to, as far as links say.
public struct DocumentOwners: Sendable, Equatable {
    /// Internal ids of the sales orders of each document.
    public var orders: [Int64: Set<Int64>] = [:]

    /// Nothing.
    public init() {}
}

extension NetSuiteClient {
    /// The most orders of one ``orderFacts(_:)``.
    public nonisolated static var largestOrderReading: Int { 200 }
    /// More rows than these that name no order are the answer's fault and no order's.
    private static let mostStrayRows = 10

    /// So many orders that fail one by one are no trouble of single orders.
    private static let mostFailedOrders = 10

    /// Reads up to 200 sales orders with lines, fulfilments, invoices, payments, credit memos and tracking numbers.
    ///
    /// Three queries where no order has a document, seven where they have all kinds of them, however many there are; and
    /// one more for each further thousand rows. An order that NetSuite does not show is in neither part of the answer.
    /// One that makes a query fail, while others are answered, is found by reading halves, and is unreadable.
    public func orderFacts(_ ids: [Int64]) async throws(NetSuiteFailure) -> OrderFactsReading {
        guard !ids.isEmpty else { return OrderFactsReading() }
        guard ids.count <= Self.largestOrderReading else {
            throw .notSent("at most \(Self.largestOrderReading) orders are read at a time")
        }
        var isolation = Isolation()
        return try await orderFacts(ids, &isolation)
    }

    /// How far orders whose reading fails were told apart from a NetSuite that does not answer.
    private struct Isolation {
        var isAnswering = false
        var failedOrders = 0
    }

    private func orderFacts(
        _ ids: [Int64], _ isolation: inout Isolation
    ) async throws(NetSuiteFailure) -> OrderFactsReading {
        let reason: String
        do throws(NetSuiteFailure) {
            let (rows, lacksTrackingNumbers) = try await orderRows(ids)
            var reading = OrderFactsAssembly.assemble(ids, rows)
            reading.lacksTrackingNumbers = lacksTrackingNumbers
            guard reading.strayRows > 0 else { return reading }
            reason = reading.strayReason
            if reading.strayRows > Self.mostStrayRows { isolation.failedOrders = Self.mostFailedOrders }
        } catch {
            guard try await isOfOrders(error, &isolation) else { throw error }
            reason = error.description
        }
        if let only = ids.first, ids.count == 1 {
            isolation.failedOrders += 1
            var reading = OrderFactsReading()
            reading.unreadable[only] = reason
            return reading
        }
        guard isolation.failedOrders < Self.mostFailedOrders else { throw .unknown(reason) }
        // The halves say which order it is.
        var first = try await orderFacts(Array(ids.prefix(ids.count / 2)), &isolation)
        let second = try await orderFacts(Array(ids.dropFirst(ids.count / 2)), &isolation)
        first.facts.merge(second.facts) { known, _ in known }
        first.unreadable.merge(second.unreadable) { known, _ in known }
        first.lacksTrackingNumbers = first.lacksTrackingNumbers || second.lacksTrackingNumbers
        return first
    }

    /// Whether a failure may be that of single orders: queries as such are answered.
    private func isOfOrders(
        _ failure: NetSuiteFailure, _ isolation: inout Isolation
    ) async throws(NetSuiteFailure) -> Bool {
        switch failure {
        case .unknown: break
        case .systemTrouble(let trouble) where [.maintenance, .network].contains(trouble.kind): break
        case .refused, .notSent, .systemTrouble: return false
        }
        guard !isolation.isAnswering else { return true }
        do throws(NetSuiteFailure) {
            _ = try await firstPage(of: "SELECT id FROM transaction WHERE rownum <= 1")
        } catch {
            return false
        }
        isolation.isAnswering = true
        return true
    }

    private func orderRows(
        _ ids: [Int64]
    ) async throws(NetSuiteFailure) -> (rows: OrderRows, lacksTrackingNumbers: Bool) {
        var rows = OrderRows()
        var lacksTrackingNumbers = false
        rows.orders = try await self.rows(of: OrderQueries.orders(ids))
        rows.lines = try await self.rows(of: OrderQueries.lines(ids))
        rows.documents = try await self.rows(of: OrderQueries.documents(ids))
        guard !rows.documents.isEmpty else { return (rows, false) }
        rows.documentLines = try await self.rows(of: OrderQueries.documentLines(ids))
        let fulfilments = Self.ids(of: rows.documents, types: ["ItemShip"])
        for part in Self.lists(fulfilments) {
            do {
                rows.trackingNumbers += try await self.rows(of: OrderQueries.trackingNumbers(part))
            } catch .refused(let refusal) where refusal.code == "INVALID_PARAMETER" {
                lacksTrackingNumbers = true
            }
        }
        let invoices = Self.ids(of: rows.documents, types: ["CustInvc", "CashSale"])
        for part in Self.lists(invoices) { rows.applied += try await self.rows(of: OrderQueries.applied(part)) }
        let returns = Self.ids(of: rows.documents + rows.applied, types: ["RtnAuth"])
        for part in Self.lists(invoices.union(returns)) {
            rows.creditMemos += try await self.rows(of: OrderQueries.creditMemos(from: part))
        }
        return (rows, lacksTrackingNumbers)
    }

    /// Finds the sales orders that fulfilments, invoices, returns, payments, credit memos and applications of deposits
    /// belong to, over at most three links: memo, return, invoice, order. One query a link, and one for memos.
    ///
    /// - Parameter documents: at most 1,000, by internal id with their type.
    /// - Returns: none for a document that belongs to no sales order, or whose links are gone.
    public func owners(
        of documents: [Int64: String]
    ) async throws(NetSuiteFailure) -> DocumentOwners {
        var owners = DocumentOwners()
        // The changed documents that each document above them stands for.
        var origins: [Int64: Set<Int64>] = [:]
        for id in documents.keys { origins[id] = [id] }
        var known = Set(documents.keys)
        let memos = documents.filter { $0.value == "CustCred" }.map(\.key)
        var level = documents.keys.sorted()
        for hop in 0..<Self.mostHops where !level.isEmpty {
            var parents: [(document: Int64, parent: Int64, type: String)] = []
            for part in Self.lists(level) {
                parents += Self.parents(try await rows(of: OrderQueries.parents(of: part)), document: "nextdoc")
            }
            if hop == 0 {
                for part in Self.lists(memos) {
                    let sources = try await rows(of: OrderQueries.sources(ofCreditMemos: part))
                    parents += Self.parents(sources, document: "transaction")
                }
            }
            var next: Set<Int64> = []
            for (document, parent, type) in parents {
                let from = origins[document] ?? []
                if type == "SalesOrd" {
                    for origin in from { owners.orders[origin, default: []].insert(parent) }
                } else {
                    origins[parent, default: []].formUnion(from)
                    if known.insert(parent).inserted { next.insert(parent) }
                }
            }
            level = next.sorted()
        }
        return owners
    }

    private static let mostHops = 3

    /// A row that names nothing names no document of ours; what it may have belonged to is found again by its other rows.
    private static func parents(
        _ rows: [SuiteQLRow], document: String
    ) -> [(document: Int64, parent: Int64, type: String)] {
        rows.compactMap { row in
            guard let id = row.wholeNumber(document), let parent = row.wholeNumber("id"), let type = row.text("type")
            else { return nil }
            return (id, parent, type)
        }
    }

    /// External ids of up to 1,000 sales orders; one without is left out.
    public func externalIds(ofSalesOrders ids: [Int64]) async throws(NetSuiteFailure) -> [Int64: String] {
        var found: [Int64: String] = [:]
        for part in Self.lists(ids) {
            for row in try await rows(of: OrderQueries.externalIds(part)) {
                if let id = row.wholeNumber("id"), let externalId = row.text("externalid") { found[id] = externalId }
            }
        }
        return found
    }

    /// The account's currencies, ISO 4217 code by internal id; none where the feature of several currencies is off.
    public func currencyCodes() async throws(NetSuiteFailure) -> [String: String] {
        var codes: [String: String] = [:]
        do {
            for row in try await suiteQL("SELECT id, symbol FROM currency ORDER BY id") {
                if let id = row.text("id"), let code = row.text("symbol"), code.utf8.count == 3,
                    code.utf8.allSatisfy({ (0x41...0x5A).contains($0) })
                {
                    codes[id] = code
                }
            }
        } catch .refused(let refusal) where refusal.code == "INVALID_PARAMETER" {
            return [:]
        }
        return codes
    }

    private static func ids(of rows: [SuiteQLRow], types: Set<String>) -> Set<Int64> {
        Set(rows.compactMap { types.contains($0.text("type") ?? "") ? $0.wholeNumber("id") : nil })
    }

    private static func lists(_ ids: some Sequence<Int64>) -> [[Int64]] {
        let sorted = Set(ids).sorted()
        return stride(from: 0, to: sorted.count, by: OrderQueries.longestList).map {
            Array(sorted[$0..<min($0 + OrderQueries.longestList, sorted.count)])
        }
    }
}
