import CrashPoints
public import EventLoop
import FoundationEssentials
public import Kafka
import Telemetry

/// What a consume loop holds at most.
public struct ConsumeLimits: Sendable {
    /// Messages taken and not finished.
    public var maximumOpen = 4000
    /// Of one partition: from the oldest unfinished message to the newest taken one, finished ones between included.
    public var maximumSpan = 256
    /// Orders that are open while a system is in trouble, so that more than one can find out whether it still is.
    public var maximumOrdersInTrouble = 16
    /// Messages taken in one turn of the loop.
    public var maximumTakenPerTurn = 64
    /// How long the group waits for running messages when partitions are taken away. Those that take longer go on behind
    /// it: their marker in the ledger keeps the next owner off, and their offsets are not ours to move any more.
    public var drain: Duration = .seconds(2)
    /// After this a handler is taken for stuck, when no system is in trouble, and the process ends.
    public var longestAttempt: Duration = .seconds(1800)

    /// The most that can be open of one partition: what a paused one had kept aside still comes.
    var mostOpenOfPartition: Int { maximumSpan + KafkaConsumer.keptLimit }

    /// The usual limits.
    public init() {}
}

/// The one loop of every consuming service, over one topic or several: take → handle → act on the outcome → mark finished.
///
/// Messages of one key run in their order, others side by side. Retry, metrics, trace and the pause on trouble of a
/// system live here, around the handler, and nowhere in it. An offset moves only behind finished messages.
@Loop
public final class ConsumeLoop {
    /// Handles one message once; called again for the same message when the outcome is not final.
    public typealias Handler = @Loop @Sendable (Delivery) async -> Outcome

    private let topics: [String]
    private let consumer: KafkaConsumer
    private let limits: ConsumeLimits
    private let retry: RetryPolicy
    private let troubles: Troubles
    private let health: Health
    private let time: any TimeSource
    private let logger: Logger
    private let metrics: ConsumeMetrics
    private let gapWatch: OffsetGapWatch
    private let attemptWatch: AttemptWatch
    private let giveUp: @Loop @Sendable (String) -> Void
    private let mayTake: @Loop @Sendable () -> Bool
    private let handler: Handler
    private let quarantine: QuarantineOfTopics?
    private let poisonHandler: Handler?

    private var lanes = Lanes<Delivery>()
    private var windows: PartitionWindows
    private var assignment: UInt64 = 0
    private var clusterId = ""
    private var openCount = 0
    private var running: [UInt64: Task<Void, any Error>] = [:]
    private var handled: Set<UInt64> = []  // of the running ones, those in the handler and not between two tries
    private var nextRun: UInt64 = 0
    private var isStopping = false
    private var isRebalancing = false
    private var pumpTimer: ScheduledWork?

    /// - Parameters:
    ///   - mayTake: whether the service wants more work now; asked before each message.
    ///   - onGap: what a service can do about messages that were gone unread, beside saying so.
    ///   - giveUp: called with a reason when only a new process can help.
    ///   - handler: see ``Handler``.
    ///   - quarantine: finds messages that end the process; nil does without.
    ///   - poisonHandler: makes such a message a dead letter without reading it.
    init(
        topics: [String], consumer: KafkaConsumer, limits: ConsumeLimits = ConsumeLimits(),
        retry: RetryPolicy = RetryPolicy(), troubles: Troubles, health: Health, metrics: MetricsRegistry,
        logger: Logger, time: any TimeSource, mayTake: @escaping @Loop @Sendable () -> Bool = { true },
        onGap: GapReaction? = nil, giveUp: @escaping @Loop @Sendable (String) -> Void = { _ in },
        handler: @escaping Handler, quarantine: QuarantineOfTopics? = nil, poisonHandler: Handler? = nil
    ) {
        self.topics = topics
        self.consumer = consumer
        self.limits = limits
        windows = PartitionWindows(limit: limits.maximumSpan)
        self.retry = retry
        self.troubles = troubles
        self.health = health
        self.time = time
        self.logger = logger
        self.metrics = ConsumeMetrics(metrics, topics: topics)
        self.mayTake = mayTake
        self.handler = handler
        self.quarantine = quarantine
        self.poisonHandler = poisonHandler
        self.giveUp = giveUp
        gapWatch = OffsetGapWatch(
            topics: topics, consumer: consumer, health: health, metrics: metrics, logger: logger, time: time,
            reaction: onGap)
        attemptWatch = AttemptWatch(topics: topics, limit: limits.longestAttempt, metrics: metrics, time: time)
    }

    /// How many messages are taken and not finished.
    public var openMessages: Int { openCount }

    /// Joins the group; messages come from now on.
    public func start() throws(KafkaError) {
        health.set("Kafka", reason: "waiting for the consumer group to assign partitions")
        consumer.onReadable = { [weak self] in self?.pump() }
        attemptWatch.start { [giveUp, troubles] reason in
            // While a system is away its messages wait as long as it takes.
            if troubles.isClear { giveUp(reason) }
        }
        try consumer.subscribe(topics)
    }

    /// Takes nothing new, lets running messages end for a while, and gives the partitions back.
    ///
    /// What still runs then is cancelled: its marker in the ledger says that it may have been sent.
    public func stop(within limit: Duration) async {
        isStopping = true
        attemptWatch.stop()
        pumpTimer?.cancel()
        let end = time.now + limit
        await drain(within: limit * 0.5)
        cancelAll()
        await drain(within: .milliseconds(300))
        if running.isEmpty { await quarantine?.end(within: .milliseconds(300)) }
        await consumer.commit(within: max(.milliseconds(100), (end - time.now) * 0.5))
        await consumer.close(within: max(.milliseconds(200), end - time.now))
    }

    // MARK: Intake

    /// Takes what may be taken, 64 messages a turn.
    private func pump() {
        guard !isStopping, !isRebalancing else { return }
        for _ in 0..<limits.maximumTakenPerTurn {
            guard !isStopping, !isRebalancing, let event = consumer.poll(messagesWanted: wantsMore) else {
                return wantsMore ? () : lookAgainSoon()
            }
            act(on: event)
        }
        // More may be waiting, and the queue tells only when it was empty before.
        EventLoop.shared.start { [self] in pump() }
    }

    /// While a system is in trouble, and until those that waited for it have gone, only a few orders are kept open: one
    /// that is stuck must not be the only one by which to find out.
    private var wantsMore: Bool {
        guard openCount < limits.maximumOpen, quarantine?.admits(open: openCount) ?? true, mayTake() else {
            return false
        }
        return troubles.isClear && troubles.waitingMessages == 0
            || lanes.runningCount < limits.maximumOrdersInTrouble
    }

    /// Room comes without an event of the queue.
    private func lookAgainSoon() {
        guard pumpTimer == nil else { return }
        pumpTimer = time.schedule(after: .milliseconds(5)) { [weak self] in
            self?.pumpTimer = nil
            self?.pump()
        }
    }

    private func act(on event: KafkaConsumerEvent) {
        switch event {
        case .message(let message):
            take(message)
        case .assigned(let partitions):
            isRebalancing = true
            EventLoop.shared.start { [self] in await accept(partitions) }
        case .revoked(let partitions, let lost):
            for (topic, count) in counts(partitions) { logger.info("partitions revoked", .topic(topic), .count(count)) }
            isRebalancing = true
            EventLoop.shared.start { [self] in await revoke(lost: lost) }
        case .failed(let error):
            note(error)
        case .statistics:
            break
        }
    }

    private func accept(_ partitions: [TopicPartition]) async {
        if clusterId.isEmpty { clusterId = (try? await consumer.clusterId(within: .seconds(2))) ?? "" }
        assignment += 1
        windows = PartitionWindows(partitions, limit: limits.maximumSpan)
        await gapWatch.begin(partitions)
        consumer.assign(partitions)
        health.set("Kafka", reason: nil)
        troubles.clear(.kafka)
        for (topic, count) in counts(partitions) { logger.info("partitions assigned", .topic(topic), .count(count)) }
        quarantine?.begin(partitions, clusterId: clusterId) { [weak self] in self?.pump() }
        isRebalancing = false
        pump()
    }

    private func counts(_ partitions: [TopicPartition]) -> [(topic: String, count: Int)] {
        topics.map { topic in (topic, partitions.count { $0.topic == topic }) }
    }

    private func note(_ error: KafkaError) {
        metrics.failures.add(1, error.name)
        if error.isFatal { return giveUp("Kafka's client cannot go on: \(error.reason)") }
        switch error.kind {
        case .configuration: health.set("Kafka", reason: error.reason)
        case .unknownTopic: health.set("Kafka", reason: EventProducer.missing(topics.joined(separator: ", ")))
        default:
            guard error.name == "_ALL_BROKERS_DOWN" else { return }
            health.set("Kafka", reason: error.reason)
        }
        watchBrokers()
    }

    /// After the brokers were gone nothing says that they are back but an answer of theirs.
    private func watchBrokers() {
        EventLoop.shared.start { [self] in
            while !isStopping {
                try await time.sleep(for: .seconds(1))
                if (try? await consumer.partitionCount(of: topics[0], within: .seconds(2))) != nil { break }
            }
            if !isStopping, !windows.isEmpty { health.set("Kafka", reason: nil) }
        }
    }

    private func take(_ message: KafkaMessage) {
        gapWatch.see(message)
        if windows.take(message.offset, of: message.topicPartition) { consumer.pause([message.topicPartition]) }
        openCount += 1
        metrics.countOpen(1, of: message.topic)
        var delivery = Delivery(message, clusterId: clusterId, assignment: assignment, logger: logger)
        delivery.needsCare = quarantine?.take(delivery) ?? false
        if lanes.enter(delivery, key: delivery.lane) { run(delivery) }
    }

    // MARK: Work

    private func run(_ delivery: Delivery) {
        nextRun += 1
        let number = nextRun
        running[number] = EventLoop.shared.start { [self] in
            let isFinished = await work(delivery, run: number)
            running[number] = nil
            end(delivery, isFinished: isFinished)
        }
    }

    /// Tries until the outcome is final; false when the message was let go, for its next owner.
    private func work(_ delivery: Delivery, run: UInt64) async -> Bool {
        var delivery = delivery
        var handling: SuspectHandling?
        if delivery.needsCare, let quarantine {
            handling = try? await quarantine.register(delivery)
            guard handling != nil else { return false }
        }
        while delivery.assignment == assignment, !isStopping, !isRebalancing, !Task.isCancelled {
            let (current, handling) = (delivery, handling)
            let outcome = try? await troubles.attempt(of: delivery.lane) { [self] in
                await attempt(current, handling, run: run)
            }
            guard let outcome else { return false }
            if outcome.isFinal { return true }
            if isOfTheOrder(outcome) { delivery.attempt += 1 }
            if let pause = pause(after: outcome, attempt: delivery.attempt) { try? await time.sleep(for: pause) }
        }
        return false
    }

    /// One attempt, beside others or alone; postponed where it was cancelled before its turn.
    private func attempt(_ delivery: Delivery, _ handling: SuspectHandling?, run: UInt64) async -> Outcome {
        let body: @Loop @Sendable () async -> Outcome = { [self] in
            handled.insert(run)
            defer { handled.remove(run) }
            return await attempt(delivery, by: handling == .poison ? poisonHandler ?? handler : handler)
        }
        do {
            guard let quarantine else { return await body() }
            return try await quarantine.attempt(delivery, handling, body)
        } catch {
            return .postponed(.zero)
        }
    }

    /// Whether a failure counts against the order: not where a system is to blame.
    private func isOfTheOrder(_ outcome: Outcome) -> Bool {
        guard let trouble = outcome.trouble, trouble.system == .order else { return false }
        return trouble.suspected.map { !troubles.isWidespread($0) } ?? true
    }

    /// How long a message waits by itself; nil where it waits for a system, with all others.
    private func pause(after outcome: Outcome, attempt: Int) -> Duration? {
        if case .postponed(let wait) = outcome { return wait }
        guard let trouble = outcome.trouble, trouble.system == .order || troubles.isClear else { return nil }
        return retry.delay(afterTry: max(attempt - 1, 1), random: .random(in: 0...1))
    }

    private func attempt(_ delivery: Delivery, by handler: Handler) async -> Outcome {
        let started = time.now
        let number = attemptWatch.begin(of: delivery.message.topic)
        let outcome = await handler(delivery)
        attemptWatch.end(number)
        metrics.seconds.observe(time.now - started, delivery.message.topic, outcome.name)
        metrics.attempts.add(1, delivery.message.topic, outcome.name)
        if let trouble = outcome.trouble {
            delivery.logger.debug(
                "attempt ended without a final outcome", .outcome(outcome.name), .reason(trouble.reason),
                LogField(.attempt, delivery.attempt))
        }
        return outcome
    }

    private func end(_ delivery: Delivery, isFinished: Bool) {
        openCount -= 1
        metrics.countOpen(-1, of: delivery.message.topic)
        if isFinished, delivery.assignment == assignment { advance(delivery) }
        // An unfinished message keeps its lane shut: a later one of its key must not overtake it. While partitions are
        // given back there is none.
        if isFinished || isRebalancing || delivery.assignment != assignment, let next = lanes.leave(delivery.lane) {
            run(next)
        }
        pump()
    }

    private func advance(_ delivery: Delivery) {
        let partition = delivery.message.topicPartition
        let advance = windows.finish(delivery.message.offset, of: partition)
        if let next = advance.next {
            consumer.store(next: next, for: partition)
            crashPoint("offset-stored")
        }
        if advance.resumes { consumer.resume([partition]) }
        if delivery.needsCare, quarantine?.finish(delivery, next: advance.next) == true {
            // Behind a process that ends again and again each start must get further than the one before.
            EventLoop.shared.start { [consumer] in await consumer.commit(within: .seconds(1)) }
        }
    }

    // MARK: Giving back

    private func revoke(lost: Bool) async {
        let old = assignment
        for delivery in lanes.dropWaiting(where: { $0.assignment == old }) {
            openCount -= 1
            metrics.countOpen(-1, of: delivery.message.topic)
        }
        await drain(within: limits.drain)
        if running.isEmpty { await quarantine?.end(within: .seconds(1)) }
        if !lost { await consumer.commit(within: .milliseconds(1500)) }
        assignment += 1
        windows = PartitionWindows(limit: limits.maximumSpan)
        consumer.unassign()
        crashPoint("revoke-answered")
        if !isStopping { health.set("Kafka", reason: "waiting for the consumer group to assign partitions") }
        isRebalancing = false
        pump()
    }

    /// Lets handlers end for a while; what waits between two tries holds nothing and goes at once.
    private func drain(within limit: Duration) async {
        for (number, task) in running where !handled.contains(number) { task.cancel() }
        let end = time.now + limit
        while !running.isEmpty, time.now < end {
            try? await time.sleep(for: .milliseconds(5))
        }
    }

    private func cancelAll() {
        for task in running.values { task.cancel() }
    }
}

/// The figures of a consume loop.
@Loop
private final class ConsumeMetrics {
    let attempts: Counter
    let seconds: Histogram
    let failures: Counter
    private let open: Gauge
    private var openCounts: [String: Int] = [:]

    init(_ registry: MetricsRegistry, topics: [String]) {
        attempts = registry.counter(
            "attempts", help: "Attempts at a message, by outcome", labels: ["topic", "outcome"])
        seconds = registry.histogram(
            "attempt_seconds", help: "Time of an attempt at a message", labels: ["topic", "outcome"])
        open = registry.gauge("open_messages", help: "Messages taken and not finished", labels: ["topic"])
        failures = registry.counter(
            "kafka_failures", help: "Failures that Kafka's client reports", labels: ["error"])
        for topic in topics { open.set(0, topic) }
    }

    func countOpen(_ change: Int, of topic: String) {
        openCounts[topic, default: 0] += change
        open.set(Double(openCounts[topic] ?? 0), topic)
    }
}
