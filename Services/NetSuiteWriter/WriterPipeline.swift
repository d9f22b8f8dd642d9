import Contracts
import CrashPoints
import EventLoop
import FoundationEssentials
import Ledger
import NetSuite
import ServiceRuntime
import Telemetry

/// The main job: one order message, made true in NetSuite.
///
/// decode → items and mapping → marker, durable (T0) → customer → order → outcome, durable (T1) → number read back →
/// settlement, durable (T2) → published. A kill between any two steps is met by the next delivery: the ledger then
/// says what is known, and what may have been sent is looked for before anything is sent again.
@Loop
struct WriterPipeline {
    let preparation: Preparation
    let batches: LedgerBatches
    let customers: CustomerStep
    let orders: OrderStep
    let settling: Settling
    let holding: Holding
    let requestDeadline: Duration
    let time: any TimeSource

    /// Handles a message once; the loop around it calls again for whatever is not final.
    ///
    /// - Parameter held: the row that this try comes from, where the order was held.
    func handle(_ delivery: Delivery, resuming held: HeldOrder? = nil) async -> Outcome {
        crashPoint("message-taken")
        do {
            switch Decoding.decode(delivery, resuming: held, now: time.wallClock) {
            case .order(let order): return try await handle(order, delivery)
            case .unreadable(let letter): return try await settleUnclaimed(letter, delivery)
            }
        } catch {
            return outcome(of: error)
        }
    }

    /// Makes a message that ends the process a dead letter, without reading it.
    func handlePoison(_ delivery: Delivery) async -> Outcome {
        do {
            return try await settleUnclaimed(Decoding.poisonLetter(delivery, now: time.wallClock), delivery)
        } catch {
            return outcome(of: error)
        }
    }

    private func handle(_ order: IncomingOrder, _ delivery: Delivery) async throws -> Outcome {
        crashPoint("decoded")
        crashPoint("poison", of: order.snapshot.orderId.text)
        crashPoint("stuck", of: order.snapshot.orderId.text)
        let prepared: Prepared
        do {
            prepared = .ready(try await preparation.prepare(order))
        } catch StepEnd.dead(let letter) {
            prepared = .dead(letter)
        } catch StepEnd.stuck(let trouble) where holding.isDue(order, attempt: delivery.attempt) {
            prepared = .stuck(trouble)
        }
        let claimed = try await batches.claim(order.claimRequest)
        switch claimed.answer {
        case .claimed(let claim):
            crashPoint("t0-committed")
            let work = OrderWork(
                leased: LeasedClaim(claim: claim, leaseEnd: claimed.leaseEnd), batches: batches,
                requestDeadline: requestDeadline, settleTime: holding.settleTime,
                attempt: order.held == nil ? delivery.attempt : .max)
            return try await carryOut(order, prepared, work, delivery)
        case .busy(let remaining):
            return .postponed(min(max(remaining, .milliseconds(100)), .seconds(5)))
        case .settledBefore(let stored):
            noteRefusedReplay(order, delivery, "its dead letter waits for no replay any more")
            try await settling.settle(stored, order: order)
            return outcome(of: stored)
        case .superseded(let stored):
            noteRefusedReplay(order, delivery, "a newer version of the order has been settled since")
            try await settling.settle(stored)
            return .superseded
        case .conflictingBody:
            return try await refuse(order, "this version was written before from another content", delivery)
        case .aheadOfClock:
            return try await refuse(order, "the version lies more than a day ahead of the clock", delivery)
        }
    }

    private enum Prepared {
        case ready(Preparation.Prepared)
        case dead(DeadLetterContent)
        case stuck(OrderTrouble)
    }

    // MARK: Under a claim

    private func carryOut(
        _ order: IncomingOrder, _ prepared: Prepared, _ work: OrderWork, _ delivery: Delivery
    ) async throws -> Outcome {
        var customer: CustomerReference?
        let end: AttemptOutcome
        do {
            end = try await write(order, prepared, work, customer: &customer)
        } catch let stop as StepEnd {
            switch await ending(stop, of: order, work, delivery) {
            case .settled(let outcome): end = outcome
            case .open(let outcome, let reason, let isUnknown):
                try await release(work, customer: customer, reason: reason, isUnknown: isUnknown, delivery)
                // What was cut off by a stop or a rebalance is nobody's trouble.
                return Task.isCancelled ? .postponed(.seconds(1)) : outcome
            }
        }
        let record = AttemptRecord(
            claim: work.leased.claim, outcome: end, settlementEventId: EventId.new(at: time.wallClock).text,
            customer: customer, answer: Self.answer(of: end))
        switch try await batches.record(record) {
        case .recorded(let stored), .alreadyRecorded(let stored):
            crashPoint("t1-committed")
            report(stored, delivery)
            try await settling.settle(stored, order: order)
            return outcome(of: stored)
        case .fenced:
            try await mendLateChange(work, delivery)
            return .postponed(.seconds(1))
        }
    }

    /// Why the order was held stays with the attempt, when the hold itself is gone.
    private static func answer(of end: AttemptOutcome) -> AttemptAnswer? {
        guard case .held(let hold) = end else { return nil }
        return AttemptAnswer(code: hold.code, summary: hold.sentence)
    }

    private func write(
        _ order: IncomingOrder, _ prepared: Prepared, _ work: OrderWork, customer: inout CustomerReference?
    ) async throws -> AttemptOutcome {
        let ready: Preparation.Prepared
        switch prepared {
        case .ready(let found): ready = found
        case .dead(let letter): return try await orders.landed(order, work: work) ?? .dead(letter)
        case .stuck(let trouble): throw StepEnd.stuck(trouble)
        }
        let customerId = try await customers.customer(of: order, work: work)
        if let number = Int64(customerId) {
            customer = CustomerReference(accountId: order.snapshot.account.id.text, netSuiteId: number)
        }
        return try await orders.apply(.init(order: order, prepared: ready, customerId: customerId), work: work)
    }

    /// How an attempt ends that did not come through.
    private enum Ending {
        /// For good, or until its next try as a held order.
        case settled(AttemptOutcome)
        /// Not yet: the claim is given back.
        case open(Outcome, reason: String, isUnknown: Bool)
    }

    private func ending(
        _ stop: StepEnd, of order: IncomingOrder, _ work: OrderWork, _ delivery: Delivery
    ) async -> Ending {
        switch stop {
        case .dead(let letter):
            // While an earlier request may still land, the order is not known to be dead.
            guard let wait = work.underWay else { return .settled(.dead(letter)) }
            return .open(.postponed(wait), reason: "an earlier request may still take effect", isUnknown: false)
        case .underWay(let wait):
            return .open(.postponed(wait), reason: "an earlier request may still take effect", isUnknown: false)
        case .retry(let trouble):
            return .open(.retry(trouble), reason: trouble.reason, isUnknown: false)
        case .stuck(let trouble):
            return await ending(trouble, isUnknown: false, of: order, delivery)
        case .unknown(let trouble):
            return await ending(trouble, isUnknown: true, of: order, delivery)
        case .fenced:
            return .open(.postponed(.seconds(1)), reason: "another holder has the order", isUnknown: false)
        }
    }

    private func ending(
        _ trouble: OrderTrouble, isUnknown: Bool, of order: IncomingOrder, _ delivery: Delivery
    ) async -> Ending {
        var reported = trouble.trouble
        do {
            let end = try await holding.end(
                of: order, because: trouble, isUnknown: isUnknown, attempt: delivery.attempt)
            if let end { return .settled(end) }
        } catch StepEnd.retry(let found) {
            reported = found
        } catch {}
        return .open(isUnknown ? .unknown(reported) : .retry(reported), reason: trouble.reason, isUnknown: isUnknown)
    }

    /// Gives the order back; that an earlier attempt's answer is unknown stays in the ledger, with its time.
    private func release(
        _ work: OrderWork, customer: CustomerReference?, reason: String, isUnknown: Bool, _ delivery: Delivery
    ) async throws {
        let (batches, claim) = (batches, work.leased.claim)
        // A task of its own: when the service stops this one is cancelled, and the order is to be handed over, not left
        // to its lease.
        try await EventLoop.shared.start {
            if isUnknown {
                let isOurs = try await batches.markUnknown(claim, customer: customer, reason: reason)
                if !isOurs { try await mendLateChange(work, delivery) }
            } else {
                try await batches.giveBack(claim, customer: customer, reason: reason)
            }
        }.value
    }

    /// A process that was frozen right before it sent may have changed the order behind its next holder, who decides
    /// about it now: a fresh version puts right whatever came of that.
    private func mendLateChange(_ work: OrderWork, _ delivery: Delivery) async throws {
        guard work.hasSentChange else { return }
        let id = work.leased.claim.orderId
        delivery.logger.warning("a change may have come behind a later one: the order is sent afresh", .orderId(id))
        try await batches.requestPublication(of: id)
    }

    // MARK: Without a claim

    private func refuse(_ order: IncomingOrder, _ reason: String, _ delivery: Delivery) async throws -> Outcome {
        let error = ContractError(
            path: "version", reason: reason, mend: "publish the order again: it gets a new version")
        return try await settleUnclaimed(
            Decoding.letter(for: error, source: order.source, delivery: delivery, now: time.wallClock), delivery)
    }

    private func settleUnclaimed(_ letter: UnclaimedLetter, _ delivery: Delivery) async throws -> Outcome {
        delivery.logger.warning(
            "the message became a dead letter", LogField(.letterClass, letter.content.letterClass),
            LogField(.field, letter.content.field ?? ""))
        if let stored = try await batches.recordUnclaimed(letter) { try await settling.settle(stored) }
        return .dead
    }

    // MARK: Outcomes

    private func report(_ stored: StoredSettlement, _ delivery: Delivery) {
        delivery.logger.info(
            "order settled", .orderId(stored.orderId), .version(stored.version ?? 0),
            .outcome(stored.outcome.rawValue), LogField(.sequence, stored.sequence),
            LogField(.netSuiteId, stored.netSuiteId.map(String.init) ?? ""),
            LogField(.letterClass, stored.letter?.letterClass ?? ""))
    }

    private func noteRefusedReplay(_ order: IncomingOrder, _ delivery: Delivery, _ reason: String) {
        guard let letterId = order.headers.replayOf else { return }
        delivery.logger.info(
            "a replay is refused", .orderId(order.snapshot.orderId.text), .version(order.snapshot.version),
            LogField(.letterId, letterId), .reason(reason))
    }

    private func outcome(of stored: StoredSettlement) -> Outcome {
        switch stored.outcome {
        case .written: .written
        case .unchanged: .unchanged
        case .superseded: .superseded
        case .held: .held
        case .dead, .discarded, .reopened: .dead
        }
    }

    private func outcome(of error: any Error) -> Outcome {
        switch error {
        case StepEnd.retry(let trouble): .retry(trouble)
        case StepEnd.stuck(let trouble): .retry(trouble.trouble)
        case is CancellationError: .postponed(.seconds(1))
        default: .retry(Trouble(databaseError: error) ?? Trouble(.order, "unexpected: \(type(of: error))"))
        }
    }
}
