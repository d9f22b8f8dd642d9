import Contracts
import EventLoop
import Ledger
import ServiceRuntime

/// What was published last of each SKU, as the ledger has it.
@Loop
struct PublishedStock {
    let ledger: Ledger
    let patience: DatabasePatience

    /// Gives the newest count of each SKU, those alone that are older than an instant where one is given.
    func each(before instant: UTCInstant? = nil, _ body: (StockCount) -> Void) async throws {
        var last: String?
        while true {
            let key = last
            let page = try await patience.untilAnswered { [ledger] in
                try await ledger.newestStates(
                    topic: Topic.inventoryCounted.name, afterKey: key, asOfBelow: instant?.millisecondsSinceEpoch)
            }
            guard let end = page.last else { return }
            for state in page {
                if let count = try? Topic.inventoryCounted.decode(state.value) { body(count) }
            }
            last = end.key
        }
    }
}
