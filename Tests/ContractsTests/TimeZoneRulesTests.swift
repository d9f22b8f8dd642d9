import Contracts
import TestSupport
import Testing

@Suite("Local times and the rules of their zones")
struct TimeZoneRulesTests {
    private static func rules(_ name: String, _ initial: Int, _ transitions: [(String, Int)]) throws -> TimeZoneRules {
        TimeZoneRules(
            name: name, transitions: try transitions.map { .init(at: try UTCInstant($0.0), offsetSeconds: $0.1) },
            initialOffsetSeconds: initial)
    }

    /// Known from the tz database; Lord Howe changes by half an hour, Kathmandu never.
    static func zone(_ name: String) throws -> TimeZoneRules {
        switch name {
        case "America/Los_Angeles":
            try rules(name, -28_800, [("2026-03-08T10:00:00Z", -25_200), ("2026-11-01T09:00:00Z", -28_800)])
        case "Europe/Berlin":
            try rules(name, 3_600, [("2026-10-25T01:00:00Z", 3_600), ("2026-03-29T01:00:00Z", 7_200)])
        case "Australia/Sydney":
            try rules(name, 39_600, [("2026-04-04T16:00:00Z", 36_000), ("2026-10-03T16:00:00Z", 39_600)])
        case "Australia/Lord_Howe":
            try rules(name, 39_600, [("2026-04-04T15:00:00Z", 37_800), ("2026-10-03T15:30:00Z", 39_600)])
        case "Asia/Kathmandu": try rules(name, 20_700, [])
        default: try rules(name, 0, [])
        }
    }

    @Test(
        "an instant has one local time",
        arguments: [
            // Before the first change, on both sides of spring's, on both sides of autumn's.
            ("America/Los_Angeles", "2025-12-31T23:59:59.999Z", "2025-12-31 15:59:59"),
            ("America/Los_Angeles", "2026-03-08T09:59:59.999Z", "2026-03-08 01:59:59"),
            ("America/Los_Angeles", "2026-03-08T10:00:00Z", "2026-03-08 03:00:00"),
            ("America/Los_Angeles", "2026-11-01T08:59:59Z", "2026-11-01 01:59:59"),
            ("America/Los_Angeles", "2026-11-01T09:00:00Z", "2026-11-01 01:00:00"),
            ("America/Los_Angeles", "2027-01-01T00:00:00Z", "2026-12-31 16:00:00"),
            ("Europe/Berlin", "2026-07-01T00:00:00Z", "2026-07-01 02:00:00"),
            ("Australia/Sydney", "2026-01-15T00:00:00Z", "2026-01-15 11:00:00"),
            ("Australia/Sydney", "2026-04-04T15:59:59Z", "2026-04-05 02:59:59"),
            ("Australia/Sydney", "2026-04-04T16:00:00Z", "2026-04-05 02:00:00"),
            ("Australia/Lord_Howe", "2026-10-03T15:30:00Z", "2026-10-04 02:30:00"),
            ("Asia/Kathmandu", "2026-06-30T18:15:00Z", "2026-07-01 00:00:00"),
            ("UTC", "1969-12-31T23:59:59.500Z", "1969-12-31 23:59:59"),
        ])
    func localTimes(_ zone: String, _ instant: String, _ expected: String) throws {
        #expect(try Self.zone(zone).local(UTCInstant(instant)).text == expected)
    }

    @Test(
        "a local time is no instant in spring's gap, two in autumn's double hour, else one",
        arguments: [
            ("America/Los_Angeles", "2026-03-08 01:59:59", ["2026-03-08T09:59:59.000Z"]),
            ("America/Los_Angeles", "2026-03-08 02:00:00", []), ("America/Los_Angeles", "2026-03-08 02:59:59", []),
            ("America/Los_Angeles", "2026-03-08 03:00:00", ["2026-03-08T10:00:00.000Z"]),
            ("America/Los_Angeles", "2026-11-01 00:59:59", ["2026-11-01T07:59:59.000Z"]),
            ("America/Los_Angeles", "2026-11-01 01:00:00", ["2026-11-01T08:00:00.000Z", "2026-11-01T09:00:00.000Z"]),
            ("America/Los_Angeles", "2026-11-01 01:59:59", ["2026-11-01T08:59:59.000Z", "2026-11-01T09:59:59.000Z"]),
            ("America/Los_Angeles", "2026-11-01 02:00:00", ["2026-11-01T10:00:00.000Z"]),
            ("America/Los_Angeles", "2020-07-01 12:00:00", ["2020-07-01T20:00:00.000Z"]),
            ("Europe/Berlin", "2026-03-29 02:30:00", []),
            ("Europe/Berlin", "2026-10-25 02:30:00", ["2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z"]),
            ("Australia/Sydney", "2026-04-05 02:30:00", ["2026-04-04T15:30:00.000Z", "2026-04-04T16:30:00.000Z"]),
            ("Australia/Sydney", "2026-10-04 02:30:00", []),
            ("Australia/Lord_Howe", "2026-10-04 02:15:00", []),
            ("Australia/Lord_Howe", "2026-04-05 01:45:00", ["2026-04-04T14:45:00.000Z", "2026-04-04T15:15:00.000Z"]),
            ("Asia/Kathmandu", "2026-07-01 00:00:00", ["2026-06-30T18:15:00.000Z"]),
            ("UTC", "2026-07-01 00:00:00", ["2026-07-01T00:00:00.000Z"]),
        ] as [(String, String, [String])])
    func instants(_ zone: String, _ local: String, _ expected: [String]) throws {
        #expect(try Self.zone(zone).instants(LocalTime(local)).map(\.text) == expected)
    }

    @Test(
        "the earliest local time of a span is the one behind a change where clocks go back",
        arguments: [
            ("America/Los_Angeles", "2026-06-01T00:00:00Z", "2026-06-01T01:00:00Z", "2026-05-31 17:00:00"),
            ("America/Los_Angeles", "2026-11-01T08:30:00Z", "2026-11-01T09:10:00Z", "2026-11-01 01:00:00"),
            ("America/Los_Angeles", "2026-11-01T08:30:00Z", "2026-11-01T09:00:00Z", "2026-11-01 01:00:00"),
            ("America/Los_Angeles", "2026-11-01T08:30:00Z", "2026-11-01T08:59:59Z", "2026-11-01 01:30:00"),
            ("America/Los_Angeles", "2026-11-01T07:30:00Z", "2026-11-01T12:00:00Z", "2026-11-01 00:30:00"),
            ("America/Los_Angeles", "2026-11-01T09:00:00Z", "2026-11-01T12:00:00Z", "2026-11-01 01:00:00"),
            ("America/Los_Angeles", "2026-03-08T09:30:00Z", "2026-03-08T10:30:00Z", "2026-03-08 01:30:00"),
            ("Australia/Lord_Howe", "2026-04-04T14:50:00Z", "2026-04-04T15:10:00Z", "2026-04-05 01:30:00"),
            ("Asia/Kathmandu", "2026-06-30T18:15:00Z", "2026-07-30T18:15:00Z", "2026-07-01 00:00:00"),
        ])
    func earliest(_ zone: String, _ from: String, _ to: String, _ expected: String) throws {
        let earliest = try Self.zone(zone).earliestLocalTime(from: UTCInstant(from), to: UTCInstant(to))
        #expect(earliest.text == expected)
    }

    @Test(
        "the first instant of a local time that spring leaves out is the change itself",
        arguments: [
            ("America/Los_Angeles", "2026-03-08 02:30:00", "2026-03-08T10:00:00.000Z"),
            ("America/Los_Angeles", "2026-11-01 01:30:00", "2026-11-01T08:30:00.000Z"),
            ("Australia/Sydney", "2026-10-04 02:00:00", "2026-10-03T16:00:00.000Z"),
            ("Australia/Lord_Howe", "2026-10-04 02:29:59", "2026-10-03T15:30:00.000Z"),
            ("Asia/Kathmandu", "2026-07-01 03:00:00", "2026-06-30T21:15:00.000Z"),
        ])
    func firstInstant(_ zone: String, _ local: String, _ expected: String) throws {
        #expect(try Self.zone(zone).firstInstant(showing: LocalTime(local)).text == expected)
    }

    @Test(
        "each instant is among those of its local time",
        arguments: [
            "America/Los_Angeles", "Europe/Berlin", "Australia/Sydney", "Australia/Lord_Howe", "Asia/Kathmandu",
        ])
    func thereAndBack(_ name: String) throws {
        let zone = try Self.zone(name)
        let start = try UTCInstant("2025-12-31T00:00:00Z").millisecondsSinceEpoch
        for quarter in 0..<(367 * 96) {
            let instant = UTCInstant(millisecondsSinceEpoch: start + Int64(quarter) * 900_000)
            guard zone.instants(zone.local(instant)).contains(instant) else {
                Issue.record("\(name) at \(instant)")
                break
            }
        }
    }

    @Test("a local time is read with a blank or a T, written with a blank, and has parts")
    func texts() throws {
        let time = try LocalTime("2026-03-08T02:05:09")
        #expect(try time == LocalTime("2026-03-08 02:05:09"))
        #expect(time.text == "2026-03-08 02:05:09")
        #expect(try time.date == CalendarDate("2026-03-08"))
        #expect((time.hour, time.minute, time.second) == (2, 5, 9))
        #expect(try LocalTime(date: CalendarDate("2026-03-08"), hour: 2, minute: 5, second: 9) == time)
        #expect(try LocalTime(date: CalendarDate("2026-03-08"), hour: 24) == nil)
        #expect(try LocalTime("1969-12-31 23:59:59").secondsSinceEpoch == -1)
        #expect(try LocalTime("2026-03-08 02:05:09") < LocalTime("2026-03-08 02:05:10"))
    }

    @Test(
        "what is no local time is refused",
        arguments: [
            "", "2026-03-08", "2026-03-08 2:05:09", "2026-03-08 24:00:00", "2026-03-08 02:60:00", "2026-02-29 02:00:00",
            "03/08/2026 2:05 am", "2026-03-08 02:05:09Z", "2026-03-08-02:05:09", "2026-03-08 02:05:0\u{661}",
        ])
    func refused(_ text: String) {
        #expect(throws: ContractError.self) { try LocalTime(text) }
    }
}
