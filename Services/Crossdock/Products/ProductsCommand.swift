import CommandLineGrammar
import Contracts
import EventLoop
import FoundationEssentials
import JSONText
import Ledger
import Telemetry

/// `crossdock products …`: stock and price of items, from the ledger alone.
enum ProductsCommand {
    static let declaration = Command(
        name: "products", summary: "Stock and price of items, and what Salesforce shows of them",
        subcommands: [
            Command(
                name: "show", summary: "Show stock by location, price, their age, and whether Salesforce shows them",
                arguments: [Argument("SKU", help: "The item's number in NetSuite, which is the product's SKU")],
                run: { arguments in
                    let sku = arguments.argument("SKU") ?? ""
                    let asJSON = arguments.flag("json")
                    return await OperatorSession.withLedger { try await show(sku, in: $0, asJSON: asJSON) }
                })
        ])

    @Loop
    private static func show(_ sku: String, in ledger: Ledger, asJSON: Bool) async throws -> Int32 {
        let topic = Topic.inventoryCounted.name
        guard let state = try await ledger.newestStates(topic: topic, keys: [sku])[sku] else {
            return OperatorSession.refuse(
                unknown(sku, like: try await ledger.countedSKUs(like: sku)), ExitCode.failure)
        }
        let count: StockCount
        do throws(ContractError) {
            count = try StockCount.decode(state.value)
        } catch {
            return OperatorSession.refuse(
                ["the last count of \"\(sku)\" cannot be read: \(error)", "was it made by a newer version?"],
                ExitCode.failure)
        }
        let page = ProductPage(
            count: count, storedAt: state.storedAt, isPublished: state.isAcknowledged,
            feedback: try await ledger.productFeedback(sku: sku), now: LoopTime.shared.wallClock)
        TerminalOutput.standardOutput(asJSON ? page.json.text(pretty: true) + "\n" : page.text(.forDescriptor()))
        return ExitCode.success
    }

    /// Why there is nothing to show, and what to do.
    static func unknown(_ sku: String, like others: [String]) -> [String] {
        guard others.isEmpty else {
            return ["no item \"\(sku)\" was counted; did you mean \(others.joined(separator: ", "))?"]
        }
        return [
            "no item \"\(sku)\" was counted: NetSuite has none of this number, or inventory-poller has not read it yet",
            "a full count of all items is made once a day, at FULL_COUNT_HOUR",
        ]
    }
}
