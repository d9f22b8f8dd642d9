import CommandLineGrammar
import Contracts
import EventLoop
import FoundationEssentials
import JSONText
import Ledger
import Telemetry

/// `crossdock orders …`: where an order is, from the ledger alone.
enum OrdersCommand {
    static let declaration = Command(
        name: "orders", summary: "Where orders are and what happened to them",
        subcommands: [
            Command(
                name: "list", summary: "List orders, last changed first",
                options: [
                    .choice(
                        "state", of: OrderFilter.allCases.map(\.rawValue), help: "Which orders",
                        default: OrderFilter.all.rawValue),
                    .flag("held", help: "Those that wait by themselves: why, since when, how often tried, when again"),
                    .integer("limit", short: "n", in: 1...10_000, help: "How many at most", default: 50),
                ],
                run: { arguments in
                    let filter = arguments.value("state").flatMap(OrderFilter.init) ?? .all
                    let limit = arguments.integer("limit") ?? 50
                    let asJSON = arguments.flag("json")
                    if arguments.flag("held") { return await listHeld(limit, asJSON: asJSON) }
                    return await OperatorSession.withLedger { ledger in
                        print(try await ledger.orders(filter, limit: limit), asJSON: asJSON)
                        return ExitCode.success
                    }
                }),
            Command(
                name: "show", summary: "Show one order with every attempt and what NetSuite made of it, in time order",
                arguments: [Argument("ORDER", help: "Its id or number, in Salesforce or in NetSuite")],
                run: { arguments in
                    let wanted = arguments.argument("ORDER") ?? ""
                    let asJSON = arguments.flag("json")
                    return await OperatorSession.withLedger { try await show(wanted, in: $0, asJSON: asJSON) }
                }),
            PublishCommand.declaration,
        ])

    @Loop
    private static func show(_ wanted: String, in ledger: Ledger, asJSON: Bool) async throws -> Int32 {
        let found = try await ledger.findOrders(wanted)
        guard found.count <= 1 else {
            print(found, asJSON: asJSON)
            return OperatorSession.refuse(
                ["\(found.count) orders answer to \"\(wanted)\"; show one by its Salesforce id"], ExitCode.failure)
        }
        guard let order = found.first, let history = try await ledger.history(of: order.orderId) else {
            return OperatorSession.refuse(
                [
                    "no order answers to \"\(wanted)\", neither as an id nor as a number, in Salesforce or NetSuite",
                    "was it activated after Crossdock's start? See: crossdock orders list",
                ], ExitCode.failure)
        }
        let states = try await ledger.states(topic: Topic.orderProgressed.name, key: order.orderId)
        let timeLine = TimeLine(history.events, states)
        if asJSON {
            TerminalOutput.standardOutput(LedgerJSON.history(history, timeLine).text(pretty: true) + "\n")
        } else {
            TerminalOutput.standardOutput(OrderPage.text(history, timeLine, .forDescriptor()))
        }
        return ExitCode.success
    }

    private static func listHeld(_ limit: Int, asJSON: Bool) async -> Int32 {
        await OperatorSession.withLedger { ledger in
            let held = try await ledger.heldOrders(limit: limit)
            LetterPages.print(asJSON, ["heldOrders": .array(held.map(LedgerJSON.hold))], text(held, .forDescriptor()))
            return ExitCode.success
        }
    }

    static func text(_ held: [HeldOrderSummary], _ style: TerminalStyle) -> String {
        guard !held.isEmpty else { return "No held orders.\n" }
        var table = OutputTable("ORDER", "SALESFORCE ID", "SINCE (UTC)", "TRIES", "NEXT TRY (UTC)", "WHY")
        for order in held {
            table.add(
                .init(order.orderNumber), .init(order.orderId), .init(ReadableTime.seconds(order.heldSince)),
                .init(String(order.tries)), .init(ReadableTime.seconds(order.nextTryAt)),
                .init([order.sentence, order.code].compactMap { $0 }.joined(separator: " · ")))
        }
        return table.text(style)
    }

    private static func print(_ orders: [OrderSummary], asJSON: Bool) {
        if asJSON {
            let list = JSONValue.object(["orders": .array(orders.map(LedgerJSON.order))])
            TerminalOutput.standardOutput(list.text(pretty: true) + "\n")
        } else {
            TerminalOutput.standardOutput(text(orders, .forDescriptor()))
        }
    }

    static func text(_ orders: [OrderSummary], _ style: TerminalStyle) -> String {
        guard !orders.isEmpty else { return "No orders.\n" }
        var table = OutputTable("ORDER", "SALESFORCE ID", "NETSUITE", "STATE", "CHANGED (UTC)", "WHY")
        for order in orders {
            table.add(
                .init(order.orderNumber), .init(order.orderId), .init(order.netSuiteNumber ?? order.netSuiteId?.text),
                .init(order.state, StateColour.role(of: order.state)), .init(ReadableTime.seconds(order.changedAt)),
                .init(order.sentence ?? ""))
        }
        return table.text(style)
    }

    /// An event on one line, for those who follow an order.
    static func line(_ event: OrderEvent) -> String {
        let entry = TimeLineEntry(event)
        return [entry.words, entry.outcome, entry.version?.text, entry.text].compactMap { $0 }
            .filter { !$0.isEmpty }.joined(separator: "  ")
    }
}

extension Int64 {
    /// Its digits.
    fileprivate var text: String { String(self) }
}
