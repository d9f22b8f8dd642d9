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
    /// Whether a request that changes something has left under this claim.
    private(set) var hasSent = false

    /// The lease must outlast a request's deadline by this much.
    private static let margin: Duration = .seconds(5)

    init(leased: LeasedClaim, batches: LedgerBatches, requestDeadline: Duration) {
        self.leased = leased
        self.batches = batches
        self.requestDeadline = requestDeadline
    }

    /// Sends a change: right before its first byte the lease is looked at, and renewed where it would not last.
    ///
    /// - Throws: ``StepEnd``.
    func send(
        _ request: (@escaping @Loop @Sendable () async throws -> Bool) async throws -> NetSuiteWriteAnswer
    ) async throws -> NetSuiteWriteAnswer {
        var isFenced = false
        do {
            return try await request { [self] in
                guard try await holdsLease() else {
                    isFenced = true
                    return false
                }
                hasSent = true
                return true
            }
        } catch let failure as NetSuiteFailure {
            if isFenced { throw StepEnd.fenced }
            throw Refusals.end(of: failure)
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
