import CLibrdkafka
public import EventLoop
public import Telemetry

/// What a consumer's queue brings.
public enum KafkaConsumerEvent: Sendable {
    /// A message to work on.
    case message(KafkaMessage)
    /// The group gave us these partitions: answer with ``KafkaConsumer/assign(_:)``.
    case assigned([TopicPartition])
    /// The group takes these partitions: end or drop their work, then answer with ``KafkaConsumer/unassign()``.
    /// `lost` says that somebody else may own them already, so a commit would be refused.
    case revoked([TopicPartition], lost: Bool)
    /// Something that the library mends by itself, or that a person must (``KafkaError/Kind/configuration``).
    case failed(KafkaError)
    /// librdkafka's statistics as JSON (its STATISTICS.md).
    case statistics(String)
}

/// A member of a consumer group: messages and rebalances come as events of one queue, offsets move only when told.
///
/// The assignment is eager (`range`). Offsets are stored with ``store(next:for:)``, committed by the library in the
/// background, when partitions are given back, and by ``commit(within:)``. ``close(within:)`` must be called.
@Loop
public final class KafkaConsumer {
    /// Called when events may be waiting, and every 250 ms: poll until nil, or come back by yourself.
    public var onReadable: (@Loop () -> Void)?
    /// The partitions of the last answered assignment.
    public private(set) var assignment: Set<TopicPartition> = []

    let client: ClientHandle
    private let queue: EventQueue
    private let log: LibraryLog
    private let logger: Logger
    private let time = LoopTime.shared
    private var tick: ScheduledWork?
    private var kept: [KafkaMessage] = []
    private var keptNext = 0
    private var paused: Set<TopicPartition> = []
    private var stored: [TopicPartition: Int64] = [:]
    private var isClosing = false
    private var lookedAt = MonotonicInstant.now
    private let longestSilence: Duration
    private var handle: OpaquePointer? { client.pointer }

    private static let pollInterval: Duration = .milliseconds(250)
    /// Messages kept aside when only other events are wanted.
    public nonisolated static let keptLimit = 64

    /// Makes the member. Nothing is connected yet: an unreachable broker is no error here.
    /// - Throws: ``KafkaError`` of kind `configuration` when a setting is refused.
    public init(configuration: KafkaConsumerConfiguration, logger: Logger) throws(KafkaError) {
        self.logger = logger
        longestSilence = configuration.maximumPollInterval / 3
        log = LibraryLog(logger: logger, connection: configuration.connection)
        let events =
            RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT | RD_KAFKA_EVENT_ERROR
            | RD_KAFKA_EVENT_LOG | RD_KAFKA_EVENT_STATS
        let handle = try ClientSettings.consumer(configuration).makeHandle(RD_KAFKA_CONSUMER, events: events)
        rd_kafka_poll_set_consumer(handle)
        guard let pointer = rd_kafka_queue_get_consumer(handle) else {
            rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
            throw .configuration("group.id: the consumer has no queue")
        }
        client = ClientHandle(handle, embedded: configuration.connection.embedded, logger: logger)
        queue = EventQueue(pointer)
        do throws(KafkaError) {
            try queue.wakeLoop { [weak self] in self?.onReadable?() }
        } catch {
            queue.close()
            rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
            throw error
        }
        scheduleTick()
    }

    /// A rebalance shows only when somebody polls, also while no work is wanted.
    private func scheduleTick() {
        tick = time.schedule(after: Self.pollInterval) { [weak self] in
            guard let self, !self.isClosing else { return }
            self.onReadable?()
            self.scheduleTick()
        }
    }

    /// Joins the group for these topics.
    public func subscribe(_ topics: [String]) throws(KafkaError) {
        guard let handle else { throw .closed("the consumer is closed") }
        let partitions = topics.map { TopicPartition(topic: $0, partition: -1) }
        let result = withPartitionList(partitions) { rd_kafka_subscribe(handle, $0) }
        if let result, result != RD_KAFKA_RESP_ERR_NO_ERROR { throw KafkaError(result) }
    }

    /// The next event, without waiting; nil when there is none.
    /// - Parameter messagesWanted: false takes rebalances and errors only. Messages met on the way are kept, in
    ///   their order, for a later poll that wants them: 64, and then now and then one more, since a member that takes
    ///   nothing from its queue for long is put out of its group.
    public func poll(messagesWanted: Bool = true) -> KafkaConsumerEvent? {
        if messagesWanted, let message = takeKept() { return .message(message) }
        while messagesWanted || kept.count - keptNext < Self.keptLimit || time.now - lookedAt > longestSilence {
            lookedAt = time.now
            guard !isClosing, let event = queue.take() else { return nil }
            defer { rd_kafka_event_destroy(event) }
            guard let found = interpret(event) else { continue }
            if case .message(let message) = found, !messagesWanted {
                kept.append(message)
                continue
            }
            return found
        }
        return nil
    }

    private func takeKept() -> KafkaMessage? {
        guard keptNext < kept.count else { return nil }
        defer {
            keptNext += 1
            if keptNext == kept.count { dropKept() }
        }
        return kept[keptNext]
    }

    private func dropKept() {
        kept.removeAll(keepingCapacity: true)
        keptNext = 0
    }

    private func interpret(_ event: OpaquePointer) -> KafkaConsumerEvent? {
        switch rd_kafka_event_type(event) {
        case RD_KAFKA_EVENT_FETCH:
            return rd_kafka_event_message_next(event).map { message in
                let error = message.pointee.err
                guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
                    // The text of an error lies in the payload; the code says enough.
                    return .failed(KafkaError(error))
                }
                return .message(KafkaMessage(copying: message))
            }
        case RD_KAFKA_EVENT_REBALANCE:
            return rebalance(event)
        case RD_KAFKA_EVENT_OFFSET_COMMIT:
            noteCommit(event)
            return nil
        case RD_KAFKA_EVENT_ERROR:
            let error = KafkaError(
                rd_kafka_event_error(event), reason: rd_kafka_event_error_string(event).map { String(cString: $0) })
            log.note(error)
            return .failed(error)
        case RD_KAFKA_EVENT_STATS:
            return rd_kafka_event_stats(event).map { .statistics(String(cString: $0)) }
        case RD_KAFKA_EVENT_LOG:
            log.relay(logEvent: event)
            return nil
        default:
            return nil
        }
    }

    private func rebalance(_ event: OpaquePointer) -> KafkaConsumerEvent {
        let partitions = rd_kafka_event_topic_partition_list(event)?.rows.map(\.partition) ?? []
        let code = rd_kafka_event_error(event)
        switch code {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
            return .assigned(partitions)
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
            // What was kept was never worked on: its next owner reads it again.
            dropKept()
            return .revoked(partitions, lost: handle.map { rd_kafka_assignment_lost($0) != 0 } ?? true)
        default:
            // An answer is owed here too, or the group waits for it.
            unassign()
            return .failed(KafkaError(code))
        }
    }

    /// A lost commit costs a second delivery and nothing else.
    private func noteCommit(_ event: OpaquePointer) {
        let code = rd_kafka_event_error(event)
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR, code != RD_KAFKA_RESP_ERR__NO_OFFSET else { return }
        log.note(KafkaError(code))
    }

    /// Answers ``KafkaConsumerEvent/assigned(_:)``; reading starts at the committed offsets.
    public func assign(_ partitions: [TopicPartition]) {
        guard let handle else { return }
        resetPartitions()
        assignment = Set(partitions)
        let result = withPartitionList(partitions) { rd_kafka_assign(handle, $0) }
        if let result, result != RD_KAFKA_RESP_ERR_NO_ERROR { log.note(KafkaError(result)) }
    }

    /// Answers ``KafkaConsumerEvent/revoked(_:lost:)``.
    public func unassign() {
        resetPartitions()
        guard let handle else { return }
        rd_kafka_assign(handle, nil)
    }

    private func resetPartitions() {
        dropKept()
        assignment = []
        paused = []
        stored = [:]
    }

    /// Sets the offset to read next after a restart: the last finished one plus one. It never goes down.
    /// - Returns: false when the partition is no longer ours, so that somebody else reads on.
    @discardableResult
    public func store(next offset: Int64, for partition: TopicPartition) -> Bool {
        guard let handle, assignment.contains(partition) else { return false }
        // The library does not check: a lower one would be committed.
        guard offset > stored[partition] ?? -1 else { return true }
        let error = withPartitionList(CollectionOfOne(partition), offset: { _ in offset }) { list in
            let result = rd_kafka_offsets_store(handle, list)
            return result == RD_KAFKA_RESP_ERR_NO_ERROR ? list.pointee.elems[0].err : result
        }
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR else { return false }
        stored[partition] = offset
        return true
    }

    /// Stops fetching these partitions: for outages, since what was fetched ahead is thrown away.
    public func pause(_ partitions: some Collection<TopicPartition>) {
        let fresh = assignment.intersection(partitions).subtracting(paused)
        guard let handle, !fresh.isEmpty else { return }
        _ = withPartitionList(fresh) { rd_kafka_pause_partitions(handle, $0) }
        paused.formUnion(fresh)
    }

    /// Fetches again what was paused; one that was not is left alone, since resuming it would rewind it.
    public func resume(_ partitions: some Collection<TopicPartition>) {
        let ours = paused.intersection(partitions)
        guard let handle, !ours.isEmpty else { return }
        _ = withPartitionList(ours) { rd_kafka_resume_partitions(handle, $0) }
        paused.subtract(ours)
    }

    /// How many partitions a topic has; nil when the brokers do not know it.
    public func partitionCount(of topic: String, within limit: Duration) async throws(KafkaError) -> Int? {
        try await client.partitionCount(of: topic, within: limit)
    }

    /// The cluster's id, under which offsets mean something; nil when the brokers do not answer in time.
    public func clusterId(within limit: Duration) async throws(KafkaError) -> String? {
        try await client.clusterId(within: limit)
    }

    /// Commits what was stored, for at most this long. Failing costs a second delivery and nothing else.
    public func commit(within limit: Duration) async {
        guard let handle, !stored.isEmpty, let answers = rd_kafka_queue_new(handle).map({ EventQueue($0) }) else {
            return
        }
        defer { answers.close() }
        guard let pointer = answers.pointer,
            rd_kafka_commit_queue(handle, nil, pointer, nil, nil) == RD_KAFKA_RESP_ERR_NO_ERROR
        else { return }
        _ = await time.waitUntil(within: limit) {
            guard let event = answers.take() else { return false }
            defer { rd_kafka_event_destroy(event) }
            guard rd_kafka_event_type(event) == RD_KAFKA_EVENT_OFFSET_COMMIT else { return false }
            self.noteCommit(event)
            return true
        }
    }

    /// Leaves the group and frees everything, within about this time whatever the brokers do.
    ///
    /// Store and ``commit(within:)`` what is finished before; messages that come now are dropped unread.
    public func close(within limit: Duration) async {
        guard let handle, !isClosing else { return }
        isClosing = true
        tick?.cancel()
        onReadable = nil
        let deadline = time.now + limit
        if let closing = rd_kafka_queue_new(handle).map({ EventQueue($0) }) {
            if let pointer = closing.pointer, let error = rd_kafka_consumer_close_queue(handle, pointer) {
                log.note(KafkaError(consuming: error))
            }
            let left = await time.waitUntil(within: deadline - time.now) {
                while let event = closing.take() {
                    self.answerWhileClosing(event)
                    rd_kafka_event_destroy(event)
                }
                return rd_kafka_consumer_closed(handle) != 0
            }
            if !left { logger.warning("the consumer group was not left in time; the broker will notice") }
            closing.close()
        }
        queue.close()
        resetPartitions()
        await client.destroy(within: max(.milliseconds(300), deadline - time.now))
    }

    private func answerWhileClosing(_ event: OpaquePointer) {
        switch rd_kafka_event_type(event) {
        case RD_KAFKA_EVENT_REBALANCE: unassign()
        case RD_KAFKA_EVENT_OFFSET_COMMIT: noteCommit(event)
        case RD_KAFKA_EVENT_LOG: log.relay(logEvent: event)
        default: break
        }
    }
}
