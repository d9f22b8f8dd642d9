import CommandLineGrammar
import Contracts
import EventLoop
import JSONText
import Ledger
import Telemetry

/// `crossdock orders publish`: the leading publisher reads the orders afresh and sends them, changed or not.
enum PublishCommand {
    static let declaration = Command(
        name: "publish", summary: "Send orders now, read afresh from Salesforce, and follow them until they settle",
        discussion: """
            For what makes no new version by itself: a corrected account, SKU or customer link, and orders that were active
            before Crossdock's start. order-publisher does it and must be running. Asking again while it has not answered is
            the same request. Exit status 0: NetSuite shows each order as Salesforce has it.
            """,
        options: [
            .flag("no-wait", help: "Only ask; do not follow"),
            .integer("within", placeholder: "SECONDS", in: 1...3600, help: "How long to follow at most", default: 120),
            OperatorName.option,
        ],
        arguments: [
            Argument("ORDER", help: "Its Salesforce id; its number too if Crossdock knows the order", isRepeating: true)
        ],
        run: { arguments in
            let wanted = arguments.arguments("ORDER")
            let operatorName = OperatorName.of(arguments)
            let follow = Follow(
                limit: .seconds(arguments.integer("within") ?? 120), isAsked: !arguments.flag("no-wait"),
                asJSON: arguments.flag("json"))
            return await OperatorSession.withLedger { ledger in
                var orders: [String] = []
                for text in wanted {
                    switch try await orderId(text, in: ledger) {
                    case .success(let id): if !orders.contains(id) { orders.append(id) }
                    case .failure(let refusal): return OperatorSession.refuse(refusal.sentences, ExitCode.failure)
                    }
                }
                try await ledger.requestPublication(of: orders, by: operatorName)
                return try await follow.run(orders, ledger)
            }
        })

    private struct Refusal: Error {
        let sentences: [String]
    }

    private static func orderId(_ text: String, in ledger: Ledger) async throws -> Result<String, Refusal> {
        let found = try await ledger.findOrders(text)
        if found.count == 1 { return .success(found[0].orderId) }
        guard found.isEmpty else {
            return .failure(
                Refusal(sentences: ["\(found.count) orders answer to \"\(text)\"; give one by its Salesforce id"]))
        }
        guard let id = try? SalesforceId(text), id.namesOrder else {
            return .failure(
                Refusal(sentences: [
                    "Crossdock knows no order \"\(text)\"",
                    "an order that it has not seen yet is given by its Salesforce id: 15 or 18 characters, 801 first",
                ]))
        }
        return .success(id.text)
    }

    /// Looks at the orders' histories again and again, and tells what is new.
    private struct Follow: Sendable {
        let limit: Duration
        let isAsked: Bool
        let asJSON: Bool
        private static let pause: Duration = .milliseconds(300)
        /// When somebody begins to wonder.
        private static let patience: Duration = .seconds(15)

        @Loop
        func run(_ orders: [String], _ ledger: Ledger) async throws -> Int32 {
            guard isAsked else {
                say(orders.map { "\($0)  asked for; follow it with: crossdock orders show \($0)" })
                return try await finish(orders, [:], ledger)
            }
            let begin = MonotonicInstant.now
            var progress = Dictionary(uniqueKeysWithValues: orders.map { ($0, PublicationProgress()) })
            var hasWondered = false
            while true {
                for id in orders where progress[id]?.end == nil {
                    guard let history = try await ledger.history(of: id) else { continue }
                    progress[id]?.take(history)
                    let name = history.summary.orderNumber ?? id
                    say((progress[id]?.news ?? []).map { "\(name)  \(OrdersCommand.line($0))" })
                }
                let elapsed = MonotonicInstant.now - begin
                if progress.values.allSatisfy({ $0.end != nil }) || elapsed > limit { break }
                if !hasWondered, elapsed > Self.patience, !progress.values.contains(where: \.isAnswered) {
                    hasWondered = true
                    TerminalOutput.standardError("no answer yet: is order-publisher running, and ready?\n")
                }
                try await LoopTime.shared.sleep(for: Self.pause)
            }
            return try await finish(orders, progress, ledger)
        }

        private func say(_ lines: [String]) {
            guard !asJSON else { return }
            for line in lines { TerminalOutput.standardOutput(LogEscaping.escape(line) + "\n") }
        }

        @Loop
        private func finish(
            _ orders: [String], _ progress: [String: PublicationProgress], _ ledger: Ledger
        ) async throws -> Int32 {
            if asJSON {
                var list: [JSONValue] = []
                for id in orders {
                    guard let history = try await ledger.history(of: id) else { continue }
                    let states = try await ledger.states(topic: Topic.orderProgressed.name, key: id)
                    list.append(LedgerJSON.history(history, TimeLine(history.events, states)))
                }
                TerminalOutput.standardOutput(JSONValue.object(["orders": .array(list)]).text(pretty: true) + "\n")
            }
            guard isAsked else { return ExitCode.success }
            let failures = orders.compactMap { id in
                Self.failure(progress[id]?.end, within: limit).map { "\(id): \($0)" }
            }
            return failures.isEmpty ? ExitCode.success : OperatorSession.refuse(failures, ExitCode.failure)
        }

        /// Why an order is not in NetSuite as Salesforce has it; nil where it is.
        private static func failure(_ end: PublicationProgress.End?, within limit: Duration) -> String? {
            switch end {
            case nil:
                "not settled within \(limit.components.seconds) seconds; it goes on by itself, see: crossdock orders show"
            case .notPublished(let answer): "not published: \(answer)"
            case .settled(.dead): "needs attention; see: crossdock dead-letters list"
            case .settled(.held): "waits; see: crossdock orders show"
            case .settled: nil
            }
        }
    }
}
