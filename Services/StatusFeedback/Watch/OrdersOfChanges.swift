import Contracts
import EventLoop
import Ledger
import NetSuite
import ServiceRuntime

/// Changed and deleted records of one round, by internal id with their type.
struct ChangedRecords: Sendable, Equatable {
    var changed: [Int64: String] = [:]
    /// Ids are unique among transactions only: of one that was deleted the type says little.
    var deleted: [Int64: String] = [:]

    /// Whether a deletion is one of a sales order, whichever of NetSuite's names for it stands there.
    static func isSalesOrder(deletedType: String) -> Bool {
        deletedType.lowercased().filter(\.isLetter).hasPrefix("salesord")
    }
}

/// Which of our orders a round is about.
struct FoundOrders: Sendable, Equatable {
    /// Orders that Crossdock wrote.
    var ours: [WatchedOrder] = []
    /// Sales orders that it did not write.
    var foreign: Set<Int64> = []
    /// Among those: with an external id of ours.
    var notInLedger: Set<Int64> = []
}

/// Finds the orders that changed records belong to: by NetSuite's links, and by what the ledger remembers of documents
/// whose links are gone.
@Loop
final class OrdersOfChanges {
    private static let ownTypes: Set<String> = ["ItemShip", "CustInvc", "CashSale"]
    private static let mostRemembered = 100_000

    private let client: NetSuiteClient
    private let ledger: Ledger
    private let patience: DatabasePatience
    /// Orders of others, so that each is asked for its external id once.
    private var knownAsForeign: Set<Int64> = []
    /// Fulfilments and invoices of others: to which order one belongs never changes.
    private var documentsOfOthers: Set<Int64> = []

    init(client: NetSuiteClient, ledger: Ledger, patience: DatabasePatience) {
        self.client = client
        self.ledger = ledger
        self.patience = patience
    }

    /// - Parameter due: orders that are to be dealt with too.
    func orders(of records: ChangedRecords, due: [Int64]) async throws -> FoundOrders {
        let ledger = ledger
        let orders = Set(records.changed.filter { $0.value == "SalesOrd" }.keys)
        let documents = records.changed.filter { $0.value != "SalesOrd" }
        let asked = Array(Set(documents.keys).union(records.deleted.keys))
        let remembered = try await patience.untilAnswered { try await ledger.orders(ofDocuments: asked) }
        // What a payment pays may change, so it is always asked for.
        let unknown = documents.filter { id, type in
            !Self.ownTypes.contains(type) || (remembered[id] == nil && !documentsOfOthers.contains(id))
        }
        let owners = unknown.isEmpty ? DocumentOwners() : try await client.owners(of: unknown)
        // A row may lack its type: then it may be an order.
        let untyped = Set(records.changed.filter { $0.value.isEmpty }.keys)
        var candidates = orders.union(untyped).union(records.deleted.keys).union(due)
        candidates.formUnion(remembered.values.joined())
        for ids in owners.orders.values { candidates.formUnion(ids) }

        let ids = candidates.sorted()
        let ours = try await patience.untilAnswered { try await ledger.watchedOrders(netSuiteIds: ids) }
        let known = Set(ours.map(\.netSuiteId))
        var found = FoundOrders(ours: ours)
        found.foreign = orders.union(owners.orders.values.joined()).subtracting(known)
        let strangers = found.foreign.union(untyped).subtracting(known).subtracting(knownAsForeign).sorted()
        if !strangers.isEmpty {
            let externalIds = try await client.externalIds(ofSalesOrders: strangers)
            for id in strangers {
                if externalIds[id].flatMap(ExternalId.order(fromSalesOrder:)) != nil {
                    found.notInLedger.insert(id)
                } else {
                    remember(id, in: &knownAsForeign)
                }
            }
        }
        note(documentsOfOthers: unknown, owners)
        return found
    }

    private func note(documentsOfOthers documents: [Int64: String], _ owners: DocumentOwners) {
        for (id, type) in documents where Self.ownTypes.contains(type) {
            guard let orders = owners.orders[id], orders.isSubset(of: knownAsForeign) else { continue }
            remember(id, in: &documentsOfOthers)
        }
    }

    private func remember(_ id: Int64, in set: inout Set<Int64>) {
        if set.count >= Self.mostRemembered { set.removeAll() }
        set.insert(id)
    }
}
