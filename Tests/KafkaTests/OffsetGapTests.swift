import EventLoop
import TestSupport
import Testing

@testable import Kafka

@Suite("Offset gaps")
struct OffsetGapTests {
    /// Where the group stands, what is kept, and what is to be found.
    struct Case: Sendable, CustomStringConvertible {
        let description: String
        let next: Int64?
        let kept: Range<Int64>
        var kind: OffsetGap.Kind?
        var missing: Int64?
    }

    static let cases = [
        Case(description: "nothing was ever read or written", next: nil, kept: 0..<0),
        Case(description: "a new group reads from the beginning", next: nil, kept: 0..<10),
        Case(description: "everything is read", next: 10, kept: 0..<10),
        Case(description: "everything is read and deleted", next: 10, kept: 10..<10),
        Case(description: "deleted exactly up to what is read", next: 4, kept: 4..<10),
        Case(description: "one deleted unread", next: 4, kept: 5..<10, kind: .deletedUnread, missing: 1),
        Case(description: "all deleted unread", next: 4, kept: 10..<10, kind: .deletedUnread, missing: 6),
        Case(description: "no offset, beginning gone", next: nil, kept: 3..<10, kind: .offsetsLost, missing: 3),
        Case(description: "made anew", next: 11, kept: 0..<10, kind: .beyondEnd),
    ]

    @Test("offsets are compared with what is kept", arguments: cases)
    func compared(example: Case) {
        let partition = TopicPartition(topic: "test.v1", partition: 3)
        let gap = OffsetGap.between(partition, next: example.next, kept: example.kept)
        #expect(gap?.kind == example.kind)
        #expect(gap?.missingCount == example.missing)
    }

    @Test(
        "an offset behind the end is found, and reading goes on at the earliest message",
        arguments: KafkaBrokerKind.available)
    func beyondEnd(kind: KafkaBrokerKind) async throws {
        try await onLoop {
            try await withTopic(kind, partitionCount: 1) { broker, topic in
                let producer = try makeProducer(broker)
                for number in 0..<3 { _ = try await producer.send(topic: topic, key: nil, value: bytes("\(number)")) }
                let partition = TopicPartition(topic: topic, partition: 0)
                let first = try TestMember(broker, group: topic, topics: [topic])
                first.stores = false
                try await first.waitForMessages(3)
                first.consumer.store(next: 1_000, for: partition)
                await first.leave()

                let second = try TestMember(broker, group: topic, topics: [topic])
                let found = try await second.consumer.offsetGaps(
                    of: [partition],
                    next: try await second.consumer.committedOffsets(of: [partition], within: .seconds(10)),
                    within: .seconds(10))
                #expect(found == [OffsetGap(partition: partition, kind: .beyondEnd, next: 1_000, kept: 0..<3)])
                try await second.waitForMessages(3)
                #expect(second.messages.map(\.offset) == [0, 1, 2])
                await second.leave()
                await producer.close(within: .seconds(2))
            }
        }
    }
}
