import EventLoop
import NetSuite
import TestSupport
import Testing

@testable import NetSuiteWriter

/// Items of NetSuite, in memory.
@Loop
private final class Items {
    var known = ["SKU-RED": "318", "SKU-BLUE": "319", "SKU-GREEN": "320"]
    /// A query that names one of these is refused; nil: every query is.
    var refused: Set<String>? = []
    var code = "INVALID_PARAMETER"
    private(set) var calls: [[String]] = []

    func find(_ skus: [String]) throws -> [String: String] {
        calls.append(skus.sorted())
        if refused.map({ !$0.isDisjoint(with: skus) }) ?? true {
            throw NetSuiteFailure.refused(
                NetSuiteRefusal(
                    status: 400, code: code, detail: "Search error", path: nil, classification: .other))
        }
        return known.filter { skus.contains($0.key) }
    }

    func catalogue() -> ItemCatalogue {
        ItemCatalogue(age: .seconds(60), time: LoopTime.shared) { try self.find($0) }
    }
}

@Suite("Items by SKU")
struct ItemCatalogueTests {
    @Test("a hit is remembered, a miss is asked again, and what was refused is forgotten")
    func remembers() async throws {
        try await onLoop {
            let items = Items()
            let catalogue = items.catalogue()
            let first = try await catalogue.items(["SKU-RED", "SKU-NEW"])
            #expect(first == ["SKU-RED": "318"])
            items.known["SKU-NEW"] = "400"
            let second = try await catalogue.items(["SKU-RED", "SKU-NEW"])
            #expect(second == ["SKU-RED": "318", "SKU-NEW": "400"])
            #expect(items.calls.last == ["SKU-NEW"])
            catalogue.forget(["SKU-RED"])
            _ = try await catalogue.items(["SKU-RED", "SKU-NEW"])
            #expect(items.calls.last == ["SKU-RED"])
        }
    }

    @Test("a SKU that spoils the query is no item, and keeps no other order's items")
    func oneSpoils() async throws {
        try await onLoop {
            let items = Items()
            items.refused = ["SKU-BAD"]
            let wanted: Set = ["SKU-RED", "SKU-BLUE", "SKU-GREEN", "SKU-BAD"]
            let found = try await items.catalogue().items(wanted)
            #expect(found == items.known)
        }
    }

    @Test("a query that is refused for another reason is no SKU's fault, also when it names one alone")
    func refusedOtherwise() async throws {
        try await onLoop {
            let items = Items()
            items.refused = ["SKU-RED"]
            items.code = "TRANS_IN_USE"
            _ = try await caught(NetSuiteFailure.self) { try await items.catalogue().items(["SKU-RED"]) }
            #expect(items.calls.count == 1)
        }
    }

    @Test("where every query is refused it is no SKU's fault")
    func allRefused() async throws {
        try await onLoop {
            let items = Items()
            items.refused = nil
            _ = try await caught(NetSuiteFailure.self) { try await items.catalogue().items(["SKU-RED", "SKU-BLUE"]) }
            #expect(items.calls.count <= 4)
        }
    }
}
