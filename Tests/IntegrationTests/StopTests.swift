import EventLoop
import Glibc
import JSONText
import TestSupport
import Testing

/// SIGTERM ends every service in order and in time, whatever hangs.
@Suite("Stopping")
struct StopTests {
    /// What is wrong while the services are told to stop.
    enum Fault: String, CaseIterable, Sendable, CustomStringConvertible {
        case none = "nothing hangs"
        case twice = "the signal comes twice"
        case netSuiteHangs = "NetSuite hangs"
        case salesforceHangs = "Salesforce hangs"
        case brokerHangs = "the broker hangs"
        case brokerGone = "the broker is gone"
        case databaseHangs = "the database hangs"
        case databaseGone = "the database is gone"
        case databaseMissingAtStart = "the database is not there at the start"
        case brokerMissingAtStart = "the broker is not there at the start"

        var description: String { rawValue }

        var strikesBeforeStart: Bool { self == .databaseMissingAtStart || self == .brokerMissingAtStart }
    }

    @Test("SIGTERM ends every service with status 0 within 5 s", arguments: Fault.allCases)
    func endsInTime(fault: Fault) async throws {
        try await onLoop(within: .seconds(90)) {
            try await ServiceStack.with { stack in
                let services = try await prepare(stack, fault)
                let begun = MonotonicInstant.now
                for service in services { service.process.send(signal: SIGTERM) }
                if fault == .twice {
                    for service in services { service.process.send(signal: SIGTERM) }
                }
                for service in services {
                    await service.process.waitForExit(within: .seconds(5) - (MonotonicInstant.now - begun))
                }
                for service in services {
                    let status = service.process.exitStatus
                    #expect(status == 0, "\(service.service), \(fault):\n\(service.tail)")
                }
            }
        }
    }

    /// Brings the services into the middle of work, then strikes.
    @Loop
    private func prepare(_ stack: ServiceStack, _ fault: Fault) async throws -> [ServiceProcess] {
        // Far longer than the end may take.
        stack.environment["NETSUITE_REQUEST_SECONDS"] = "60"
        stack.environment["SALESFORCE_REQUEST_SECONDS"] = "60"
        guard !fault.strikesBeforeStart else {
            await strike(stack, fault)
            let services = try Service.allCases.map { try stack.start($0) }
            for service in services { try await service.untilLogged("starting") }
            return services
        }
        let services = try await stack.startAll()
        let desk = OrderDesk(stack)
        guard fault != .none, fault != .twice else { return services }
        try await desk.addAccounts(3)
        try await desk.addOrders(3)
        // Slow enough that the strike meets work under way.
        if fault != .netSuiteHangs { try await stack.netSuite.control.patch("/settings", ["latencyMilliseconds": 300]) }
        if fault == .netSuiteHangs { stack.netSuite.freeze() }
        try await services[0].untilLogged("order published")
        await strike(stack, fault)
        return services
    }

    @Loop
    private func strike(_ stack: ServiceStack, _ fault: Fault) async {
        switch fault {
        case .none, .twice, .netSuiteHangs: break
        case .salesforceHangs: stack.salesforce.freeze()
        case .brokerHangs: stack.broker.freeze()
        case .brokerGone, .brokerMissingAtStart: await stack.broker.stop()
        case .databaseHangs: stack.freezeDatabase()
        case .databaseGone, .databaseMissingAtStart: await stack.cluster.stop(signal: SIGQUIT)
        }
    }
}
