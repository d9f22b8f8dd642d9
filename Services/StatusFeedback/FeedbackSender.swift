import CrashPoints
import EventLoop
import Ledger
import ServiceRuntime
import Telemetry

/// Takes rows whose state Salesforce does not show yet, up to 200 at a time, and has them delivered.
///
/// One batch runs at a time; what arrives meanwhile goes with the next. While Salesforce is in trouble nothing new is
/// consumed, and the rows wait in the ledger.
@Loop
final class FeedbackSender {
    private static let maximumRows = 200
    /// Rows of other processes, and lapsed claims, are looked for this often.
    private static let idleLook = Duration.seconds(5)

    private let store: any FeedbackStore
    private let delivery: SalesforceDelivery
    private let troubles: Troubles
    private let patience: DatabasePatience
    private let holder: String
    private let lease: FeedbackLease
    private let resendAfter: Duration
    private let interval: Duration
    private let time: any TimeSource
    private let logger: Logger
    private let retry = RetryPolicy(base: .milliseconds(500), cap: .seconds(4))

    private var task: Task<Void, any Error>?
    private var isStopping = false
    private var isDelivering = false
    private var isWoken = false
    private var failedBatches = 0
    private var rest: CheckedContinuation<Void, Never>?
    private var restTimer: ScheduledWork?

    init(
        store: any FeedbackStore, delivery: SalesforceDelivery, troubles: Troubles, patience: DatabasePatience,
        holder: String, lease: FeedbackLease, resendAfter: Duration, interval: Duration, time: any TimeSource,
        logger: Logger
    ) {
        self.store = store
        self.delivery = delivery
        self.troubles = troubles
        self.patience = patience
        self.holder = holder
        self.lease = lease
        self.resendAfter = resendAfter
        self.interval = interval
        self.time = time
        self.logger = logger
    }

    /// Whether the last batch found Salesforce well.
    var isFlowing: Bool { failedBatches == 0 }

    func start() {
        task = EventLoop.shared.start { [self] in try await run() }
    }

    /// A row has come.
    func wake() {
        isWoken = true
        endRest()
    }

    /// Lets a batch that is on its way end, for a while; one that is cut is sent again by whoever comes next.
    func stop() async {
        isStopping = true
        let end = time.now + .milliseconds(1200)
        while isDelivering, time.now < end { try? await time.sleep(for: .milliseconds(5)) }
        task?.cancel()
        endRest()
        _ = await task?.result
    }

    private func run() async throws {
        while !isStopping {
            let (claims, claimedAt) = try await claim()
            if claims.isEmpty, !isFlowing {
                try await note(trouble: await delivery.whySalesforceFails())
            } else if claims.isEmpty {
                try await restUntilDue()
            } else {
                try await deliver(claims, claimedAt: claimedAt)
            }
        }
    }

    private func claim() async throws -> (claims: [FeedbackClaim], at: MonotonicInstant) {
        try await patience.untilAnswered { [store, holder, lease, resendAfter, time] in
            let askedAt = time.now
            let claims = try await store.claimFeedback(
                limit: FeedbackSender.maximumRows, holder: holder, lease: lease.length, resendAfter: resendAfter)
            return (claims, askedAt)
        }
    }

    private func deliver(_ claims: [FeedbackClaim], claimedAt: MonotonicInstant) async throws {
        crashPoint("rows-claimed")
        isDelivering = true
        let held = HeldRows(claims, until: claimedAt + lease.length, lease: lease, store: store, time: time)
        let batch = await delivery.deliver(claims) { await held.outlastACall() }
        // Not under this task's cancellation: the rows are to be free again at once.
        let finish = EventLoop.shared.start { [patience, store] in
            try await patience.untilAnswered { try await store.finishFeedback(batch.results) }
        }
        let finished = await finish.result
        isDelivering = false
        try finished.get()
        crashPoint("results-stored")
        logger.info("batch for Salesforce", .count(claims.count), .outcome(batch.trouble == nil ? "sent" : "trouble"))
        try await note(trouble: batch.trouble)
    }

    /// What may have landed is sent again after a minute only. Whether Salesforce is back is asked before, or one cut
    /// call would keep everything that comes behind it waiting for that minute.
    private func note(trouble: String?) async throws {
        guard let trouble else {
            failedBatches = 0
            troubles.clear(.salesforce)
            return try await time.sleep(for: interval)
        }
        failedBatches += 1
        troubles.raise(Trouble(.salesforce, trouble))
        guard !isStopping else { return }
        try await time.sleep(for: retry.delay(afterTry: failedBatches, random: .random(in: 0...1)))
    }

    private func restUntilDue() async throws {
        let due = try await patience.untilAnswered { [store] in try await store.nextFeedbackDue() }
        guard !isWoken, !isStopping else {
            isWoken = false
            return
        }
        let limit = min(max(due ?? FeedbackSender.idleLook, .milliseconds(50)), FeedbackSender.idleLook)
        await withCheckedContinuation { continuation in
            rest = continuation
            restTimer = time.schedule(after: limit) { [weak self] in self?.endRest() }
        }
        isWoken = false
    }

    private func endRest() {
        restTimer?.cancel()
        restTimer = nil
        rest?.resume()
        rest = nil
    }
}

/// How long rows are claimed for.
struct FeedbackLease: Sendable {
    /// How long one call may take.
    let call: Duration
    /// What else may take time before and after it.
    private static let margin = Duration.seconds(5)
    /// So much must be left before a call begins.
    var needed: Duration { call + Self.margin }
    /// A lost status-feedback keeps its rows for this long.
    var length: Duration { needed + Self.margin }
}

/// Rows that are ours for a while, and longer where need be.
@Loop
private final class HeldRows {
    private let claims: [FeedbackClaim]
    private var end: MonotonicInstant
    private let lease: FeedbackLease
    private let store: any FeedbackStore
    private let time: any TimeSource

    init(
        _ claims: [FeedbackClaim], until end: MonotonicInstant, lease: FeedbackLease, store: any FeedbackStore,
        time: any TimeSource
    ) {
        self.claims = claims
        self.end = end
        self.lease = lease
        self.store = store
        self.time = time
    }

    /// Whether they stay ours while a call lasts; one that slept through its claim must not send what it had then.
    func outlastACall() async -> Bool {
        let now = time.now
        if now + lease.needed <= end { return true }
        guard (try? await store.renewFeedback(claims, lease: lease.length)) == true else { return false }
        end = now + lease.length
        return true
    }
}
