import Contracts
import Testing

@testable import NetSuite

/// The order in which an order's documents are told: the last one is the newest.
@Suite("Order of documents")
struct OrderOfDocumentsTests {
    @Test("documents of one day stand in the order of their numbers, whatever their ids; an older day comes before")
    func byDateAndNumber() throws {
        var facts = OrderFacts(id: 4711, letter: "F")
        for (id, number, day) in [
            (Int64(4810), "IF1000", "2026-05-28"), (4805, "IF999", "2026-05-28"), (4801, "IF1001", "2026-05-28"),
            (4899, "IF1002", "2026-05-27"),
        ] {
            facts.fulfilments.append(
                OrderFacts.Fulfilment(id: id, number: number, date: try CalendarDate(day), letter: "C"))
        }
        facts.sort()
        #expect(facts.fulfilments.map(\.number) == ["IF1002", "IF999", "IF1000", "IF1001"])
    }
}
