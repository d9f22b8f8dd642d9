import CLibrdkafka
import EventLoop
import Glibc

/// A queue of librdkafka, taken without ever waiting, and the eventfd that wakes the loop when it is no longer empty.
@Loop
final class EventQueue {
    private var queue: OpaquePointer?
    private var descriptor: Int32 = -1
    private var watch: DescriptorWatch?

    /// Takes over a reference to a queue.
    init(_ queue: OpaquePointer) {
        self.queue = queue
    }

    /// Calls `handler` when the queue has become non-empty: once, so take until nothing is left.
    func wakeLoop(_ handler: @escaping @Loop () -> Void) throws(KafkaError) {
        guard let queue else { return }
        descriptor = crossdock_eventfd()
        guard descriptor >= 0 else {
            throw KafkaError(
                RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, kind: .other, reason: "no eventfd can be made (errno \(errno))")
        }
        let watched = descriptor
        do {
            watch = try EventLoop.shared.watch(watched, for: .readable) { _ in
                var counter: UInt64 = 0
                _ = read(watched, &counter, MemoryLayout<UInt64>.size)
                handler()
            }
        } catch {
            Glibc.close(watched)
            descriptor = -1
            throw KafkaError(
                RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, kind: .other, reason: "the queue cannot be watched: \(error)")
        }
        var one: UInt64 = 1
        rd_kafka_queue_io_event_enable(queue, watched, &one, MemoryLayout<UInt64>.size)
    }

    /// The next event; the caller destroys it.
    func take() -> OpaquePointer? {
        queue.flatMap { rd_kafka_queue_poll($0, 0) }
    }

    /// Lends the queue to a call of the library.
    var pointer: OpaquePointer? { queue }

    /// Gives the reference back: before the handle is destroyed, or that never returns.
    func close() {
        watch?.cancel()
        watch = nil
        if let queue {
            if descriptor >= 0 { rd_kafka_queue_io_event_enable(queue, -1, nil, 0) }
            rd_kafka_queue_destroy(queue)
        }
        queue = nil
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}
