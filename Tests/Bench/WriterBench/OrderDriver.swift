import Contracts
import EventLoop
import Kafka
import Telemetry

/// Produces the orders of one run after the other.
@Loop
final class OrderDriver {
    /// The run that goes on or went last.
    private(set) var run: OrderRun?

    private let connection: KafkaConnection
    private let logger: Logger
    private var producers: [Bool: KafkaProducer] = [:]

    init(connection: KafkaConnection, logger: Logger) {
        self.connection = connection
        self.logger = logger
    }

    /// Begins a run; the bodies are built first, and then produced.
    func begin(_ settings: RunSettings) async throws {
        if let run, !run.isProduced, run.failure == nil { throw RunSettings.Refusal(description: "a run goes on") }
        let producer = try producer(isPaced: settings.rate > 0)
        let topic = Topic.orderSubmitted.name
        guard let count = try await producer.partitionCount(of: topic, within: .seconds(10)) else {
            throw RunSettings.Refusal(description: "the brokers have no topic \(topic)")
        }
        guard settings.partitions ?? count == count else {
            throw RunSettings.Refusal(description: "the topic has \(count) partitions")
        }
        let run = OrderRun(settings, partitions: count, producer: producer)
        self.run = run
        run.begin(try OrderFactory(settings))
    }

    /// Ends both producers.
    func close() async {
        run?.cancel()
        for producer in producers.values { await producer.close(within: .seconds(1)) }
    }

    /// One that gathers for a whole batch, or one that sends each message at once.
    private func producer(isPaced: Bool) throws -> KafkaProducer {
        if let known = producers[isPaced] { return known }
        var configuration = KafkaProducerConfiguration(connection: connection)
        configuration.linger = isPaced ? .zero : .milliseconds(5)
        let made = try KafkaProducer(configuration: configuration, logger: logger)
        producers[isPaced] = made
        return made
    }
}

extension OrderFactory {
    init(_ settings: RunSettings) throws(ContractError) {
        try self.init(
            seed: settings.seed, accounts: settings.accounts, skus: settings.skus, repeatShare: settings.repeatShare)
    }
}

/// The orders of one run on their way into Kafka.
@Loop
final class OrderRun {
    let settings: RunSettings
    /// Messages that the brokers have.
    private(set) var produced = 0
    /// Those of them that came a second time.
    private(set) var repeated = 0
    /// Whether all messages are with the brokers.
    private(set) var isProduced = false
    /// Why the run cannot go on.
    private(set) var failure: String?

    private let producer: KafkaProducer
    private let partitions: Int
    private var lead: Lead
    /// When each order was handed over, in monotonic nanoseconds; 0 is not yet.
    private var handedOver: [Int64]
    private var inFlight = 0
    private var task: Task<Void, any Error>?

    /// The most bodies that are built before the first is produced; those of longer runs are built as they go.
    private static let builtAhead = 25_000
    /// Between two turns of the loop, so that requests are answered meanwhile.
    private static let chunk = 64
    /// Messages without a report; well below what the library's queue takes.
    private static let mostInFlight = 5_000
    /// A repeat comes behind so many other orders.
    private static let repeatDistance = 200

    init(_ settings: RunSettings, partitions: Int, producer: KafkaProducer) {
        self.settings = settings
        self.partitions = partitions
        self.producer = producer
        lead = Lead(partitions: partitions, orders: settings.orders)
        handedOver = Array(repeating: 0, count: settings.orders)
    }

    func begin(_ factory: OrderFactory) {
        task = EventLoop.shared.start { [self] in
            do {
                try await produceAll(factory)
            } catch {
                fail("\(error)")
            }
        }
    }

    func cancel() { task?.cancel() }

    /// An order's request reached NetSuite at this moment: how many microseconds after its hand-over; nil where it is
    /// none of this run.
    func arrived(_ number: Int, at moment: Int64) -> Int? {
        let index = number - settings.from
        guard handedOver.indices.contains(index), handedOver[index] > 0 else { return nil }
        lead.arrive(order: index)
        return Int((moment - handedOver[index]) / 1_000)
    }

    // MARK: Producing

    private func produceAll(_ factory: OrderFactory) async throws {
        var built: [OrderMessage] = []
        built.reserveCapacity(min(settings.orders, Self.builtAhead))
        for index in 0..<min(settings.orders, Self.builtAhead) {
            built.append(try factory.message(settings.from + index))
            if index % Self.chunk == 0 { try await LoopTime.shared.sleep(for: .zero) }
        }
        var repeats: [(due: Int, message: OrderMessage)] = []
        var nextRepeat = 0
        let began = monotonicNanoseconds()
        for index in 0..<settings.orders {
            if index % Self.chunk == 0 { try await LoopTime.shared.sleep(for: .zero) }
            try await turn(of: index, since: began)
            let message = index < built.count ? built[index] : try factory.message(settings.from + index)
            try await produce(message)
            if message.isRepeated { repeats.append((due: index + Self.repeatDistance, message: message)) }
            while nextRepeat < repeats.count, repeats[nextRepeat].due <= index {
                try await produce(repeats[nextRepeat].message, isRepeat: true)
                nextRepeat += 1
            }
        }
        for repeated in repeats[nextRepeat...] { try await produce(repeated.message, isRepeat: true) }
        while inFlight > 0 { try await LoopTime.shared.sleep(for: .milliseconds(1)) }
        isProduced = failure == nil
    }

    /// Waits until an order is due, where orders are spread over time.
    private func turn(of index: Int, since began: Int64) async throws {
        guard settings.rate > 0 else { return }
        let due = began + Int64(Double(index) * 1_000_000_000 / settings.rate)
        while true {
            let left = due - monotonicNanoseconds()
            if left <= 0 { return }
            try await LoopTime.shared.sleep(for: .nanoseconds(left))
        }
    }

    private func produce(_ message: OrderMessage, isRepeat: Bool = false) async throws {
        let index = message.number - settings.from
        let partition = Placement.partition(of: message.key, among: partitions)
        while inFlight >= Self.mostInFlight || isTooFarAhead(partition, message.size) {
            try await LoopTime.shared.sleep(for: .milliseconds(1))
        }
        if let failure { throw RunSettings.Refusal(description: failure) }
        lead.produce(message.size, in: partition, order: index)
        inFlight += 1
        if handedOver[index] == 0 { handedOver[index] = monotonicNanoseconds() }
        EventLoop.shared.start { [self] in await deliver(message, to: partition, isRepeat) }
    }

    private func isTooFarAhead(_ partition: Int, _ size: Int) -> Bool {
        settings.aheadBytes > 0 && lead.ahead(in: partition) > 0
            && lead.ahead(in: partition) + size > settings.aheadBytes
    }

    private func deliver(_ message: OrderMessage, to partition: Int, _ isRepeat: Bool) async {
        defer { inFlight -= 1 }
        while failure == nil {
            do {
                let delivery = try await producer.send(
                    topic: Topic.orderSubmitted.name, key: message.key, value: message.value, headers: message.headers)
                produced += 1
                if isRepeat { repeated += 1 }
                if Int(delivery.partition) != partition { fail("the brokers placed a key in another partition") }
                return
            } catch {
                guard error.isRetriable else { return fail("\(error)") }
            }
        }
    }

    private func fail(_ reason: String) {
        if failure == nil { failure = reason }
    }
}
