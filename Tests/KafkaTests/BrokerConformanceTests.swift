import EventLoop
import Kafka
import TestSupport
import Testing

@Suite("Both brokers")
struct BrokerConformanceTests {
    @Test(
        "Apache Kafka takes part in this suite",
        .enabled(
            if: KafkaBrokerKind.real.whyUnavailable == nil, Comment(rawValue: KafkaBrokerKind.real.whyUnavailable ?? "")
        ))
    func realBrokerTakesPart() {
        #expect(KafkaBrokerKind.available.contains(.real))
    }

    @Test("what is sent is read, with key, headers, nulls and empty values kept", arguments: KafkaBrokerKind.available)
    func messagesArriveAsSent(kind: KafkaBrokerKind) async throws {
        try await onLoop {
            try await withTopic(kind, partitionCount: 1) { broker, topic in
                let producer = try makeProducer(broker)
                let headers = [
                    KafkaHeader("ce_id", "a"), KafkaHeader("ce_id", "b"), KafkaHeader("empty", ""),
                    KafkaHeader(name: "null", value: nil), KafkaHeader(name: "binary", value: [0xff, 0x00]),
                ]
                let sent: [(key: [UInt8]?, value: [UInt8]?)] = [
                    (bytes("k"), bytes("žluťoučký 🐎")), (nil, bytes("no key")), (bytes("tombstone"), nil),
                    (bytes("empty"), []), ([], bytes("empty key")),
                    (bytes("large"), [UInt8](repeating: 7, count: 900_000)),
                ]
                for (index, message) in sent.enumerated() {
                    let delivery = try await producer.send(
                        topic: topic, key: message.key, value: message.value, headers: headers)
                    #expect(delivery.offset == Int64(index))
                }
                await producer.close(within: .seconds(2))
                let member = try TestMember(broker, group: topic, topics: [topic])
                try await member.waitForMessages(sent.count)
                for (index, message) in sent.enumerated() {
                    #expect(member.messages[index].key == message.key)
                    #expect(member.messages[index].value == message.value)
                    #expect(member.messages[index].headers == headers)
                    #expect(member.messages[index].offset == Int64(index))
                }
                await member.leave()
            }
        }
    }

    @Test("a key has one partition and its order is kept", arguments: KafkaBrokerKind.available)
    func orderOfAKeyIsKept(kind: KafkaBrokerKind) async throws {
        try await onLoop {
            try await withTopic(kind, partitionCount: 6) { broker, topic in
                let producer = try makeProducer(broker)
                let senders = (0..<8).map { key in
                    EventLoop.shared.start {
                        for number in 0..<25 {
                            _ = try await producer.send(
                                topic: topic, key: bytes("key\(key)"), value: bytes("\(number)"))
                        }
                    }
                }
                for sender in senders { try await sender.value }
                let member = try TestMember(broker, group: topic, topics: [topic])
                try await member.waitForMessages(200)
                for key in 0..<8 {
                    let ofKey = member.messages.filter { $0.key == bytes("key\(key)") }
                    #expect(ofKey.map(\.value) == (0..<25).map { bytes("\($0)") })
                    #expect(Set(ofKey.map(\.partition)).count == 1)
                }
                await member.leave()
                await producer.close(within: .seconds(2))
            }
        }
    }

    @Test("the stored offset is the next one read after a restart", arguments: KafkaBrokerKind.available)
    func storedOffsetIsReadNext(kind: KafkaBrokerKind) async throws {
        try await onLoop {
            try await withTopic(kind, partitionCount: 1) { broker, topic in
                let producer = try makeProducer(broker)
                for number in 0..<10 { _ = try await producer.send(topic: topic, key: nil, value: bytes("\(number)")) }
                let partition = TopicPartition(topic: topic, partition: 0)
                let first = try TestMember(broker, group: topic, topics: [topic])
                first.stores = false
                try await first.waitForMessages(10)
                #expect(first.consumer.store(next: 4, for: partition))
                // A lower one must not be committed.
                #expect(first.consumer.store(next: 2, for: partition))
                await first.leave()
                #expect(!first.consumer.store(next: 9, for: partition))

                let second = try TestMember(broker, group: topic, topics: [topic])
                try await second.waitForMessages(6)
                #expect(second.messages.first?.offset == 4)
                #expect(second.messages.map(\.offset) == [4, 5, 6, 7, 8, 9])
                await second.leave()
                await producer.close(within: .seconds(2))
            }
        }
    }

    @Test("two members share the partitions, and one that leaves gives them back", arguments: KafkaBrokerKind.available)
    func membersShareThePartitions(kind: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(90)) {
            try await withTopic(kind, partitionCount: 6) { broker, topic in
                let first = try TestMember(broker, group: topic, topics: [topic])
                try await eventually("all six partitions") { first.assignment.count == 6 }
                let second = try TestMember(broker, group: topic, topics: [topic])
                try await eventually("three partitions each", within: .seconds(30)) {
                    first.assignment.count == 3 && second.assignment.count == 3
                }
                #expect(first.assignment.isDisjoint(with: second.assignment))
                // The embedded broker may need a second round of joining: each of them takes away once what it gave.
                #expect(first.emptyRevocationCount == 0 && first.revocationCount >= 1)
                #expect(kind == .embedded || first.revocationCount == 1)
                await second.leave()
                try await eventually("all six again", within: .seconds(30)) { first.assignment.count == 6 }
                await first.leave()
            }
        }
    }

    @Test(
        "rebalances show while no messages are wanted, and what was met is kept", arguments: KafkaBrokerKind.available)
    func rebalancesShowWhileIntakeIsClosed(kind: KafkaBrokerKind) async throws {
        try await onLoop {
            try await withTopic(kind, partitionCount: 1) { broker, topic in
                let producer = try makeProducer(broker)
                for number in 0..<5 { _ = try await producer.send(topic: topic, key: nil, value: bytes("\(number)")) }
                let consumer = try KafkaConsumer(
                    configuration: KafkaConsumerConfiguration(connection: broker.connection(), groupId: topic),
                    logger: .silent)
                try consumer.subscribe([topic])
                var seen: [Int64] = []
                try await eventually("the assignment") {
                    if case .assigned(let partitions) = consumer.poll(messagesWanted: false) {
                        consumer.assign(partitions)
                        return true
                    }
                    return false
                }
                try await eventually("messages, once wanted") {
                    // Meets and keeps what has come, then takes it.
                    #expect(consumer.poll(messagesWanted: false) == nil)
                    while case .message(let message) = consumer.poll() { seen.append(message.offset) }
                    return seen.count == 5
                }
                #expect(seen == [0, 1, 2, 3, 4])
                await consumer.close(within: .seconds(3))
                await producer.close(within: .seconds(2))
            }
        }
    }

    @Test(
        "a member that wants nothing for longer than it may be silent stays in its group, and loses nothing",
        arguments: KafkaBrokerKind.available)
    func wantsNothingForLong(kind: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(60)) {
            try await withTopic(kind, partitionCount: 1) { broker, topic in
                let producer = try makeProducer(broker)
                for number in 0..<200 { _ = try await producer.send(topic: topic, key: nil, value: bytes("\(number)")) }
                var configuration = KafkaConsumerConfiguration(connection: broker.connection(), groupId: topic)
                configuration.maximumPollInterval = configuration.sessionTimeout
                let consumer = try KafkaConsumer(configuration: configuration, logger: .silent)
                try consumer.subscribe([topic])
                var end = MonotonicInstant.now
                try await eventually("the assignment") {
                    guard case .assigned(let partitions) = consumer.poll(messagesWanted: false) else { return false }
                    consumer.assign(partitions)
                    end = .now + configuration.maximumPollInterval + .seconds(2)
                    return true
                }
                try await eventually("the end of the silence", within: .seconds(20)) {
                    #expect(consumer.poll(messagesWanted: false) == nil)
                    return MonotonicInstant.now > end
                }
                var seen: [Int64] = []
                try await eventually("messages, once wanted") {
                    while let event = consumer.poll() {
                        guard case .message(let message) = event else { throw KafkaTestFailure() }
                        seen.append(message.offset)
                    }
                    return seen.count == 200
                }
                #expect(seen == Array(0..<200))
                await consumer.close(within: .seconds(3))
                await producer.close(within: .seconds(2))
            }
        }
    }

    private struct KafkaTestFailure: Error {}

    @Test("a paused partition brings nothing until it is resumed", arguments: KafkaBrokerKind.available)
    func pauseHoldsMessagesBack(kind: KafkaBrokerKind) async throws {
        try await onLoop {
            try await withTopic(kind, partitionCount: 1) { broker, topic in
                let producer = try makeProducer(broker)
                let member = try TestMember(broker, group: topic, topics: [topic])
                try await eventually("the assignment") { member.assignment.count == 1 }
                _ = try await producer.send(topic: topic, key: nil, value: bytes("before"))
                try await member.waitForMessages(1)
                member.consumer.pause(member.assignment)
                _ = try await producer.send(topic: topic, key: nil, value: bytes("while paused"))
                // Resuming what is not paused would rewind it: only the second call may do anything.
                member.consumer.resume([TopicPartition(topic: topic, partition: 9)])
                #expect(member.messages.count == 1)
                member.consumer.resume(member.assignment)
                member.consumer.resume(member.assignment)
                try await member.waitForMessages(2)
                #expect(member.messages.map(\.offset) == [0, 1])
                await member.leave()
                await producer.close(within: .seconds(2))
            }
        }
    }
}

extension Optional<KafkaConsumerEvent> {
    fileprivate static func == (left: KafkaConsumerEvent?, right: _OptionalNilComparisonType) -> Bool {
        if case .none = left { true } else { false }
    }
}
