import Contracts
import CrashPoints
import EventLoop
import Ledger
import Salesforce
import ServiceRuntime
import Telemetry

/// Puts the publisher together and polls while it leads.
@Loop
enum OrderPublisherService {
    private nonisolated static let name = "order-publisher"

    nonisolated static let description = ServiceDescription(
        name: name,
        summary: "Publishes every order that became ready in Salesforce, complete, once per version",
        settings: OrderPublisherConfiguration.rows, build: build)

    @Sendable
    private static func build(_ host: ServiceHost) async throws {
        let configuration = try OrderPublisherConfiguration(host.settings)
        let client = SalesforceClient(
            configuration: try SalesforceConfiguration(host.settings), userAgent: "crossdock order-publisher",
            certificateAuthorityFile: try host.settings.optional(SalesforceSettings.certificateAuthority),
            logger: host.logger)
        let measures = PublisherMeasures(host.metrics)
        let ledger = try host.addLedger()
        let producer = try host.addEventProducer(for: .orderSubmitted)
        let pipeline = OrderPublisherPipeline(
            source: client, ledger: ledger, patience: host.databasePatience, configuration: configuration,
            measures: measures, logger: host.logger, time: host.time,
            onStartKnown: { host.health.set(name, reason: nil) }
        ) { (value, headers) async throws(Trouble) in
            try await producer.send(
                .orderSubmitted, value: value, headers: headers, handedOver: { crashPoint("produced") })
        }
        let polling = PollLoop(
            interval: configuration.pollInterval, report: .breakers(host.troubles), logger: host.logger,
            time: host.time, trouble: trouble,
            pause: {
                Pacing.interval(
                    base: configuration.pollInterval, usage: client.usage,
                    reservePercent: configuration.reservePercent)
            },
            poll: { try await pipeline.poll(under: $0) })
        host.lifecycle.add("Salesforce", stop: { client.close() })
        // An order that is made once somebody is ready is taken: what came before the very first start is left out.
        let notYet = "it is not known yet from when orders are taken"
        host.health.set(name, reason: notYet)
        host.addLeaderRole(
            name, ledger: ledger, lease: configuration.leaderLease,
            onChange: { isLeading in
                measures.noteLeading(isLeading)
                host.health.set(name, reason: isLeading ? notYet : nil)
            }, work: { await polling.run(under: $0) })
    }

    /// No order is blamed for what ends a poll.
    nonisolated static func trouble(of error: any Error) -> Trouble {
        switch error {
        case let trouble as Trouble: trouble
        case let failure as SalesforceFailure: Trouble(.salesforce, failure.description)
        case let missing as MissingFields: Trouble(.salesforce, missing.description)
        case let error as ContractError: Trouble(.salesforce, "an answer cannot be read: \(error.reason)")
        // What is left is what the ledger throws: its text has no data.
        default: Trouble(.database, "\(error)")
        }
    }
}
