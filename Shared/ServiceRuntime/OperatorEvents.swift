public import Contracts
public import EventLoop
import FoundationEssentials
import Kafka
public import Ledger
public import Telemetry

/// Kafka for a program that runs once and ends, such as the operator's command line: it produces, and nothing else.
///
/// Call ``close()`` in the end: what was not confirmed by then is given up, and may or may not have been written.
@Loop
public final class OperatorEvents {
    private let producer: KafkaProducer

    /// An operator waits at a terminal: brokers that do not answer are said to be away after this time.
    private static let patience: Duration = .seconds(10)
    /// A kept message has up to 1 MiB of value; key and headers come on top.
    private static let maximumMessageBytes = 2 << 20

    /// Takes the brokers from the settings; nothing is asked of them yet.
    public init(settings: Settings, clientId: String, logger: Logger) throws(ConfigurationError) {
        var configuration = KafkaProducerConfiguration(connection: try settings.kafkaConnection(clientId: clientId))
        configuration.messageTimeout = Self.patience
        configuration.maximumMessageBytes = Self.maximumMessageBytes
        do throws(KafkaError) {
            producer = try KafkaProducer(configuration: configuration, logger: logger)
        } catch {
            throw ConfigurationError("KAFKA_…", "cannot work: \(error)", "see docs/configuration.md")
        }
    }

    /// Produces a replay and returns once the brokers have it. Of two with one key the second must wait for the first.
    public func send(_ replay: ReplayMessage) async throws(ReplayTrouble) {
        do throws(KafkaError) {
            _ = try await producer.send(
                topic: replay.topic, key: replay.key, value: replay.value,
                headers: replay.headers.map { KafkaHeader(name: $0.name, value: $0.value) })
        } catch {
            throw ReplayTrouble(reason: error.description, isRefused: error.kind == .refused)
        }
    }

    /// Publishes an event as it is stored and returns once the brokers have it.
    ///
    /// - Throws: ``Trouble`` of Kafka: it may have been written, send it again with the same event id.
    public func send<Message>(
        _ topic: Topic<Message>, value: [UInt8], headers: CloudEventHeaders
    ) async throws(Trouble) {
        do throws(KafkaError) {
            _ = try await producer.send(
                topic: topic.name, key: Array(headers.subject.utf8), value: value,
                headers: headers.encode().map { KafkaHeader($0.0, $0.1) })
        } catch {
            throw Trouble(.kafka, error.description)
        }
    }

    /// Ends the connections.
    public func close() async { await producer.close(within: .milliseconds(500)) }
}

/// Why a replay is not known to be in its topic.
public struct ReplayTrouble: Error, Sendable {
    /// What Kafka says.
    public let reason: String
    /// The brokers refused this message and will refuse it again; else it may have been written: send it again.
    public let isRefused: Bool
}
