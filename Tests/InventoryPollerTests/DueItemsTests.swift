import Testing

@testable import InventoryPoller

@Suite("Items that are read again")
struct DueItemsTests {
    struct Case: Sendable {
        let name: String
        let before: String
        let read: [Int64]
        let unreadable: Set<Int64>
        let after: String
    }

    @Test(
        "what could not be read is due until it is read",
        arguments: [
            Case(name: "nothing", before: "", read: [1, 2], unreadable: [], after: ""),
            Case(name: "new ones behind", before: "9", read: [1, 2, 3], unreadable: [3, 1], after: "9 1 3"),
            Case(name: "still unreadable", before: "9 1", read: [9, 1], unreadable: [9, 1], after: "9 1"),
            Case(name: "one is read", before: "9 1 3", read: [1], unreadable: [], after: "9 3"),
            Case(name: "not asked for", before: "9 1", read: [4], unreadable: [], after: "9 1"),
            Case(name: "a damaged cursor", before: "9 x 1", read: [], unreadable: [], after: "9 1"),
        ])
    func note(test: Case) {
        var due = DueItems(text: test.before)
        #expect(due.note(read: test.read, unreadable: test.unreadable) == 0, "\(test.name)")
        #expect(due.text == test.after, "\(test.name)")
        #expect(DueItems(text: due.text).ids == due.ids, "\(test.name)")
    }

    @Test("read again at the next polls, then seldom, and for ever; a new one makes the next polls eager again")
    func turns() {
        var due = DueItems(text: "7")
        var turns = (1...400).map { _ in due.turn().count }
        #expect(turns.prefix(20).allSatisfy { $0 == 1 })
        #expect(turns.dropFirst(20).reduce(0, +) == 19)
        #expect(due.note(read: [7, 8], unreadable: [7, 8]) == 0)
        turns = (1...20).map { _ in due.turn().count }
        #expect(turns.allSatisfy { $0 == 2 })
    }

    @Test("no more than a thousand, the oldest; how many are left out is said")
    func most() {
        var due = DueItems(text: "5000")
        #expect(due.note(read: [], unreadable: Set(1...1_000)) == 1)
        #expect(due.ids.count == 1_000 && due.ids.first == 5_000 && due.ids.last == 999)
    }
}
