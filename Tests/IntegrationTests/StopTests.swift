import EventLoop
import Glibc
import JSONText
import Postgres
import TestSupport
import Testing

/// SIGTERM ends every service in order and in time, whatever hangs.
@Suite("Stopping")
struct StopTests {
    /// What is wrong while services at work are told to stop.
    enum AtWork: String, CaseIterable, Sendable {
        case nothing = "nothing hangs"
        case twice = "the signal comes twice"
        case netSuiteHangs = "NetSuite hangs"
        case salesforceHangs = "Salesforce hangs"
        case breakerOpen = "NetSuite is away and the breaker open"
        case ordersHeld = "orders are held"
        case ordersWait = "many orders wait for NetSuite"
        case rebalance = "partitions are being handed over"
        case databaseHangs = "the database hangs, and the signal comes twice"
        case databaseGone = "the database is gone"
        case brokerHangs = "the broker hangs"
        case brokerGone = "the broker is gone"

        var isTwice: Bool { self == .twice || self == .databaseHangs }
    }

    /// What is wrong while services that have just started are told to stop.
    enum AtStart: String, CaseIterable, Sendable {
        case nothing = "at the start"
        case databaseHangs = "the database hangs at the start"
        case databaseGone = "the database is not there at the start"
        case netSuiteHangs = "NetSuite hangs at the start"
        case salesforceHangs = "Salesforce hangs at the start"
        case brokerHangs = "the broker hangs at the start"
        case brokerGone = "the broker is not there at the start"

        /// What order-publisher says when it has come as far as that; its other parts and services are on their way.
        var metWhenLogged: String? {
            switch self {
            case .netSuiteHangs, .salesforceHangs: "leading"
            case .nothing, .databaseHangs, .databaseGone, .brokerHangs, .brokerGone: nil
            }
        }
    }

    @Test("SIGTERM ends every service at work with status 0 within 5 s, whatever is wrong", .timeLimit(.minutes(5)))
    func atWork() async throws {
        try await play(AtWork.allCases, on: .embedded)
    }

    @Test(
        "so it does on Apache Kafka",
        .enabled(if: KafkaBrokerKind.real.whyUnavailable == nil, "needs KAFKA_HOME"), .timeLimit(.minutes(5)))
    func onRealKafka() async throws {
        try await play([.rebalance, .brokerHangs, .brokerGone], on: .real)
    }

    @Test(
        "SIGTERM ends every service at its start with status 0 within 5 s, whatever is wrong", .timeLimit(.minutes(5)))
    func atStart() async throws {
        try await onLoop(within: .seconds(150)) {
            try await ServiceStack.with { stack in
                stack.setLongDeadlines()
                for fault in AtStart.allCases {
                    try await strike(stack, fault)
                    let services = try Service.ofOrders.map { try stack.start($0) }
                    for service in services { try await service.untilLogged("starting") }
                    if let word = fault.metWhenLogged { try await services[0].untilLogged(word) }
                    await expectEnd(of: services, fault.rawValue)
                    try await undo(stack, fault)
                }
            }
        }
    }

    // MARK: The end

    @Loop
    private func expectEnd(of services: [ServiceProcess], _ fault: String, twice: Bool = false) async {
        let begun = MonotonicInstant.now
        for service in services { service.process.send(signal: SIGTERM) }
        if twice {
            for service in services { service.process.send(signal: SIGTERM) }
        }
        for service in services {
            let elapsed: Duration = MonotonicInstant.now - begun
            await service.process.waitForExit(within: Duration.seconds(5) - elapsed)
        }
        let took = (MonotonicInstant.now - begun).inMilliseconds
        print("\(fault): ended after \(took) ms")
        for service in services {
            let status = service.process.exitStatus
            #expect(status == 0, "\(service.service), \(fault):\n\(service.tail)")
            #expect(!service.log.contains("did not stop in time"), "\(service.service), \(fault):\n\(service.tail)")
            if status == nil { await service.killHard() }
        }
    }

    // MARK: At work

    private func play(_ faults: [AtWork], on broker: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(280)) {
            try await ServiceStack.with(broker) { stack in
                stack.setLongDeadlines()
                let desk = OrderDesk(stack)
                try await desk.addAccounts(3)
                for fault in faults {
                    let services = try await prepare(stack, desk, fault)
                    await expectEnd(of: services, fault.rawValue, twice: fault.isTwice)
                    try await undo(stack, fault)
                }
            }
        }
    }

    /// Brings the services into the middle of work, then strikes.
    @Loop
    private func prepare(_ stack: ServiceStack, _ desk: OrderDesk, _ fault: AtWork) async throws -> [ServiceProcess] {
        var services = try await stack.startAll()
        // Slow enough that the strike meets work under way.
        let latency: JSONValue = fault == .ordersWait ? 3000 : 300
        try await stack.netSuite.control.patch("/settings", ["latencyMilliseconds": latency])
        switch fault {
        case .netSuiteHangs: stack.netSuite.freeze()
        case .breakerOpen:
            _ = try await stack.netSuite.control.post("/faults", ["kind": "unavailable", "times": .null])
        case .ordersHeld:
            _ = try await stack.netSuite.control.post(
                "/faults", ["kind": "workflow-lock", "method": "POST", "path": "/salesOrder", "times": .null])
        default: break
        }
        try await desk.addOrders(fault == .ordersWait ? 30 : 3)
        try await services[0].untilLogged("order published")
        switch fault {
        case .salesforceHangs: stack.salesforce.freeze()
        case .breakerOpen: try await services[1].untilNotReady(because: "NetSuite")
        case .ordersHeld:
            try await eventually("an order is held") {
                try await stack.query("select 1 from held_orders").isEmpty == false
            }
        case .rebalance:
            services.append(try stack.start(.netSuiteWriter))
            try await services[1].untilLogged("partitions revoked")
        case .databaseHangs: stack.freezeDatabase()
        case .databaseGone: await stack.cluster.stop(signal: SIGQUIT)
        case .brokerHangs: stack.broker.freeze()
        case .brokerGone: await stack.broker.stop()
        case .nothing, .twice, .netSuiteHangs, .ordersWait: break
        }
        return services
    }

    @Loop
    private func undo(_ stack: ServiceStack, _ fault: AtWork) async throws {
        switch fault {
        case .netSuiteHangs: stack.netSuite.thaw()
        case .salesforceHangs: stack.salesforce.thaw()
        case .breakerOpen, .ordersHeld: try await stack.netSuite.control.delete("/faults")
        case .databaseHangs: stack.thawDatabase()
        case .databaseGone: try await stack.cluster.restart()
        case .brokerHangs: stack.broker.thaw()
        case .nothing, .twice, .ordersWait, .rebalance, .brokerGone: break
        }
    }

    // MARK: At the start

    @Loop
    private func strike(_ stack: ServiceStack, _ fault: AtStart) async throws {
        switch fault {
        case .nothing: break
        case .databaseHangs: stack.freezeDatabase()
        case .databaseGone: await stack.cluster.stop(signal: SIGQUIT)
        case .netSuiteHangs: stack.netSuite.freeze()
        case .salesforceHangs: stack.salesforce.freeze()
        case .brokerHangs: stack.broker.freeze()
        case .brokerGone: await stack.broker.stop()
        }
    }

    @Loop
    private func undo(_ stack: ServiceStack, _ fault: AtStart) async throws {
        switch fault {
        case .databaseHangs: stack.thawDatabase()
        case .databaseGone: try await stack.cluster.restart()
        case .netSuiteHangs: stack.netSuite.thaw()
        case .salesforceHangs: stack.salesforce.thaw()
        case .brokerHangs: stack.broker.thaw()
        case .nothing, .brokerGone: break
        }
    }
}

extension ServiceStack {
    /// Far longer than an end may take.
    fileprivate func setLongDeadlines() {
        environment["NETSUITE_REQUEST_SECONDS"] = "60"
        environment["SALESFORCE_REQUEST_SECONDS"] = "60"
    }
}
