import Contracts
import EventLoop
import Salesforce
import ServiceRuntime
import Telemetry

/// Objects whose fields are missing or not granted: what is shown on them waits, and the service says why; orders are
/// written all the same.
@Loop
final class PartTroubles {
    private let wait: Duration
    private let health: Health
    private let time: any TimeSource
    private let logger: Logger
    private var known: [String: (refusal: SalesforceRefusal, until: MonotonicInstant)] = [:]

    /// - Parameter wait: after how long an object is tried again.
    init(wait: Duration, health: Health, time: any TimeSource, logger: Logger) {
        self.wait = wait
        self.health = health
        self.time = time
        self.logger = logger
    }

    /// Why records of an object are not to be sent now; nil when they may be.
    func refusal(of object: String) -> SalesforceRefusal? {
        known[object].flatMap { $0.until > time.now ? $0.refusal : nil }
    }

    /// Notes how records ended; objects none of which was answered stay as they are.
    func note(_ updates: [RecordUpdate], _ outcomes: [SalesforceId: RecordOutcome]) {
        for (object, updates) in Dictionary(grouping: updates, by: \.object) where object != "Order" {
            let outcomes = updates.compactMap { outcomes[$0.id] }
            for case .misconfigured(let refusal) in outcomes.prefix(1) { note(object, refusal) }
            if outcomes.contains(where: \.isDone) { note(object, nil) }
        }
    }

    /// Notes what an object lacks; nil where nothing.
    func note(_ object: String, _ refusal: SalesforceRefusal?) {
        guard let refusal else {
            if known.removeValue(forKey: object) != nil { health.set(Self.component(object), reason: nil) }
            return
        }
        if known[object] == nil {
            logger.error(
                "fields of an object in Salesforce are missing or not granted: what is shown there waits",
                LogField(.recordType, object), .errorCode(refusal.code),
                LogField(.field, refusal.fields.first ?? ""))
        }
        known[object] = (refusal, time.now + wait)
        health.set(
            Self.component(object), reason: refusal.isOfTheConfiguration ? refusal.asConfigurationTrouble : "\(refusal)"
        )
    }

    private static func component(_ object: String) -> String { "Salesforce \(object)" }
}
