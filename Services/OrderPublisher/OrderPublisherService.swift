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
    nonisolated static let description = ServiceDescription(
        name: "order-publisher",
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
            measures: measures, logger: host.logger, time: host.time
        ) { (value, headers) async throws(Trouble) in
            try await producer.send(
                .orderSubmitted, value: value, headers: headers, handedOver: { crashPoint("produced") })
        }
        let polling = Polling(
            pipeline: pipeline, troubles: host.troubles, configuration: configuration, logger: host.logger,
            time: host.time, usage: { client.usage })
        let leadership = PublisherLeadership(
            ledger: ledger, holder: host.instance, terms: LeadershipTerms(lease: configuration.leaderLease),
            troubles: host.troubles, patience: host.databasePatience, measures: measures, logger: host.logger,
            time: host.time, work: { await polling.run(under: $0) })
        host.lifecycle.add("Salesforce", stop: { client.close() })
        let running = Running()
        host.lifecycle.add(
            "publisher",
            start: { running.task = EventLoop.shared.start { await leadership.run() } },
            stop: {
                running.task?.cancel()
                _ = await running.task?.result
            })
    }

    private final class Running: Sendable {
        @Loop var task: Task<Void, any Error>?
    }
}

/// Polls one after the other; a trouble of a system lengthens the pause and is said in health, and no order is blamed.
@Loop
final class Polling {
    private let pipeline: OrderPublisherPipeline
    private let troubles: Troubles
    private let configuration: OrderPublisherConfiguration
    private let logger: Logger
    private let time: any TimeSource
    private let usage: @Loop @Sendable () -> APIUsage?
    /// Soon again, so that it resumes within seconds; where the day's calls are used up, pacing waits longer.
    private let retry = RetryPolicy(base: .seconds(1), cap: .seconds(4))

    init(
        pipeline: OrderPublisherPipeline, troubles: Troubles, configuration: OrderPublisherConfiguration,
        logger: Logger, time: any TimeSource, usage: @escaping @Loop @Sendable () -> APIUsage?
    ) {
        self.pipeline = pipeline
        self.troubles = troubles
        self.configuration = configuration
        self.logger = logger
        self.time = time
        self.usage = usage
    }

    /// Returns when cancelled or when another process leads.
    func run(under leadership: Leadership) async {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await pipeline.poll(under: leadership)
                troubles.clearAll()
                failures = 0
            } catch is LeadershipLost {
                return logger.warning("another order-publisher leads now")
            } catch {
                if Task.isCancelled { return }
                failures += 1
                troubles.raise(Self.trouble(of: error))
            }
            let pause = Pacing.interval(
                base: configuration.pollInterval, usage: usage(), reservePercent: configuration.reservePercent)
            let penalty =
                failures > 0 ? retry.delay(afterTry: failures, random: .random(in: 0...1)) : .zero
            do {
                // After a trouble the next try need not wait for the interval, but never makes calls denser than pacing.
                try await time.sleep(for: failures > 0 && pause <= configuration.pollInterval ? penalty : pause)
            } catch {
                return
            }
        }
    }

    static func trouble(of error: any Error) -> Trouble {
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
