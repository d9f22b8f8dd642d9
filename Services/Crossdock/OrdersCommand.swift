import CommandLineGrammar
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
                name: "show", summary: "Show one order with every attempt, in time order",
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
        if asJSON {
            TerminalOutput.standardOutput(LedgerJSON.history(history).text(pretty: true) + "\n")
        } else {
            TerminalOutput.standardOutput(text(history, .forDescriptor()))
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

    static func text(_ history: OrderHistory, _ style: TerminalStyle) -> String {
        let order = history.summary
        let title = "Order \(LogEscaping.escape(order.orderNumber ?? order.orderId))"
        var lines = [style.paint(title, .heading) + "  " + style.paint(order.state, StateColour.role(of: order.state))]
        lines.append("  Salesforce id     \(order.orderId)")
        if let id = order.netSuiteId {
            let number = LogEscaping.escape(order.netSuiteNumber ?? "number not read yet")
            lines.append("  NetSuite          \(number) (internal id \(id))")
        } else {
            lines.append("  NetSuite          not there yet")
        }
        let newest = order.newestVersion.map { "\($0)" } ?? "–"
        lines.append("  Version           newest \(newest), written \(order.writtenVersion.map { "\($0)" } ?? "none")")
        if let sentence = order.sentence { lines.append("  Why               \(LogEscaping.escape(sentence))") }
        if let letter = order.letterId {
            lines.append("  Dead letter       \(letter), see: crossdock dead-letters show \(letter)")
        }
        if let hold = history.hold {
            let since = ReadableTime.seconds(hold.heldSince)
            let next = ReadableTime.seconds(hold.nextTryAt)
            lines.append("  Held              since \(since), tried \(hold.tries) times, again at \(next) (UTC)")
        }
        lines.append("")
        var table = OutputTable("TIME (UTC)", "WHAT", "VERSION", "OUTCOME", "DETAIL")
        for event in history.events {
            table.add(
                .init(ReadableTime.milliseconds(event.at), .quiet), .init(words(event.kind)),
                .init(event.version?.text), .init(event.outcome), .init(detail(event)))
        }
        return lines.joined(separator: "\n") + "\n" + table.text(style)
    }

    /// An event on one line, for those who follow an order.
    static func line(_ event: OrderEvent) -> String {
        [words(event.kind), event.outcome, event.version?.text, detail(event)].compactMap { $0 }
            .filter { !$0.isEmpty }.joined(separator: "  ")
    }

    private static func detail(_ event: OrderEvent) -> String {
        [event.detail, event.by.map { "by \($0)" }, event.reference].compactMap { $0 }.joined(separator: " · ")
    }

    private static func words(_ kind: OrderEvent.Kind) -> String {
        switch kind {
        case .published: "version found"
        case .acknowledged: "published"
        case .publishRequested: "publication asked for"
        case .leftActivated: "no longer activated"
        case .attemptStarted: "attempt begun"
        case .attemptEnded: "attempt ended"
        case .settled: "settled"
        case .settlementPublished: "settlement published"
        case .shown: "shown in Salesforce"
        case .letterOpened: "dead letter opened"
        case .letterReplayed: "dead letter replayed"
        case .letterReplayFailed: "replay failed"
        case .letterClosed: "dead letter closed"
        case .letterReopened: "dead letter opened again"
        case .letterNoted: "noted at the dead letter"
        case .held: "held"
        }
    }
}

extension Int64 {
    /// Its digits.
    fileprivate var text: String { String(self) }
}
