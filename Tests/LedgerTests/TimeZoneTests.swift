import Contracts
import EventLoop
import Foundation
import Ledger
import TestSupport
import Testing

@Suite("Rules of time zones from PostgreSQL")
struct TimeZoneTests {
    @Loop
    private static func rules(
        _ name: String, around text: String = "2026-06-15T12:00:00Z"
    ) async throws -> TimeZoneRules? {
        let instant = try UTCInstant(text)
        return try await withLedger { ledger, _ in try await ledger.timeZoneRules(named: name, around: instant) }
    }

    @Test("a zone's changes are found to the second, over two years before and behind")
    func losAngeles() async throws {
        let rules = try #require(try await onLoop { try await Self.rules("America/Los_Angeles") })
        let expected = try [
            ("2024-11-03T09:00:00Z", -28_800), ("2025-03-09T10:00:00Z", -25_200), ("2025-11-02T09:00:00Z", -28_800),
            ("2026-03-08T10:00:00Z", -25_200), ("2026-11-01T09:00:00Z", -28_800), ("2027-03-14T10:00:00Z", -25_200),
            ("2027-11-07T09:00:00Z", -28_800), ("2028-03-12T10:00:00Z", -25_200),
        ].map { TimeZoneRules.Transition(at: try UTCInstant($0.0), offsetSeconds: $0.1) }
        #expect(rules.transitions == expected)
        #expect(rules.initialOffsetSeconds == -25_200)
        #expect(rules.name == "America/Los_Angeles")
    }

    @Test(
        "zones that change at odd hours, in the other half of the year, or never, agree with another library",
        arguments: [
            "America/Los_Angeles", "Europe/Berlin", "Australia/Sydney", "Australia/Lord_Howe", "Asia/Kathmandu",
            "America/St_Johns", "Asia/Tokyo", "Pacific/Chatham", "America/Santiago", "Pacific/Kiritimati", "Etc/UTC",
            "UTC",
        ])
    func agree(_ name: String) async throws {
        let rules = try #require(try await onLoop { try await Self.rules(name) })
        let zone = try #require(TimeZone(identifier: name))
        let start = try UTCInstant("2024-07-01T00:00:00Z").millisecondsSinceEpoch
        for step in 0..<8_000 {
            let instant = UTCInstant(millisecondsSinceEpoch: start + Int64(step) * 2 * 3_600_000 + 1_800_000)
            let expected = zone.secondsFromGMT(for: instant.date)
            if rules.offsetSeconds(at: instant) != expected {
                Issue.record("\(name) at \(instant): \(rules.offsetSeconds(at: instant)), not \(expected)")
                break
            }
        }
        for transition in rules.transitions {
            let before = UTCInstant(millisecondsSinceEpoch: transition.at.millisecondsSinceEpoch - 1_000)
            #expect(zone.secondsFromGMT(for: transition.at.date) == transition.offsetSeconds)
            #expect(zone.secondsFromGMT(for: before.date) == rules.offsetSeconds(at: before))
        }
    }

    @Test(
        "a name that PostgreSQL does not know as a zone's has no rules",
        arguments: ["America/Los Angeles", "america/los_angeles", "PST", "UTC+3", "", "Mars/Olympus_Mons"])
    func unknown(_ name: String) async throws {
        #expect(try await onLoop { try await Self.rules(name) } == nil)
    }

    @Test("rules that are made for another year reach over that year")
    func anotherYear() async throws {
        let rules = try #require(
            try await onLoop { try await Self.rules("Europe/Berlin", around: "2031-01-31T23:59:59.999Z") })
        #expect(rules.transitions.contains { $0.at.text == "2031-03-30T01:00:00.000Z" && $0.offsetSeconds == 7_200 })
        #expect(rules.transitions.count == 8)
    }
}
