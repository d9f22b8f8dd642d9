import CLibrdkafka
import EventLoop
import Telemetry

/// One handle of the library with the sends that wait for its reports.
@Loop
final class ProducerHandle {
    private enum Pending {
        /// Handed over; nobody asks for the report yet.
        case handedOver
        case awaited(CheckedContinuation<Result<KafkaDelivery, KafkaError>, Never>)
        /// Reported before anybody asked.
        case reported(Result<KafkaDelivery, KafkaError>)
        /// Its sender was cancelled; it is still on its way.
        case abandoned
    }

    let client: ClientHandle
    private let queue: EventQueue
    private let log: LibraryLog
    private var lastNumber: UInt = 0
    private var pending: [UInt: Pending] = [:]

    init(configuration: KafkaProducerConfiguration, log: LibraryLog, logger: Logger) throws(KafkaError) {
        self.log = log
        let handle = try ClientSettings.producer(configuration).makeHandle(
            RD_KAFKA_PRODUCER, events: RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG)
        guard let pointer = rd_kafka_queue_get_main(handle) else {
            rd_kafka_destroy(handle)
            throw .configuration("the producer has no queue")
        }
        client = ClientHandle(handle, embedded: configuration.connection.embedded, logger: logger)
        queue = EventQueue(pointer)
    }

    var pendingCount: Int { pending.count }

    /// Hands a message over.
    /// - Returns: the number to ask ``report(of:)`` for, at once.
    func produce(topic: String, key: [UInt8]?, value: [UInt8]?, headers: [KafkaHeader]) throws(KafkaError) -> UInt {
        guard let handle = client.pointer else { throw .closed("the producer is closed") }
        let list = try KafkaHeader.list(of: headers)
        let number = lastNumber + 1
        let error = key.withPointer { key, keySize in
            value.withPointer { value, valueSize in
                crossdock_produce(handle, topic, key, keySize, value, valueSize, list, number)
            }
        }
        if let error {
            // Only a message that was taken owns its headers.
            if let list { rd_kafka_headers_destroy(list) }
            let refusal = KafkaError(consuming: error)
            // The refusal after a fatal error carries the first error's code, not `_FATAL`.
            throw hasFailed ? KafkaError(RD_KAFKA_RESP_ERR__FATAL, reason: refusal.reason) : refusal
        }
        lastNumber = number
        pending[number] = .handedOver
        return number
    }

    /// What became of a message.
    func report(of number: UInt) async -> Result<KafkaDelivery, KafkaError> {
        if case .reported(let result) = pending[number] {
            pending[number] = nil
            return result
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !Task.isCancelled else {
                    pending[number] = .abandoned
                    return continuation.resume(returning: .failure(Self.abandoned))
                }
                pending[number] = .awaited(continuation)
            }
        } onCancel: {
            EventLoop.shared.perform { self.abandon(number) }
        }
    }

    private static let abandoned = KafkaError(
        RD_KAFKA_RESP_ERR__TIMED_OUT, kind: .outcomeUnknown, reason: "cancelled while the message was on its way")

    private func abandon(_ number: UInt) {
        guard case .awaited(let continuation) = pending[number] else { return }
        pending[number] = .abandoned
        continuation.resume(returning: .failure(Self.abandoned))
    }

    /// Takes every waiting event.
    func takeEvents() {
        while let event = queue.take() {
            defer { rd_kafka_event_destroy(event) }
            switch rd_kafka_event_type(event) {
            case RD_KAFKA_EVENT_DR:
                while let message = rd_kafka_event_message_next(event) { report(message) }
            case RD_KAFKA_EVENT_ERROR:
                log.note(
                    KafkaError(
                        rd_kafka_event_error(event),
                        reason: rd_kafka_event_error_string(event).map { String(cString: $0) }))
            case RD_KAFKA_EVENT_LOG:
                log.relay(logEvent: event)
            default:
                break
            }
        }
    }

    private func report(_ message: UnsafePointer<rd_kafka_message_t>) {
        let number = crossdock_message_number(message)
        let code = message.pointee.err
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else {
            let offset = message.pointee.offset
            let delivery = KafkaDelivery(partition: message.pointee.partition, offset: offset >= 0 ? offset : nil)
            return finish(number, .success(delivery))
        }
        let mayBeWritten = rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED
        var error = KafkaError(code)
        if hasFailed { error = KafkaError(RD_KAFKA_RESP_ERR__FATAL, reason: error.description) }
        finish(number, .failure(mayBeWritten ? error.withUnknownOutcome : error))
    }

    private func finish(_ number: UInt, _ result: Result<KafkaDelivery, KafkaError>) {
        switch pending[number] {
        case .awaited(let continuation):
            pending[number] = nil
            continuation.resume(returning: result)
        case .handedOver:
            pending[number] = .reported(result)
        case .abandoned:
            pending[number] = nil
        case .reported, nil:
            break
        }
    }

    /// Whether the library has given this handle up: every further message is refused.
    var hasFailed: Bool { fatalReason != nil }

    /// Why the library gave up; nil when it has not.
    var fatalReason: String? {
        guard let handle = client.pointer else { return nil }
        var text = [CChar](repeating: 0, count: 256)
        let code = rd_kafka_fatal_error(handle, &text, text.count)
        return code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(code).description
    }

    /// Makes every message have its report: what is queued or in flight is purged, what hangs is said to be unknown.
    func giveUp(within limit: Duration) async {
        guard let handle = client.pointer else { return }
        rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING)
        _ = await LoopTime.shared.waitUntil(within: limit) {
            self.takeEvents()
            return self.pending.isEmpty
        }
        for number in pending.keys.sorted() {
            finish(number, .failure(KafkaError(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT).withUnknownOutcome))
        }
    }

    /// Frees the handle.
    func close(within limit: Duration) async {
        queue.close()
        await client.destroy(within: limit)
    }

    /// Puts the library into the state after a fatal error, as its own tests do.
    func failForTesting() {
        guard let handle = client.pointer else { return }
        rd_kafka_test_fatal_error(handle, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "asked for by a test")
    }
}

extension KafkaError {
    var isQueueFull: Bool { code == RD_KAFKA_RESP_ERR__QUEUE_FULL.rawValue }
    var withUnknownOutcome: KafkaError { KafkaError(code: code, name: name, kind: .outcomeUnknown, reason: reason) }
}
