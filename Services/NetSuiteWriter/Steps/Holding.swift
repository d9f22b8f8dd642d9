import Contracts
import EventLoop
import Ledger
import NetSuite
import ServiceRuntime

/// When an order that alone cannot go on is put aside, and until when.
enum HoldRule {
    /// So often a message is tried in place before its order is held.
    static let triesInPlace = 5
    /// The longest wait is so many times the first one: 15 minutes after 30 seconds.
    private static let longest = 30.0

    /// The wait before the next try of an order that was held so often before; `random` lies between 0 and 1.
    ///
    /// - Parameter underWay: how long a request may still take effect; the next try does not come before.
    static func wait(
        heldBefore tries: Int64, first: Duration, random: Double, underWay: Duration = .zero
    ) -> Duration {
        let full = min(Double(1 << min(max(tries, 0), 20)), longest) * first.inSeconds
        // Between half and the whole: orders that were held together do not come back together.
        return max(.milliseconds(Int64(full * (0.5 + 0.5 * min(max(random, 0), 1)) * 1000)), underWay)
    }
}

/// Puts an order aside that alone cannot go on: the others flow, and its next try is a durable row.
@Loop
struct Holding {
    let client: NetSuiteClient
    let troubles: Troubles
    /// How long a request whose answer was lost may still take effect.
    let settleTime: Duration
    let firstWait: Duration
    /// The age from which a held order becomes a dead letter.
    let longestHold: Duration

    /// Whether this try is the last one before the order is held.
    func isDue(_ order: IncomingOrder, attempt: Int) -> Bool {
        order.held != nil || attempt >= HoldRule.triesInPlace
    }

    /// How the attempt ends: held, or dead where the order was held too long; nil where it is tried again in place.
    ///
    /// - Parameter isUnknown: whether this attempt's request may still take effect.
    /// - Throws: ``StepEnd/retry(_:)`` where NetSuite as a whole is in trouble, which counts against no order.
    func end(
        of order: IncomingOrder, because trouble: OrderTrouble, isUnknown: Bool, attempt: Int
    ) async throws -> AttemptOutcome? {
        guard isDue(order, attempt: attempt), troubles.isClear, !troubles.isWidespread(.netSuite), !Task.isCancelled
        else { return nil }
        if trouble.suspectsNetSuite { try await requireAnswering() }
        if let held = order.held, held.age >= longestHold, !isUnknown {
            return .dead(Refusals.letter(.heldTooLong, code: trouble.code, detail: trouble.sentence, order: order))
        }
        return .held(
            HoldContent(
                sentence: trouble.sentence, code: trouble.code,
                retryAfter: HoldRule.wait(
                    heldBefore: order.held?.tries ?? 0, first: firstWait, random: .random(in: 0...1),
                    underWay: isUnknown ? settleTime : .zero),
                isUnknown: isUnknown, message: order.source))
    }

    /// Asks NetSuite something that has nothing to do with the order.
    private func requireAnswering() async throws {
        do {
            _ = try await client.items(bySKU: [ItemCatalogue.harmlessSKU])
        } catch {
            throw StepEnd.retry(Trouble(.netSuite, "\(error)"))
        }
    }
}
