import EventLoop
import Ledger
import Telemetry

/// Finds the message that ends the process, and keeps it from ending the next.
///
/// A reader of a partition says in the ledger when it begins and when it has ended in order. Behind one that did not, the
/// messages that may have been open are registered before they are handled; those that a process has ended over run
/// alone; and one that has ended it five times so becomes a dead letter without being handled. While all ends are in
/// order nothing of this costs anything.
@Loop
final class Quarantine {
    /// Open messages at most while care is needed: each of them would have to run alone.
    static let mostOpen = 64
    /// A start alone that is still running after so long did not end the process.
    private static let outlived: Duration = .seconds(10)

    private struct Known {
        var suspect: Suspect
        /// Whether this process' start of it is counted as one that did not end the process.
        var isOutlived = false
    }

    private let name: String
    private let topic: String
    private let holder: String
    private let windowSize: Int
    private let ledger: Ledger
    private let patience: DatabasePatience
    private let time: any TimeSource
    private let logger: Logger
    private let letters: Counter
    private let starts: Counter
    private let gate: SoloGate

    private var reader: PartitionReader?
    private var windows = CarefulWindows()
    private var known: [MessagePlace: Known] = [:]
    private var begun: UInt64 = 0
    private lazy var registrations = Coalescer<MessagePlace, Suspect>(maximumBatch: 64, time: time) { [self] places in
        guard let reader else { throw CancellationError() }
        return try await patience.untilAnswered { [ledger] in
            try await ledger.registerSuspects(places, reader: reader)
        }
    }
    private lazy var ends = Coalescer<MessagePlace, Void>(maximumBatch: 64, time: time) { [self] places in
        guard let reader else { throw CancellationError() }
        try await patience.untilAnswered { [ledger] in try await ledger.forgetSuspects(places, reader: reader) }
        return places.map { _ in () }
    }

    /// Whether it is known by now how the reader before ended.
    private(set) var isReady = false

    /// - Parameters:
    ///   - name: the consumer group.
    ///   - holder: this process.
    ///   - windowSize: how many messages of one partition can be open.
    ///   - gate: of the process; what runs alone runs beside no topic's messages.
    init(
        name: String, topic: String, holder: String, windowSize: Int, gate: SoloGate = SoloGate(), ledger: Ledger,
        patience: DatabasePatience, metrics: MetricsRegistry, logger: Logger, time: any TimeSource
    ) {
        self.name = name
        self.topic = topic
        self.holder = holder
        self.windowSize = windowSize
        self.gate = gate
        self.ledger = ledger
        self.patience = patience
        self.time = time
        self.logger = logger
        letters = metrics.counter(
            "poison_letters", help: "Messages that became dead letters because they end the process", labels: ["topic"])
        starts = metrics.counter(
            "starts_alone", help: "Starts alone of messages that were open when a process ended", labels: ["topic"])
        letters.add(0, topic)
        starts.add(0, topic)
    }

    /// Whether so few messages are open that another one may be taken.
    func admits(open: Int) -> Bool { isReady && (windows.isEmpty || open < Self.mostOpen) }

    // MARK: The reader

    /// Says that this process reads these partitions; `ready` follows when it is known how the one before ended.
    func begin(_ partitions: [Int32], clusterId: String, ready: @escaping @Loop @Sendable () -> Void) {
        begun += 1
        isReady = false
        let (number, reader) = (
            begun, PartitionReader(consumer: name, clusterId: clusterId, topic: topic, holder: holder)
        )
        self.reader = reader
        EventLoop.shared.start { [self] in
            let unclean = try await patience.untilAnswered { [ledger] in
                try await ledger.beginRuns(of: partitions, reader: reader)
            }
            guard number == begun else { return }
            windows = CarefulWindows(unclean, size: windowSize)
            if !unclean.isEmpty {
                logger.warning(
                    "a reader of these partitions did not end in order: what it may have had open is handled with care",
                    .topic(topic), .count(unclean.count))
            }
            isReady = true
            ready()
        }
    }

    /// Says that this process has ended in order with its partitions; where that does not arrive, care costs a little.
    func end(within limit: Duration) async {
        begun += 1
        isReady = false
        windows = CarefulWindows()
        known = [:]
        guard let reader else { return }
        try? await withDeadline(limit, time: time) { [ledger] in try await ledger.endRuns(reader: reader) }
    }

    // MARK: A message

    /// Notes a message that was taken; whether it is to be handled with care.
    func take(_ place: MessagePlace) -> Bool {
        guard !windows.isEmpty, case .withCare(let isFirst) = windows.take(place) else { return false }
        if isFirst { forget(before: place.offset, of: place.partition) }
        return true
    }

    /// Registers a message before it is handled, and says how to handle it.
    func register(_ place: MessagePlace, logger: Logger) async throws -> SuspectHandling {
        let suspect = try await registrations.submit(place)
        known[place] = Known(suspect: suspect)
        if suspect.handling == .poison {
            letters.add(1, topic)
            logger.error(
                "a message that ended the process again and again becomes a dead letter",
                LogField(.attempt, suspect.starts))
        }
        return suspect.handling
    }

    /// Runs an attempt at a message, beside others or alone; nil when cancelled before.
    func attempt(
        _ place: MessagePlace, _ handling: SuspectHandling, logger: Logger,
        _ body: @Loop @Sendable () async -> Outcome
    ) async throws -> Outcome {
        guard case .alone(let start) = handling else { return try await attempt(body) }
        guard await gate.enter(alone: start) else { throw CancellationError() }
        defer { gate.leave() }
        try await noteStart(of: place, start, logger: logger)
        let timer = time.schedule(after: Self.outlived) { [weak self] in self?.noteOutlived(place) }
        defer { timer.cancel() }
        let outcome = await body()
        // What ends the process while this message waits for its next try is not its doing.
        if !outcome.isFinal { noteOutlived(place) }
        return outcome
    }

    /// Runs an attempt beside others.
    func attempt(_ body: @Loop @Sendable () async -> Outcome) async throws -> Outcome {
        guard await gate.enter() else { throw CancellationError() }
        defer { gate.leave() }
        return await body()
    }

    /// One start for each process: later tries of the same message are the same start.
    private func noteStart(of place: MessagePlace, _ start: Int64, logger: Logger) async throws {
        guard let suspect = known[place]?.suspect, suspect.starts < start, let reader else { return }
        starts.add(1, topic)
        logger.warning("a message runs alone: it was open when a process ended", LogField(.attempt, start))
        try await patience.untilAnswered { [ledger] in
            try await ledger.startSuspect(place, number: start, reader: reader)
        }
        known[place]?.suspect = Suspect(isNew: false, starts: start, outlived: suspect.outlived)
    }

    private func noteOutlived(_ place: MessagePlace) {
        guard let entry = known[place], !entry.isOutlived, let reader else { return }
        known[place]?.isOutlived = true
        let number = entry.suspect.outlived + 1
        EventLoop.shared.start { [ledger] in
            try await ledger.outliveSuspect(place, number: number, reader: reader)
        }
    }

    /// Notes that a registered message is finished.
    /// - Returns: whether its partition needs no care from here on; then what was registered before `next` is forgotten.
    func finish(_ place: MessagePlace, next: Int64?) -> Bool {
        known[place] = nil
        EventLoop.shared.start { [ends] in try await ends.submit(place) }
        guard windows.finish(place) else { return false }
        if windows.isEmpty { logger.info("nothing needs care any more", .topic(topic)) }
        if let next { forget(before: next, of: place.partition) }
        return true
    }

    /// What is finished needs no row; one that stays all the same is in nobody's way.
    private func forget(before offset: Int64, of partition: Int32) {
        guard let reader else { return }
        EventLoop.shared.start { [ledger] in
            try await ledger.forgetSuspects(of: partition, before: offset, reader: reader)
        }
    }
}
