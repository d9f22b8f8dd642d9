import Contracts
import EventLoop
import Ledger
import NetSuite
import NetSuiteAccess
import ServiceRuntime
import Telemetry

/// Adds the watch to status-feedback: one process watches, others stand by.
@Loop
enum ProgressWatchService {
    /// What is led, in the ledger's table of leaders, and the watch's name in health.
    static let name = "status-feedback-watch"

    static func add(_ configuration: WatchConfiguration, ledger: Ledger, to host: ServiceHost) throws {
        let producer = try host.addEventProducer(for: .orderProgressed)
        let client = try host.addNetSuiteClient(configuration.netSuite, ledger: ledger)
        let publication = ChangePublication(
            topic: .orderProgressed, keepsHistory: true, ledger: ledger, producer: producer,
            patience: host.databasePatience, logger: host.logger, time: host.time)
        let watch = ProgressWatch(
            account: try host.watchedAccount(client: client, ledger: ledger),
            accountCurrency: configuration.accountCurrency, interval: configuration.interval, ledger: ledger,
            patience: host.databasePatience, publication: publication, measures: WatchMeasures(host.metrics),
            health: host.health, logger: host.logger)
        // Salesforce is written to whether or not NetSuite answers: the watch's trouble is said, and opens no breaker.
        let polling = PollLoop(
            interval: configuration.interval, report: .health(host.health, as: name), logger: host.logger,
            time: host.time, trouble: { Trouble(ofPoll: $0) }, poll: { try await watch.poll(under: $0) })
        host.addLeaderRole(
            name, ledger: ledger, lease: configuration.leaderLease,
            onChange: { isLeading in if !isLeading { host.health.set(name, reason: nil) } },
            work: { await polling.run(under: $0) })
    }
}
