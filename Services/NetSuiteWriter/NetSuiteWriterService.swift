import Contracts
import EventLoop
import JSONText
import Ledger
import NetSuite
import NetSuiteAccess
import OrderMapping
import ServiceRuntime
import Telemetry

/// Puts the writer together, once, in the order in which its parts start; they stop in the other one.
@Loop
enum NetSuiteWriterService {
    /// Orders that may wait for a request: more would only grow old behind the gate.
    private static let maximumWaiting = 32
    /// Orders that are open: enough for a query of items or numbers to be full while the one before is answered, and few
    /// enough for their memory.
    private static let maximumOpen = 600

    static func build(_ configuration: NetSuiteWriterConfiguration, on host: ServiceHost) throws {
        let mapping = try mapping(configuration.mappingFile)
        let ledger = try host.addLedger()
        let producer = try host.addEventProducer(for: .orderSettled)
        let netSuite = try NetSuiteConfiguration(host.settings, concurrency: NetSuiteSettings.concurrency)
        let client = try host.addNetSuiteClient(netSuite, ledger: ledger)
        let batches = LedgerBatches(
            ledger: ledger, patience: host.databasePatience, holder: host.instance,
            lease: configuration.lease, time: host.time)
        let items = ItemCatalogue(age: configuration.itemAge, time: host.time) { skus in
            try await client.items(bySKU: skus).filter { !$0.value.isInactive }.mapValues(\.id)
        }
        let preparation = Preparation(items: items, mapping: mapping)
        let settling = Settling(
            batches: batches, readBack: ReadBack(client: client, time: host.time), producer: producer,
            time: host.time)
        let pipeline = WriterPipeline(
            preparation: preparation, batches: batches,
            customers: CustomerStep(client: client, mapping: mapping),
            orders: OrderStep(client: client, preparation: preparation),
            settling: settling,
            holding: Holding(
                client: client, troubles: host.troubles, settleTime: configuration.unknownChangeWait,
                firstWait: configuration.heldFirstWait, longestHold: configuration.longestHold),
            requestDeadline: configuration.requestDeadline, time: host.time)
        let mayTake: @Loop @Sendable () -> Bool = {
            client.gate.waitingCount + batches.waitingClaims < maximumWaiting
        }
        try host.addConsumeLoop(
            topics: [Topic.orderSubmitted.name], ledger: ledger, maximumOpen: maximumOpen, mayTake: mayTake,
            onGap: sendingAgain(ledger, host),
            handler: { await pipeline.handle($0) }, poisonHandler: { await pipeline.handlePoison($0) })
        let resumer = HeldOrderResumer(
            ledger: ledger, patience: host.databasePatience, time: host.time, logger: host.logger,
            mayTake: { host.troubles.isClear && mayTake() }, handle: { await pipeline.handle($0, resuming: $1) })
        host.lifecycle.add("held orders", start: { resumer.start() }, stop: { await resumer.stop() })
        let sweep = SettlementSweep(
            ledger: ledger, patience: host.databasePatience, age: .seconds(15), time: host.time,
            logger: host.logger, mayTake: { host.troubles.isClear && mayTake() },
            settle: { try await settling.settle($0) })
        host.lifecycle.add("sweep of settlements", start: { sweep.start() }, stop: { sweep.stop() })
    }

    /// What Kafka lost of the orders the ledger still has: every version that is not settled.
    private static func sendingAgain(_ ledger: Ledger, _ host: ServiceHost) -> GapReaction {
        let (patience, logger) = (host.databasePatience, host.logger)
        return GapReaction(
            mend: "The order-publisher sends every version again that is not settled, within its poll interval",
            act: { _ in
                let count = try await patience.untilAnswered { try await ledger.sendUnsettledAgain() }
                logger.info("versions without a settlement are sent again", .count(count))
            })
    }

    private static func mapping(_ path: String) throws -> OrderMapping {
        do {
            return try OrderMapping.load(path: path)
        } catch {
            throw ConfigurationError(
                NetSuiteWriterConfiguration.mappingFile.name, "names a mapping that cannot work",
                "mend what follows, and look with `crossdock mapping check`\n\(error)")
        }
    }
}
