import CLibrdkafka
import EventLoop
import Telemetry

/// A client of the library and the calls on it that wait, which run on helper threads.
@Loop
final class ClientHandle {
    /// nil once destroyed.
    private(set) var pointer: OpaquePointer?
    private let embedded: Bool
    private let logger: Logger
    private let time = LoopTime.shared
    /// Calls that helper threads are still inside of.
    private var inquiries = 0

    init(_ pointer: OpaquePointer, embedded: Bool, logger: Logger) {
        self.pointer = pointer
        self.embedded = embedded
        self.logger = logger
    }

    /// How many partitions a topic has; nil when the brokers do not know it.
    func partitionCount(of topic: String, within limit: Duration) async throws(KafkaError) -> Int? {
        let milliseconds = Int32(clamping: limit.inMilliseconds)
        let listAll = embedded
        return try await ask {
            TopicMetadata.ask(topic, address: $0, listAll: listAll, milliseconds: milliseconds)
        }
    }

    /// The cluster's id; nil when the brokers do not answer in time or have none.
    func clusterId(within limit: Duration) async throws(KafkaError) -> String? {
        let milliseconds = Int32(clamping: limit.inMilliseconds)
        return try await ask { address in
            guard let handle = OpaquePointer(bitPattern: address),
                let text = rd_kafka_clusterid(handle, milliseconds)
            else { return .success(nil) }
            defer { rd_kafka_mem_free(handle, text) }
            return .success(String(cString: text))
        }
    }

    /// Asks the brokers on a helper thread; the client is not destroyed meanwhile.
    func ask<Answer: Sendable>(
        _ question: @escaping @Sendable (UInt) -> Result<Answer, KafkaError>
    ) async throws(KafkaError) -> Answer {
        guard let pointer else { throw .closed("the Kafka client is closed") }
        let address = UInt(bitPattern: pointer)
        inquiries += 1
        defer { inquiries -= 1 }
        let answer: Result<Answer, KafkaError>
        do {
            answer = try await EventLoop.shared.runOnHelperThread { question(address) }
        } catch {
            throw .deadline("the brokers were not asked: \(error)")
        }
        return try answer.get()
    }

    /// Destroys the client on a helper thread; when that takes too long, thread and client are left behind.
    func destroy(within limit: Duration) async {
        guard let pointer else { return }
        self.pointer = nil
        let deadline = time.now + limit
        // A call that is still inside of it would read freed memory.
        guard await time.waitUntil(within: limit, { self.inquiries == 0 }) else {
            logger.warning("a Kafka client is still asked for a topic; it is left behind")
            return
        }
        let address = UInt(bitPattern: pointer)
        do {
            try await withDeadline(max(.milliseconds(100), deadline - time.now), time: time) {
                try await EventLoop.shared.runOnHelperThread {
                    guard let handle = OpaquePointer(bitPattern: address) else { return }
                    rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
                }
            }
        } catch {
            logger.warning("a Kafka client does not end; it is left behind")
        }
    }
}

extension TimeSource {
    /// Asks every 5 ms until it is so (true) or the time is over (false).
    func waitUntil(within limit: Duration, _ isDone: () -> Bool) async -> Bool {
        let deadline = now + limit
        while !isDone() {
            guard now < deadline else { return false }
            // A cancelled task asks once more and gives up: the bound holds in any case.
            do { try await sleep(for: .milliseconds(5)) } catch { return isDone() }
        }
        return true
    }
}
