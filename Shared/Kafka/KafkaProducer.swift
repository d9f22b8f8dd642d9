import CLibrdkafka
public import EventLoop
public import Telemetry

/// Where a message was written.
public struct KafkaDelivery: Sendable, Hashable {
    /// The partition that its key chose.
    public let partition: Int32
    /// Its offset; nil when the broker had it already and does not say where.
    public let offset: Int64?
}

/// An idempotent producer whose `send` returns when the brokers have the message.
///
/// Of two sends to one key the second must start after the first has returned, or a retry may swap them across a
/// rebuild. After a fatal error of the library the producer makes itself a new handle; what was in flight then fails
/// with a retriable error and is produced again by the caller, with the same event id. ``close(within:)`` must be
/// called.
@Loop
public final class KafkaProducer {
    private let configuration: KafkaProducerConfiguration
    private let logger: Logger
    private let log: LibraryLog
    private let time = LoopTime.shared
    private var handle: ProducerHandle?
    private var tick: ScheduledWork?
    private var tickIsQuick = false
    private var isClosing = false
    private var rebuilding: Task<Void, any Error>?
    private var waitingForChange: [CheckedContinuation<Void, Never>] = []

    /// How often the library was given up because of a fatal error.
    public private(set) var rebuildCount = 0

    private static let reportInterval: Duration = .milliseconds(5)
    private static let idleInterval: Duration = .milliseconds(250)
    private static let purgeLimit: Duration = .milliseconds(300)

    /// Makes the producer. Nothing is connected yet: an unreachable broker is no error here.
    /// - Throws: ``KafkaError`` of kind `configuration` when a setting is refused.
    public init(configuration: KafkaProducerConfiguration, logger: Logger) throws(KafkaError) {
        self.configuration = configuration
        self.logger = logger
        log = LibraryLog(logger: logger, connection: configuration.connection)
        handle = try ProducerHandle(configuration: configuration, log: log, logger: logger)
        scheduleTick(quick: false)
    }

    /// Messages handed over and not yet reported.
    public var pendingCount: Int { handle?.pendingCount ?? 0 }

    /// Writes one message and returns once all in-sync replicas have it; a nil value is a tombstone.
    ///
    /// A cancelled task gets `outcomeUnknown` at once; its message may still be delivered.
    /// - Parameter handedOver: called when the library has the message and no report of it has come.
    /// - Throws: ``KafkaError``; `outcomeUnknown` and `unavailable` mean: send it again, with the same event id.
    public func send(
        topic: String, key: [UInt8]?, value: [UInt8]?, headers: [KafkaHeader] = [],
        handedOver: @Loop @Sendable () -> Void = {}
    ) async throws(KafkaError) -> KafkaDelivery {
        while true {
            guard let handle, !isClosing else { throw .closed("the producer is closed") }
            if rebuilding != nil {
                await change()
                continue
            }
            let number: UInt
            do {
                number = try handle.produce(topic: topic, key: key, value: value, headers: headers)
            } catch  where error.isQueueFull {
                await change()
                continue
            } catch  where error.isFatal {
                rebuild()
                continue
            }
            handedOver()
            scheduleTick(quick: true)
            return try await handle.report(of: number).get()
        }
    }

    /// How many partitions a topic has; nil when the brokers do not know it. Asking also warms the first send up.
    public func partitionCount(of topic: String, within limit: Duration) async throws(KafkaError) -> Int? {
        guard let handle else { throw .closed("the producer is closed") }
        return try await handle.client.partitionCount(of: topic, within: limit)
    }

    /// Waits until everything handed over is reported, for at most this long.
    public func flush(within limit: Duration) async {
        scheduleTick(quick: true)
        _ = await time.waitUntil(within: limit) { self.pendingCount == 0 && self.rebuilding == nil }
    }

    /// Flushes, gives up what is left (those sends fail) and frees everything, within about this time and half a second.
    public func close(within limit: Duration) async {
        guard let handle, !isClosing else { return }
        await flush(within: limit)
        isClosing = true
        tick?.cancel()
        resumeWaiting()
        await handle.giveUp(within: Self.purgeLimit)
        self.handle = nil
        await handle.close(within: Self.purgeLimit)
    }

    // MARK: - Reports

    private func scheduleTick(quick: Bool) {
        if quick, tickIsQuick { return }
        tick?.cancel()
        tickIsQuick = quick
        tick = time.schedule(after: quick ? Self.reportInterval : Self.idleInterval) { [weak self] in
            guard let self, !self.isClosing else { return }
            self.tickIsQuick = false
            self.takeEvents()
            self.scheduleTick(quick: self.pendingCount > 0)
        }
    }

    private func takeEvents() {
        guard let handle, rebuilding == nil else { return }
        handle.takeEvents()
        resumeWaiting()
        if handle.hasFailed { rebuild() }
    }

    /// Waits for the next reports or the end of a rebuild.
    private func change() async {
        scheduleTick(quick: true)
        await withCheckedContinuation { waitingForChange.append($0) }
    }

    private func resumeWaiting() {
        let waiting = waitingForChange
        waitingForChange = []
        for continuation in waiting { continuation.resume() }
    }

    // MARK: - Fatal errors

    /// librdkafka 2.0.2 makes an ordinary disconnect fatal at times (its issue 4438): nothing but a new handle helps.
    private func rebuild() {
        guard rebuilding == nil, !isClosing, let old = handle else { return }
        rebuildCount += 1
        logger.warning("the Kafka producer is made anew after a fatal error", .reason(old.fatalReason ?? "unknown"))
        rebuilding = EventLoop.shared.start { [weak self] in
            await old.giveUp(within: Self.purgeLimit)
            await self?.replace(old)
        }
    }

    /// Fails the handle for good, as librdkafka's own tests do.
    func failForTesting() { handle?.failForTesting() }

    private func replace(_ old: ProducerHandle) async {
        defer {
            rebuilding = nil
            resumeWaiting()
        }
        if !isClosing {
            do throws(KafkaError) {
                handle = try ProducerHandle(configuration: configuration, log: log, logger: logger)
            } catch {
                // The same settings worked before: only the machine's limits can refuse. A later send tries again.
                log.note(error)
                try? await time.sleep(for: .seconds(1))
                return
            }
        }
        await old.close(within: Self.purgeLimit)
    }
}
