import Contracts
import EventLoop
import Foundation
import JSONText
import TestSupport
import Testing

@testable import NetSuite

/// New York of 2026 as far as these tests need it: spring on 8 March at 07:00Z, autumn on 1 November at 06:00Z.
private func newYork() throws -> TimeZoneRules {
    TimeZoneRules(
        name: "America/New_York",
        transitions: [
            .init(at: try UTCInstant("2026-03-08T07:00:00Z"), offsetSeconds: -4 * 3600),
            .init(at: try UTCInstant("2026-11-01T06:00:00Z"), offsetSeconds: -5 * 3600),
        ], initialOffsetSeconds: -5 * 3600)
}

private func moment(_ now: String, overlap: Duration = .seconds(300)) throws -> WatchMoment {
    WatchMoment(now: try UTCInstant(now), rules: try newYork(), overlap: overlap)
}

private func row(_ id: String?, _ stamp: String?, _ more: JSONObject = [:]) -> SuiteQLRow {
    var columns = more
    columns["id"] = id.map(JSONValue.string)
    columns["stamp"] = stamp.map(JSONValue.string)
    return SuiteQLRow(columns: columns)
}

private func change(_ id: Int64, _ stamp: String?) throws -> NetSuiteChange {
    NetSuiteChange(id: id, stamp: try stamp.map { try LocalTime($0) }, row: row(String(id), stamp))
}

@Suite("Where a scan begins")
struct WatchMarkTests {
    struct Case: Sendable {
        let name: String
        let mark: String
        let now: String
        let beginning: String
    }

    @Test(
        "some minutes before the mark, as the smallest time that the account's clock has shown since",
        arguments: [
            Case(
                name: "winter", mark: "2026-01-15T15:00:00Z", now: "2026-01-15T15:00:10Z",
                beginning: "2026-01-15 09:53:58"),
            Case(
                name: "summer", mark: "2026-07-15T15:00:00Z", now: "2026-07-15T15:00:10Z",
                beginning: "2026-07-15 10:53:58"),
            Case(
                name: "behind the spring gap", mark: "2026-03-08T07:02:00Z", now: "2026-03-08T07:02:10Z",
                beginning: "2026-03-08 01:55:58"),
            Case(
                name: "before the repeated hour", mark: "2026-11-01T05:55:00Z", now: "2026-11-01T05:59:50Z",
                beginning: "2026-11-01 01:48:58"),
            Case(
                name: "the clocks went back since", mark: "2026-11-01T05:55:00Z", now: "2026-11-01T06:00:10Z",
                beginning: "2026-11-01 01:00:00"),
            Case(
                name: "stopped since long before autumn's change", mark: "2026-10-31T12:00:00Z",
                now: "2026-11-02T12:00:00Z", beginning: "2026-10-31 07:53:58"),
            Case(
                name: "a mark ahead of NetSuite's clock", mark: "2026-01-15T15:30:00Z", now: "2026-01-15T15:00:00Z",
                beginning: "2026-01-15 10:23:58"),
        ])
    func beginning(test: Case) throws {
        let mark = WatchMark(try UTCInstant(test.mark))
        #expect(mark.beginning(at: try moment(test.now)).text == test.beginning, "\(test.name)")
        #expect(WatchMark(text: mark.text) == mark)
    }

    @Test("a text that is no mark is none", arguments: ["", "yesterday", "2026-01-15 15:00:00"])
    func noMark(text: String) {
        #expect(WatchMark(text: text) == nil)
    }
}

@Suite("Rows that were seen")
struct SeenChangesTests {
    struct Case: Sendable {
        let name: String
        let stamp: String
        let readAt: String
        let now: String
        let isFresh: Bool
    }

    @Test(
        "a row is shown within its minute, once behind it, and once behind the overlap",
        arguments: [
            Case(
                name: "again within its minute", stamp: "2026-01-15 10:00:00", readAt: "2026-01-15T15:00:20Z",
                now: "2026-01-15T15:00:35Z", isFresh: true),
            Case(
                name: "first behind its minute", stamp: "2026-01-15 10:00:00", readAt: "2026-01-15T15:00:50Z",
                now: "2026-01-15T15:01:05Z", isFresh: true),
            Case(
                name: "second behind its minute", stamp: "2026-01-15 10:00:00", readAt: "2026-01-15T15:01:05Z",
                now: "2026-01-15T15:01:20Z", isFresh: false),
            Case(
                name: "first behind the overlap", stamp: "2026-01-15 10:00:00", readAt: "2026-01-15T15:05:50Z",
                now: "2026-01-15T15:06:05Z", isFresh: true),
            Case(
                name: "second behind the overlap", stamp: "2026-01-15 10:00:00", readAt: "2026-01-15T15:06:05Z",
                now: "2026-01-15T15:06:20Z", isFresh: false),
            Case(
                name: "a stamp of the future", stamp: "2026-01-15 11:00:00", readAt: "2026-01-15T15:00:00Z",
                now: "2026-01-15T15:00:15Z", isFresh: true),
            Case(
                name: "the repeated hour, first time", stamp: "2026-11-01 01:30:00", readAt: "2026-11-01T05:40:00Z",
                now: "2026-11-01T05:40:15Z", isFresh: false),
            Case(
                name: "the repeated hour, second time", stamp: "2026-11-01 01:30:00", readAt: "2026-11-01T05:40:00Z",
                now: "2026-11-01T06:30:10Z", isFresh: true),
            Case(
                name: "the repeated hour, behind the second time", stamp: "2026-11-01 01:30:00",
                readAt: "2026-11-01T06:37:00Z", now: "2026-11-01T06:37:15Z", isFresh: false),
            Case(
                name: "a time that spring leaves out", stamp: "2026-03-08 02:30:00", readAt: "2026-03-08T07:07:00Z",
                now: "2026-03-08T07:07:15Z", isFresh: false),
        ])
    func fresh(test: Case) throws {
        var seen = SeenChanges()
        let row = try change(7, test.stamp)
        #expect(seen.isFresh(row, at: try moment(test.readAt)))
        seen.note([row], at: try moment(test.readAt))
        #expect(seen.isFresh(row, at: try moment(test.now)) == test.isFresh, "\(test.name)")
        #expect(seen.isFresh(try change(8, test.stamp), at: try moment(test.now)))
    }

    @Test("a row without stamp is always shown, and what no scan shows any more is forgotten")
    func forgotten() throws {
        var seen = SeenChanges()
        let now = try moment("2026-01-15T15:10:00Z")
        seen.note([try change(1, nil), try change(2, "2026-01-15 10:00:00")], at: now)
        #expect(seen.isFresh(try change(1, nil), at: now))
        #expect(seen.count == 1)
        seen.forget(before: try LocalTime("2026-01-15 10:00:01"))
        #expect(seen.count == 0)
    }
}

@Suite("One page of a scan")
struct ScannedPageTests {
    private static let start = "2026-01-15 10:00:00"

    private func page(_ rows: [SuiteQLRow], hasMore: Bool, of table: ChangeTable = .items) throws -> ScannedPage {
        try ScannedPage(
            rows: rows, hasMore: hasMore, of: table, from: ScanPosition(stamp: try LocalTime(Self.start)))
    }

    @Test("a row without id is counted, one without stamp is shown, and the page ends behind the last whole row")
    func badRows() throws {
        let page = try page(
            [
                row("1", "2026-01-15 10:00:00"), row(nil, "2026-01-15 10:01:00"), row("2", nil),
                row("x", "2026-01-15 10:02:00"), row("3", "15.01.2026"), row("4", "2026-01-15 10:03:00"),
                row("5", nil),
            ], hasMore: true)
        #expect(page.changes.map(\.id) == [1, 2, 3, 4, 5])
        #expect(page.changes.filter { $0.stamp == nil }.map(\.id) == [2, 3, 5])
        #expect(page.unreadable == 2)
        #expect(try page.end == ScanPosition(stamp: LocalTime("2026-01-15 10:03:00"), id: 4))
    }

    @Test("an id that came as a number is the same id")
    func numbers() throws {
        let row = SuiteQLRow(columns: ["id": 42, "stamp": "2026-01-15 10:00:00"])
        #expect(try page([row], hasMore: false).changes.map(\.id) == [42])
    }

    @Test("rows out of order, or a full page that leads nowhere, cannot be read")
    func unreadable() throws {
        let broken: [([SuiteQLRow], Bool)] = [
            ([row("1", "2026-01-15 10:05:00"), row("2", "2026-01-15 10:04:00")], false),
            ([row("1", "2026-01-15 09:59:00")], false),
            ([row("2", Self.start), row("1", Self.start)], true),
            ([row("1", nil), row(nil, "2026-01-15 10:05:00")], true),
        ]
        for (rows, hasMore) in broken {
            #expect(throws: NetSuiteFailure.self) { try page(rows, hasMore: hasMore) }
        }
        // One id with several types is no disorder where that can be.
        let deleted = [row("1", "2026-01-15 10:05:00"), row("1", "2026-01-15 10:05:00")]
        #expect(try page(deleted, hasMore: true, of: .deletedRecords).changes.count == 2)
    }

    @Test("ids of one second in any order: where the page ends with it, the next one begins with that second again")
    func fractions() throws {
        let within = [row("2", "2026-01-15 10:05:00"), row("1", "2026-01-15 10:05:00")]
        #expect(try page(within, hasMore: true).end == ScanPosition(stamp: try LocalTime("2026-01-15 10:05:00")))
        let behind = try page(within + [row("1", "2026-01-15 10:06:00")], hasMore: true)
        #expect(try behind.end == ScanPosition(stamp: LocalTime("2026-01-15 10:06:00"), id: 1))
        // What was read before comes again, and leads on.
        let start = ScanPosition(stamp: try LocalTime("2026-01-15 10:05:00"), id: 2)
        let next = try ScannedPage(
            rows: within + [row("3", "2026-01-15 10:07:00")], hasMore: true, of: .items, from: start)
        #expect(next.changes.count == 3)
        #expect(throws: NetSuiteFailure.self) {
            try ScannedPage(rows: within, hasMore: true, of: .items, from: start)
        }
    }

    @Test("a page asks behind its last row, by the literal of the account's clock")
    func statements() throws {
        let first = ChangeTable.items.statement(from: ScanPosition(stamp: try LocalTime(Self.start)))
        #expect(first.contains("lastmodifieddate >= TO_TIMESTAMP('2026-01-15 10:00:00', 'YYYY-MM-DD HH24:MI:SS')"))
        #expect(!first.contains(" OR "))
        let next = ChangeTable.transactions(ofTypes: ["SalesOrd", "ItemShip"])
            .statement(from: ScanPosition(stamp: try LocalTime(Self.start), id: 42))
        #expect(next.contains("type IN ('SalesOrd', 'ItemShip') AND "))
        #expect(next.contains("'YYYY-MM-DD HH24:MI:SS') AND id > 42)) ORDER BY lastmodifieddate, id"))
        #expect(
            ChangeTable.deletedRecords.statement(from: ScanPosition(stamp: try LocalTime(Self.start), id: 42))
                .contains("recordid >= 42"))
    }
}

/// A table of NetSuite's in memory: stamps of whole minutes in local time, pages of a few rows.
private struct MemoryTable {
    struct Row {
        var stamp: LocalTime
        /// Which change it shows.
        var version: Int
    }

    var rows: [Int64: Row] = [:]
    let pageSize: Int

    func page(from position: ScanPosition) -> ([SuiteQLRow], Bool) {
        let found = rows.map { (id: $0.key, stamp: $0.value.stamp) }
            .filter { $0.stamp > position.stamp || ($0.stamp == position.stamp && $0.id > position.id ?? 0) }
            .sorted { ($0.stamp, $0.id) < ($1.stamp, $1.id) }
        return (found.prefix(pageSize).map { row(String($0.id), $0.stamp.text) }, found.count > pageSize)
    }

    mutating func change(_ id: Int64, at instant: UTCInstant, _ rules: TimeZoneRules) {
        let local = rules.local(instant)
        let minute = LocalTime(secondsSinceEpoch: local.secondsSinceEpoch - Int64(local.second))
        rows[id] = Row(stamp: minute, version: (rows[id]?.version ?? 0) + 1)
    }
}

@Suite("A scan of changes")
struct ChangeScanTests {
    @Loop
    private static func scan(
        _ scan: ChangeScan, _ table: MemoryTable, at moment: WatchMoment, _ deal: (NetSuiteChange) -> Void = { _ in }
    ) throws -> Int {
        scan.begin(moment)
        var count = 0
        while !scan.isComplete {
            let (rows, hasMore) = table.page(from: scan.position)
            let fresh = try scan.take(rows, hasMore: hasMore, at: moment)
            fresh.forEach(deal)
            count += fresh.count
            _ = scan.finish(fresh)
        }
        return count
    }

    @Test("a thousand rows of one stamp are all shown, each once, over the borders of pages")
    func equalStamps() async throws {
        try await onLoop {
            let rules = try newYork()
            var table = MemoryTable(pageSize: 7)
            for id in 1...1_000 { table.change(Int64(id), at: try UTCInstant("2026-01-15T15:00:30Z"), rules) }
            let scan = ChangeScan(of: .items, from: WatchMark(try UTCInstant("2026-01-15T14:59:00Z")))
            let now = try moment("2026-01-15T15:10:00Z")
            var shown: Set<Int64> = []
            #expect(try Self.scan(scan, table, at: now) { shown.insert($0.id) } == 1_000)
            #expect(shown.count == 1_000)
            #expect(scan.mark.text == "2026-01-15T15:00:00.000Z")
            #expect(try Self.scan(scan, table, at: try moment("2026-01-15T15:10:15Z")) == 0)
        }
    }

    @Test("stamps with fractions that NetSuite compares by and does not show: every row is shown")
    func fractions() async throws {
        try await onLoop {
            var random = SeededGenerator(seed: 5)
            // Hundredths of a second since the scan's beginning, by id.
            let start = try LocalTime("2026-01-15 10:00:00").secondsSinceEpoch
            let rows = (1...300).map { (id: Int64($0), hundredths: Int.random(in: 0..<9_000, using: &random)) }
                .sorted { ($0.hundredths, $0.id) < ($1.hundredths, $1.id) }
            let scan = ChangeScan(of: .items, from: WatchMark(try UTCInstant("2026-01-15T15:00:00Z")))
            let now = try moment("2026-01-15T15:10:00Z")
            scan.begin(now)
            var shown: Set<Int64> = []
            while !scan.isComplete {
                let position = scan.position
                let from = (position.stamp.secondsSinceEpoch - start) * 100
                let found = rows.filter { row in
                    row.hundredths > from || (row.hundredths == from && row.id > position.id ?? 0)
                }
                let page = found.prefix(20).map { found in
                    row(
                        String(found.id),
                        LocalTime(secondsSinceEpoch: start + Int64(found.hundredths / 100)).text)
                }
                let fresh = try scan.take(page, hasMore: found.count > 20, at: now)
                shown.formUnion(fresh.map(\.id))
                _ = scan.finish(fresh)
            }
            #expect(shown.count == 300)
        }
    }

    @Test("a stamp of the far future does not carry the mark, nor does a page that was not dealt with")
    func markStaysBehind() async throws {
        try await onLoop {
            let rules = try newYork()
            var table = MemoryTable(pageSize: 10)
            table.change(1, at: try UTCInstant("2026-01-15T15:00:30Z"), rules)
            table.change(2, at: try UTCInstant("2099-01-15T15:00:30Z"), rules)
            let scan = ChangeScan(of: .items, from: WatchMark(try UTCInstant("2026-01-15T14:59:00Z")))
            let (rows, hasMore) = table.page(from: scan.position)
            scan.begin(try moment("2026-01-15T15:02:00Z"))
            #expect(try scan.take(rows, hasMore: hasMore, at: try moment("2026-01-15T15:02:00Z")).count == 2)
            // The poll fails before it has stored them: the next one shows them again.
            #expect(try Self.scan(scan, table, at: try moment("2026-01-15T15:02:15Z")) == 2)
            #expect(scan.mark.text == "2026-01-15T15:00:00.000Z")
            table.change(3, at: try UTCInstant("2026-01-15T15:03:30Z"), rules)
            var shown: [Int64] = []
            _ = try Self.scan(scan, table, at: try moment("2026-01-15T15:05:00Z")) { shown.append($0.id) }
            #expect(shown.contains(3))
        }
    }

    @Test("rows stamped during the scan carry the mark no further than its beginning")
    func markEndsAtTheBeginning() async throws {
        try await onLoop {
            let rules = try newYork()
            var table = MemoryTable(pageSize: 10)
            table.change(1, at: try UTCInstant("2026-01-15T15:00:00Z"), rules)
            let scan = ChangeScan(of: .items, from: WatchMark(try UTCInstant("2026-01-15T14:50:00Z")))
            _ = try Self.scan(scan, table, at: try moment("2026-01-15T14:59:40Z"))
            #expect(scan.mark.text == "2026-01-15T14:50:00.000Z")
            // NetSuite's clock was set back: the mark was not.
            _ = try Self.scan(scan, table, at: try moment("2026-01-15T15:00:20Z"))
            #expect(scan.mark.text == "2026-01-15T15:00:00.000Z")
            _ = try Self.scan(scan, table, at: try moment("2026-01-15T14:40:00Z"))
            #expect(scan.mark.text == "2026-01-15T15:00:00.000Z")
        }
    }

    @Test(
        "changed, committed late or changed again in its minute: what was read last is the last change, in every season",
        arguments: ["2026-01-15T15:00:00Z", "2026-03-08T06:30:00Z", "2026-11-01T04:50:00Z"], 1...8)
    func nothingIsLost(start: String, seed: UInt64) async throws {
        try await onLoop(within: .seconds(60)) {
            var random = SeededGenerator(seed: seed)
            let rules = try newYork()
            var table = MemoryTable(pageSize: 5)
            let begin = try UTCInstant(start).millisecondsSinceEpoch
            let scan = ChangeScan(of: .items, from: WatchMark(UTCInstant(millisecondsSinceEpoch: begin)))
            var pending: [(commit: Int64, id: Int64, stamp: UTCInstant)] = []
            var read: [Int64: Int] = [:]
            // Two and a half hours in steps of five seconds; the last half hour is quiet.
            for step in 0..<1_800 {
                let now = begin + Int64(step) * 5_000
                if step < 1_440, Int.random(in: 0..<4, using: &random) == 0 {
                    let id = Int64.random(in: 1...12, using: &random)
                    let late = Int64.random(in: 0...300_000, using: &random) * Int64.random(in: 0...1, using: &random)
                    // One change of a record ends before the next one begins.
                    if !pending.contains(where: { $0.id == id }) {
                        pending.append((now + late, id, UTCInstant(millisecondsSinceEpoch: now)))
                    }
                }
                for change in pending where change.commit <= now { table.change(change.id, at: change.stamp, rules) }
                pending.removeAll { $0.commit <= now }
                guard step % 3 == 0 else { continue }
                let moment = WatchMoment(
                    now: UTCInstant(millisecondsSinceEpoch: now), rules: rules, overlap: .seconds(300))
                let shown = table
                _ = try Self.scan(scan, table, at: moment) { read[$0.id] = shown.rows[$0.id]?.version }
            }
            #expect(read.count > 5)
            #expect(read == table.rows.mapValues(\.version))
        }
    }
}

/// The same numbers for the same seed (SplitMix64).
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
