import EventLoop
public import Kafka
public import Ledger
import Postgres
import Telemetry

extension ServiceHost {
    /// Adds PostgreSQL: started when it answers and has the schema that this program knows, closed last.
    ///
    /// While it does not answer, also later and without work, the service says why it is not ready; a schema that is missing or unknown
    /// stops the start and names the command that makes it.
    public func addLedger(maximumConnections: Int = 6) throws -> Ledger {
        let configuration = try settings.postgresConfiguration(
            applicationName: instance, maximumConnections: maximumConnections)
        let pool = PostgresPool(configuration: configuration, logger: logger, time: time)
        let ledger = Ledger(pool: pool, logger: logger)
        let patience = databasePatience
        let watch = Watch(time: time) { [troubles] in
            do {
                try await patience.untilAnswered { try await ledger.checkSchema() }
            } catch let error as LedgerSchemaError {
                troubles.raise(Trouble(.database, error.description))
            } catch let error as PostgresError {
                // A stop ends the question, which says nothing of the database.
                try Task.checkCancellation()
                troubles.raise(Trouble(.database, error.description))
            }
            return .seconds(5)
        }
        lifecycle.add(
            "PostgreSQL",
            start: {
                try await patience.untilAnswered { try await ledger.checkSchema() }
                watch.start()
            },
            stop: {
                watch.stop()
                await pool.close()
            })
        return ledger
    }

    /// Repeats ledger calls while PostgreSQL is in trouble.
    public var databasePatience: DatabasePatience {
        DatabasePatience(troubles: troubles, time: time)
    }

    /// Adds a producer; what it was given is delivered, or given up, when it stops.
    public func addProducer() throws -> KafkaProducer {
        let connection = try settings.kafkaConnection(clientId: name)
        let producer = try KafkaProducer(
            configuration: KafkaProducerConfiguration(connection: connection), logger: logger)
        lifecycle.add("Kafka producer", stop: { await producer.close(within: .milliseconds(800)) })
        return producer
    }

    /// Adds a consume loop over topics, in the consumer group of the service's name: one consumer for all of them.
    ///
    /// - Parameters:
    ///   - topics: names, each once; handlers tell messages apart by `delivery.message.topic`.
    ///   - ledger: remembers which messages were open when a process ended.
    ///   - maximumOpen: messages taken and not finished at most: each costs memory.
    ///   - onGap: what the service can do about messages that were gone unread, beside saying so.
    ///   - poisonHandler: makes a message that ends the process a dead letter, without reading it.
    public func addConsumeLoop(
        topics: [String], ledger: Ledger, maximumOpen: Int = ConsumeLimits().maximumOpen,
        mayTake: @escaping @Loop @Sendable () -> Bool = { true }, onGap: GapReaction? = nil,
        handler: @escaping ConsumeLoop.Handler, poisonHandler: @escaping ConsumeLoop.Handler
    ) throws {
        let connection = try settings.kafkaConnection(clientId: name)
        var configuration = KafkaConsumerConfiguration(connection: connection, groupId: name)
        configuration.sessionTimeout = try settings.value(of: CommonSettings.sessionTimeout)
        configuration.maximumPollInterval = max(configuration.maximumPollInterval, configuration.sessionTimeout)
        let consumer = try KafkaConsumer(configuration: configuration, logger: logger)
        var limits = ConsumeLimits()
        limits.maximumOpen = maximumOpen
        let quarantine = QuarantineOfTopics(topics) { topic, gate in
            Quarantine(
                name: name, topic: topic, holder: instance, windowSize: limits.mostOpenOfPartition, gate: gate,
                ledger: ledger, patience: databasePatience, metrics: metrics, logger: logger, time: time)
        }
        let loop = ConsumeLoop(
            topics: topics, consumer: consumer, limits: limits, troubles: troubles, health: health, metrics: metrics,
            logger: logger, time: time, mayTake: mayTake, onGap: onGap,
            giveUp: { [lifecycle] reason in lifecycle.stop(because: reason, failed: true) }, handler: handler,
            quarantine: quarantine, poisonHandler: poisonHandler)
        lifecycle.add(
            "consumer of \(topics.joined(separator: ", "))", start: { try loop.start() },
            stop: { await loop.stop(within: .milliseconds(2500)) })
    }
}
