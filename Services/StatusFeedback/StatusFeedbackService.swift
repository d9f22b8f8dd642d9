import Contracts
import EventLoop
import Ledger
import Salesforce
import ServiceRuntime
import Telemetry

/// Puts status-feedback together, once, in the order in which its parts start; they stop in the other one.
@Loop
enum StatusFeedbackService {
    static func build(_ configuration: StatusFeedbackConfiguration, on host: ServiceHost) throws {
        let ledger = try host.addLedger()
        let client = SalesforceClient(
            configuration: configuration.salesforce, userAgent: "crossdock-\(host.instance)",
            certificateAuthorityFile: configuration.certificateAuthorityFile, time: host.time, logger: host.logger)
        host.lifecycle.add("Salesforce client", stop: { client.close() })

        let check = OrderStatusCheck(
            rule: configuration.statusRule, salesforce: client, health: host.health, time: host.time,
            logger: host.logger,
            release: { try await host.databasePatience.untilAnswered { try await ledger.releaseOwedStatuses() } })
        host.lifecycle.add(
            "check of the order statuses", start: { check.start() }, stop: { await check.stop() })
        let statuses = OrderStatuses(rule: configuration.statusRule, check: check) { given in
            do {
                return try await host.databasePatience.untilAnswered { try await ledger.noteStatuses(given) }
            } catch {
                host.logger.error("statuses cannot be kept, so their orders are not written", .reason("\(error)"))
                return false
            }
        }

        let lease = FeedbackLease(call: configuration.salesforce.deadline + .seconds(5))
        let delivery = SalesforceDelivery(
            salesforce: client, limit: lease.call, waits: FeedbackWaits(resend: configuration.resendAfter),
            statuses: statuses, productRules: configuration.productRules, health: host.health,
            clock: host.time, metrics: FeedbackMetrics(host.metrics, time: host.time), logger: host.logger)
        let sender = FeedbackSender(
            store: ledger, delivery: delivery, troubles: host.troubles, patience: host.databasePatience,
            holder: host.instance, lease: lease, resendAfter: configuration.resendAfter,
            interval: configuration.interval, time: host.time, logger: host.logger)
        host.lifecycle.add("sender to Salesforce", start: { sender.start() }, stop: { await sender.stop() })

        let intake = FeedbackIntake(
            store: ledger, staleAfter: configuration.staleAfter, patience: host.databasePatience, time: host.time,
            wakeSender: { sender.wake() })
        let lost = LostStates(
            store: ledger, staleAfter: configuration.staleAfter, patience: host.databasePatience, logger: host.logger,
            wakeSender: { sender.wake() })
        try host.addConsumeLoop(
            topics: FeedbackIntake.topics, ledger: ledger, mayTake: { sender.isFlowing }, onGap: lost.reaction,
            handler: { await intake.handle($0) }, poisonHandler: { await intake.handlePoison($0) })
        try ProgressWatchService.add(configuration.watch, ledger: ledger, to: host)
    }
}
