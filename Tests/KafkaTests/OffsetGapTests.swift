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
}
