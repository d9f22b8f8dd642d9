import Contracts
import EventLoop
import JSONText
import Salesforce
import Telemetry

/// Asked before each call: whether the rows are ours until it has ended.
typealias MayCall = @Loop @Sendable () async -> Bool

/// What became of records that were written together.
struct WrittenRecords: Sendable {
    /// By the record's id.
    var outcomes: [SalesforceId: RecordOutcome] = [:]
    /// Records that were refused with the field that may be spared, and written again without it.
    var spared: Set<SalesforceId> = []
}

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

    /// Writes records, each once, with an outcome for each.
    ///
    /// Records of one object stand together, so a call has as many runs of them as there are objects, of the ten that
    /// Salesforce takes.
    ///
    /// - Parameter sparing: a field without which a record is written again where it is refused with it: whatever keeps
    ///   that field from being set, all else is shown.
    func write(
        _ updates: [RecordUpdate], sparing field: String? = nil, _ mayCall: @escaping MayCall
    ) async -> WrittenRecords {
        var told = await writeAll(updates, mayCall)
        let spared = updates.indices.filter { position in
            guard let field, updates[position].fields[field] != nil else { return false }
            return switch told[position] {
            case .refused(let refusal): !refusal.isOfADeletedRecord
            case .misconfigured: true
            default: false
            }
        }
        if !spared.isEmpty {
            let without = spared.map { position in
                var update = updates[position]
                if let field { update.fields[field] = nil }
                return update
            }
            for (position, outcome) in zip(spared, await writeAll(without, mayCall)) { told[position] = outcome }
        }
        let outcomes = zip(RecordOutcome.withConfigurationTrouble(told, of: updates), updates)
            .map { $0.asTrouble(of: $1.object) }
        note(updates, outcomes)
        return WrittenRecords(
            outcomes: Dictionary(zip(updates.map(\.id), outcomes), uniquingKeysWith: { first, _ in first }),
            spared: Set(spared.map { updates[$0].id }))
    }

    private func note(_ updates: [RecordUpdate], _ outcomes: [RecordOutcome]) {
        for (update, outcome) in zip(updates, outcomes) {
            metrics.records.add(1, update.object, outcome.name)
            if case .refused(let refusal) = outcome {
                logger.warning(
                    "Salesforce refused a record", LogField(.recordType, update.object), .errorCode(refusal.code),
                    LogField(.field, refusal.fields.first ?? ""))
            }
        }
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
        var misconfigured: [String: RecordOutcome] = [:]
        while !rest.isEmpty {
            let call = Array(rest.prefix(SalesforceClient.maximumRecordsPerCall))
            rest = rest.dropFirst(call.count)
            if let trouble = outcomes.last?.trouble {
                outcomes += call.map { _ in .systemTrouble(reason: trouble) }
            } else if call.allSatisfy({ misconfigured[$0.object] != nil }) {
                outcomes += call.map { misconfigured[$0.object] ?? .notSent }
            } else if await mayCall() {
                let told = await writeOnce(call, mayCall)
                for (update, outcome) in zip(call, told) where outcome.isMisconfigured {
                    misconfigured[update.object] = outcome
                }
                outcomes += told
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
            case .refused(let refusal) where refusal.isOfTheFields:
                // Which object's fields they are is found by sending each object's records alone.
                let first = updates.prefix { $0.object == updates.first?.object }
                guard first.count < updates.count else { return updates.map { _ in .misconfigured(refusal) } }
                return await writeAll(Array(first), mayCall)
                    + writeAll(Array(updates.dropFirst(first.count)), mayCall)
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
