public import Contracts
public import EventLoop
import Kafka
import Telemetry

/// Puts events of our topics into Kafka and returns when the brokers have them.
///
/// A send that fails may have been written: send it again with the same event id, which consumers know it by.
@Loop
public final class EventProducer {
    /// Gives an event to Kafka; returns when the brokers have it.
    public typealias Send =
        @Loop @Sendable (_ value: [UInt8], _ headers: CloudEventHeaders) async throws(Trouble) -> Void

    /// The most bytes of an event's value: with headers and framing it stays below the 1 MiB that brokers take, and a
    /// larger one they would refuse for ever.
    public nonisolated static let maximumValueBytes = 1_000_000

    private let producer: KafkaProducer
    private let troubles: Troubles
    private let sent: Counter
    private let failed: Counter

    init(producer: KafkaProducer, troubles: Troubles, metrics: MetricsRegistry) {
        self.producer = producer
        self.troubles = troubles
        sent = metrics.counter("events_sent", help: "Events that Kafka confirmed", labels: ["topic"])
        failed = metrics.counter("events_not_confirmed", help: "Events that Kafka did not confirm", labels: ["topic"])
    }

    /// Sends an event as it is stored: the value is not made anew, so that a repetition has the same bytes.
    /// - Parameter handedOver: called when the library has the message and no report of it has come.
    /// - Throws: ``Trouble`` of Kafka; the order has no part in it.
    public func send<Message>(
        _ topic: Topic<Message>, value: [UInt8], headers: CloudEventHeaders,
        handedOver: @Loop @Sendable () -> Void = {}
    ) async throws(Trouble) {
        do throws(KafkaError) {
            _ = try await producer.send(
                topic: topic.name, key: Array(headers.subject.utf8), value: value,
                headers: headers.encode().map { KafkaHeader($0.0, $0.1) }, handedOver: handedOver)
            sent.add(1, topic.name)
            troubles.answered(.kafka)
        } catch {
            failed.add(1, topic.name)
            throw Trouble(.kafka, error.description)
        }
    }

    /// What is said of a topic that is not there.
    static func missing(_ topic: String) -> String {
        "the topic \(topic) does not exist: create it (deploy/ has the list of topics)"
    }

    /// Why the topic cannot be produced to now; nil when it is there. Asking also warms the first send up.
    func whyNotReady<Message>(for topic: Topic<Message>, within limit: Duration) async -> String? {
        do throws(KafkaError) {
            guard try await producer.partitionCount(of: topic.name, within: limit) != nil else {
                return Self.missing(topic.name)
            }
            return nil
        } catch {
            return error.description
        }
    }
}

extension ServiceHost {
    /// Adds a producer of events; what it was given is delivered, or given up, when it stops.
    ///
    /// The brokers are asked for the topic now and then, and health says so when it cannot be produced to.
    public func addEventProducer<Message>(for topic: Topic<Message>) throws -> EventProducer {
        let producer = EventProducer(producer: try addProducer(), troubles: troubles, metrics: metrics)
        let watch = Watch(time: time) { [health] in
            let reason = await producer.whyNotReady(for: topic, within: .seconds(2))
            try Task.checkCancellation()
            health.set("Kafka, to produce", reason: reason)
            return reason == nil ? .seconds(10) : .seconds(2)
        }
        lifecycle.add("watch of \(topic.name)", start: { watch.start() }, stop: { watch.stop() })
        return producer
    }
}
