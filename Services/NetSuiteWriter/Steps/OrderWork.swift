import EventLoop
import Ledger
import NetSuite
import ServiceRuntime

/// One claimed order on its way through the steps: its lease, and the way to send under it.
@Loop
final class OrderWork {
    private(set) var leased: LeasedClaim
    private let batches: LedgerBatches
    private let requestDeadline: Duration
    private let attempt: Int
    /// How long a request whose answer was lost may still take effect.
    private let settleTime: Duration

    /// The lease must outlast a request's deadline by this much.
    nonisolated static let margin: Duration = .seconds(5)

    /// From this try on an answer that may be of the past is believed.
    private static let believingTry = 3

    /// - Parameter attempt: which try of the message this is, from 1.
    init(
        leased: LeasedClaim, batches: LedgerBatches, requestDeadline: Duration, settleTime: Duration, attempt: Int
    ) {
        self.leased = leased
        self.batches = batches
        self.requestDeadline = requestDeadline
        self.settleTime = settleTime
        self.attempt = attempt
    }

    /// Whether an earlier attempt may have been sent, and nobody knows what became of it.
    var isProbeNeeded: Bool { leased.claim.previousUnknown != nil }

    /// How long an earlier request may still take effect; nil when whatever was sent has landed or never will.
    var underWay: Duration? {
        guard let unknown = leased.claim.previousUnknown, unknown.elapsed < settleTime else { return nil }
        return settleTime - unknown.elapsed
    }

    /// For what has no protection of its own: what may still be on its way must land before one looks and sends.
    ///
    /// - Throws: ``StepEnd/underWay(_:)``.
    func requireNothingUnderWay() throws {
        if let underWay { throw StepEnd.underWay(underWay) }
    }

    /// Whether an answer that decides an order for good is looked at again before it is believed.
    var isDoubtful: Bool { attempt < Self.believingTry }

    /// Whether this is the message's first try: what was looked up before may be of the past.
    var isFirstTry: Bool { attempt == 1 }

    /// Whether a change of a record that is there has left under this claim: unlike a create, NetSuite would take it
    /// from us also after another holder's.
    private(set) var hasSentChange = false

    /// Sends a request that creates or changes: right before its first byte the lease is looked at, and renewed where it
    /// would not last.
    ///
    /// - Throws: ``StepEnd``.
    func send(
        isChange: Bool = false,
        _ request: (@escaping @Loop @Sendable () async throws -> Bool) async throws -> NetSuiteWriteAnswer
    ) async throws -> NetSuiteWriteAnswer {
        var withdrawn: StepEnd?
        do {
            return try await request { [self] in
                do {
                    if try await holdsLease() {
                        if isChange { hasSentChange = true }
                        return true
                    }
                    withdrawn = .fenced
                } catch {
                    // That the lease could not be renewed is the database's trouble and not NetSuite's.
                    withdrawn = Trouble(databaseError: error).map { .retry($0) }
                }
                return false
            }
        } catch let failure as NetSuiteFailure {
            throw withdrawn ?? Refusals.end(of: failure)
        }
    }

    private func holdsLease() async throws -> Bool {
        guard let end = try await batches.leaseEnd(of: leased, lasting: requestDeadline + Self.margin) else {
            return false
        }
        leased.leaseEnd = end
        return true
    }
}
