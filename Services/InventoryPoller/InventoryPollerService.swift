import Contracts
import EventLoop
import Ledger
import NetSuite
import NetSuiteAccess
import ServiceRuntime
import Telemetry

/// Puts the poller together and polls while it leads.
@Loop
enum InventoryPollerService {
    nonisolated static let description = ServiceDescription(
        name: "inventory-poller",
        summary: "Publishes stock, list price and activity of NetSuite's items: what changed, and all once a day",
        settings: InventoryPollerConfiguration.rows, build: build)

    @Sendable
    private static func build(_ host: ServiceHost) async throws {
        let configuration = try InventoryPollerConfiguration(host.settings)
        let ledger = try host.addLedger()
        let producer = try host.addEventProducer(for: .inventoryCounted)
        let client = try host.addNetSuiteClient(
            NetSuiteConfiguration(host.settings, concurrency: NetSuiteSettings.watchConcurrency), ledger: ledger)
        let publication = ChangePublication(
            topic: .inventoryCounted, keepsHistory: false, ledger: ledger, producer: producer,
            patience: host.databasePatience, logger: host.logger, time: host.time)
        let pipeline = InventoryPollerPipeline(
            account: try host.watchedAccount(client: client, ledger: ledger), ledger: ledger,
            patience: host.databasePatience, publication: publication, configuration: configuration,
            measures: InventoryMeasures(host.metrics), health: host.health, logger: host.logger)
        let polling = PollLoop(
            interval: configuration.interval, report: .breakers(host.troubles), logger: host.logger,
            time: host.time, trouble: Trouble.init(ofPoll:),
            pause: { pipeline.hasWorkLeft ? .zero : configuration.interval },
            poll: { try await pipeline.poll(under: $0) })
        host.addLeaderRole(
            "inventory-poller", ledger: ledger, lease: configuration.leaderLease,
            work: { await polling.run(under: $0) })
    }
}
