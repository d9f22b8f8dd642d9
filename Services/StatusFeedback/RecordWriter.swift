import EventLoop
import Salesforce
import Telemetry

/// Asked before each call: whether the rows are ours until it has ended.
typealias MayCall = @Loop @Sendable () async -> Bool

/// Writes records, 200 a call, each with its own outcome.
@Loop
final class RecordWriter {
    private let salesforce: any SalesforceRecords
    /// How long a call may take, its log-in included.
    private let limit: Duration
    private let clock: any TimeSource
    private let metrics: FeedbackMetrics
    private let logger: Logger

    init(
        salesforce: any SalesforceRecords, limit: Duration, clock: any TimeSource, metrics: FeedbackMetrics,
        logger: Logger
    ) {
        self.salesforce = salesforce
        self.limit = limit
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
    }

    /// How many calls were made.
    private(set) var calls = 0

    /// Writes records; one outcome each, in their order.
    ///
    /// Records of one object stand together, so a call has as many runs of them as there are objects, of the ten that
    /// Salesforce takes.
    func write(_ updates: [RecordUpdate], _ mayCall: @escaping MayCall) async -> [RecordOutcome] {
        let outcomes = RecordOutcome.withConfigurationTrouble(await writeAll(updates, mayCall), of: updates)
        for (update, outcome) in zip(updates, outcomes) {
            metrics.records.add(1, update.object, outcome.name)
            if case .refused(let refusal) = outcome {
                logger.warning(
                    "Salesforce refused a record", LogField(.recordType, update.object), .errorCode(refusal.code),
                    LogField(.field, refusal.fields.first ?? ""))
            }
        }
        return outcomes
    }

    /// Looks at something before it is written, within the time of a call.
    func read<Value: Sendable>(
        _ object: String, _ body: @escaping @Loop @Sendable () async throws -> Value
    ) async throws -> Value {
        calls += 1
        do {
            let value = try await withDeadline(limit, time: clock, body)
            metrics.reads.add(1, object, "answered")
            return value
        } catch {
            metrics.reads.add(1, object, (error as? SalesforceFailure)?.name ?? "trouble")
            throw error
        }
    }

    /// Notes a call that a read makes beside its first.
    func noteFurtherCall() { calls += 1 }

    /// A call that is refused as a whole is halved until the record is found.
    private func writeAll(_ updates: [RecordUpdate], _ mayCall: @escaping MayCall) async -> [RecordOutcome] {
        var outcomes: [RecordOutcome] = []
        var rest = updates[...]
        while !rest.isEmpty {
            let call = Array(rest.prefix(SalesforceClient.maximumRecordsPerCall))
            rest = rest.dropFirst(call.count)
            if let trouble = outcomes.last?.trouble {
                outcomes += call.map { _ in .systemTrouble(reason: trouble) }
            } else if await mayCall() {
                outcomes += await writeOnce(call, mayCall)
            } else {
                outcomes += call.map { _ in .notSent }
            }
        }
        return outcomes
    }

    private func writeOnce(_ updates: [RecordUpdate], _ mayCall: @escaping MayCall) async -> [RecordOutcome] {
        calls += 1
        do throws(SalesforceFailure) {
            let results = try await update(updates)
            metrics.writes.add(1, "answered")
            return zip(results, updates).map { RecordOutcome($0, of: $1.object) }
        } catch {
            metrics.writes.add(1, error.name)
            switch error {
            case .systemTrouble(let reason): return updates.map { _ in .systemTrouble(reason: reason) }
            case .unknownOutcome(let reason): return updates.map { _ in .unknown(reason: reason) }
            case .refused(let refusal) where refusal.isOfTheConfiguration:
                return updates.map { _ in .systemTrouble(reason: refusal.asConfigurationTrouble) }
            case .refused(let refusal):
                guard updates.count > 1 else { return [.refused(refusal)] }
                return await writeAll(Array(updates.prefix(updates.count / 2)), mayCall)
                    + writeAll(Array(updates.dropFirst(updates.count / 2)), mayCall)
            }
        }
    }

    private func update(_ updates: [RecordUpdate]) async throws(SalesforceFailure) -> [RecordResult] {
        do {
            return try await withDeadline(limit, time: clock) { [salesforce] in try await salesforce.update(updates) }
        } catch let failure as SalesforceFailure {
            throw failure
        } catch {
            throw .unknownOutcome(reason: "no answer: \(error)")
        }
    }
}

extension SalesforceFailure {
    /// The word for metrics.
    fileprivate var name: String {
        switch self {
        case .refused: "refused"
        case .systemTrouble: "trouble"
        case .unknownOutcome: "unknown"
        }
    }

    /// Why Salesforce as a whole does not serve, when a read failed.
    var asTrouble: String {
        if case .refused(let refusal) = self, refusal.isOfTheConfiguration { return refusal.asConfigurationTrouble }
        return "\(self)"
    }
}
