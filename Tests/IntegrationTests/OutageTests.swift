import EventLoop
import Glibc
import JSONText
import Postgres
import TestSupport
import Testing

/// Systems that go away and come back: the services say so, lose nothing, blame no order, and go on by themselves.
@Suite("Outages")
struct OutageTests {
    /// Who goes away, and how.
    enum Outage: String, CaseIterable, Sendable, CustomStringConvertible {
        case netSuiteHangs = "NetSuite hangs"
        case netSuiteDown = "NetSuite is down"
        case salesforceHangs = "Salesforce hangs"
        case databaseHangs = "PostgreSQL hangs"
        case databaseHangsIdle = "PostgreSQL hangs while there is no work"
        case databaseDown = "PostgreSQL is down"
        case brokerHangs = "the embedded broker hangs"
        case realBrokerHangs = "Apache Kafka hangs"

        /// Those that can be played here.
        static var available: [Outage] {
            allCases.filter { $0 != .realBrokerHangs || KafkaBrokerKind.real.whyUnavailable == nil }
        }

        var broker: KafkaBrokerKind { self == .realBrokerHangs ? .real : .embedded }

        var description: String { rawValue }

        /// Which services cannot work, and the word by which they name the reason.
        var named: (services: [Service], word: String) {
            switch self {
            case .netSuiteHangs, .netSuiteDown: ([.netSuiteWriter], "NetSuite")
            case .salesforceHangs: ([.orderPublisher, .statusFeedback], "Salesforce")
            case .databaseHangs, .databaseHangsIdle, .databaseDown: (Service.ofOrders, "PostgreSQL")
            case .brokerHangs, .realBrokerHangs: (Service.ofOrders, "Kafka")
            }
        }
    }

    @Test("what goes away is named, and work goes on by itself when it is back", arguments: Outage.available)
    func comesBack(outage: Outage) async throws {
        try await onLoop(within: .seconds(120)) {
            try await ServiceStack.with(outage.broker) { stack in
                let services = try await stack.startAll()
                let desk = OrderDesk(stack)
                try await desk.addAccounts(3)
                if outage == .netSuiteDown {
                    // Its sandbox keeps nothing over a restart, so it goes before the first order.
                    await stack.netSuite.end()
                    try await desk.addOrders(6)
                } else {
                    try await desk.addOrders(3)
                    try await desk.untilAllShown()
                    try await stack.netSuite.control.patch("/settings", ["latencyMilliseconds": 200])
                    if outage != .databaseHangsIdle {
                        try await desk.addOrders(6)
                        try await eventually("the orders are published") {
                            try await published(stack) == desk.orders.count
                        }
                    }
                    await goAway(outage, stack)
                }
                let named = outage.named
                for service in services where named.services.contains(service.service) {
                    try await service.untilNotReady(because: named.word, within: .seconds(30))
                }
                try await comeBack(outage, stack)
                try await desk.untilAllShown(within: .seconds(30))
                let problems = try await desk.problems()
                #expect(problems.isEmpty, "\(problems)")
                for service in services { try await service.untilReady(within: .seconds(30)) }
            }
        }
    }

    @Loop
    private func published(_ stack: ServiceStack) async throws -> Int {
        Int(try await stack.query("select count(*) as n from publications").first?.int64("n") ?? 0)
    }

    @Loop
    private func goAway(_ outage: Outage, _ stack: ServiceStack) async {
        switch outage {
        case .netSuiteHangs: stack.netSuite.freeze()
        case .netSuiteDown: await stack.netSuite.end()
        case .salesforceHangs: stack.salesforce.freeze()
        case .databaseHangs, .databaseHangsIdle: stack.freezeDatabase()
        case .databaseDown: await stack.cluster.stop(signal: SIGINT)
        case .brokerHangs, .realBrokerHangs: stack.broker.freeze()
        }
    }

    @Loop
    private func comeBack(_ outage: Outage, _ stack: ServiceStack) async throws {
        switch outage {
        case .netSuiteHangs: stack.netSuite.thaw()
        case .netSuiteDown: try await stack.netSuite.restart()
        case .salesforceHangs: stack.salesforce.thaw()
        case .databaseHangs, .databaseHangsIdle: stack.thawDatabase()
        case .databaseDown: try await stack.cluster.restart()
        case .brokerHangs, .realBrokerHangs: stack.broker.thaw()
        }
    }
}
