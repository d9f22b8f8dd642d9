import Contracts
import EventLoop
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import NetSuite

@Suite("The account's time zone is proven")
struct ZoneProofTests {
    private static let newYork = TimeZoneRules(
        name: "America/New_York",
        transitions: [
            .init(at: UTCInstant(millisecondsSinceEpoch: 1_772_953_200_000), offsetSeconds: -4 * 3600),
            .init(at: UTCInstant(millisecondsSinceEpoch: 1_793_512_800_000), offsetSeconds: -5 * 3600),
        ], initialOffsetSeconds: -5 * 3600)

    private static func sample(_ local: String, _ instant: String) throws -> ZoneSample {
        ZoneSample(local: try LocalTime(local), instant: try UTCInstant(instant))
    }

    struct Case: Sendable {
        let name: String
        var winter: (String, String)?
        var summer: (String, String)?
        let outcome: String
    }

    @Test(
        "by a winter's and a summer's record, to a quarter of an hour",
        arguments: [
            Case(
                name: "both agree", winter: ("2026-01-15 10:00:00", "2026-01-15T15:00:42Z"),
                summer: ("2026-07-15 10:00:00", "2026-07-15T14:00:00Z"), outcome: "proven"),
            Case(name: "winter alone", winter: ("2026-01-15 10:00:00", "2026-01-15T15:00:42Z"), outcome: "half"),
            Case(name: "summer alone", summer: ("2026-07-15 10:00:59", "2026-07-15T14:00:59Z"), outcome: "half"),
            Case(name: "none", outcome: "not provable"),
            Case(
                name: "a zone without summer time", winter: ("2026-01-15 10:00:00", "2026-01-15T15:00:42Z"),
                summer: ("2026-07-15 09:00:00", "2026-07-15T14:00:00Z"),
                outcome: "UTC-4:00 on 2026-07-15, NetSuite UTC-5:00"),
            Case(
                name: "queries in UTC", winter: ("2026-01-15 15:00:00", "2026-01-15T15:00:42Z"),
                outcome: "UTC-5:00 on 2026-01-15, NetSuite UTC+0:00"),
            Case(
                name: "Nepal", winter: ("2026-01-15 20:45:00", "2026-01-15T15:00:00Z"),
                outcome: "UTC-5:00 on 2026-01-15, NetSuite UTC+5:45"),
            Case(
                name: "a record that was changed between the two answers says nothing",
                winter: ("2026-01-15 10:00:00", "2026-01-15T15:07:00Z"), outcome: "not provable"),
        ])
    func outcomes(test: Case) throws {
        let winter = try test.winter.map { [try Self.sample($0.0, $0.1)] } ?? []
        let summer = try test.summer.map { [try Self.sample($0.0, $0.1)] } ?? []
        let proof = ZoneProof(parts: [winter, summer], rules: Self.newYork)
        let outcome =
            switch proof {
            case .proven: "proven"
            case .halfProven: "half"
            case .notProvable: "not provable"
            case .contradicted(let contradiction): contradiction.description
            }
        let words = outcome.replacing("the time zone America/New_York was ", with: "")
            .replacing(", and NetSuite's queries show times that are ", with: ", NetSuite ")
            .replacing(": set NETSUITE_TIME_ZONE to the account's time zone", with: "")
        #expect(words == test.outcome, "\(test.name)")
    }

    @Test("the less is proven, the more is read again")
    func overlaps() {
        #expect(ZoneProof.proven.overlap(atLeast: .seconds(300)) == .seconds(300))
        #expect(ZoneProof.halfProven.overlap(atLeast: .seconds(300)) == .seconds(4_500))
        #expect(ZoneProof.notProvable.overlap(atLeast: .seconds(300)) == .seconds(14_400))
        #expect(ZoneProof.notProvable.overlap(atLeast: .seconds(20_000)) == .seconds(20_000))
    }

    @Test(
        "each offset of the last thirteen months is a part, with its periods from the oldest to now",
        arguments: [
            ("2026-12-01", 2, ["2025-11-02", "2026-11-01"], ["2025-10-31", "2026-03-08"]),
            ("2026-11-02", 2, ["2025-11-02", "2026-11-01"], ["2025-10-02", "2026-03-08"]),
            ("2026-08-01", 2, ["2025-11-02"], ["2025-07-01", "2026-03-08"]),
        ])
    func parts(day: String, count: Int, winter: [String], summer: [String]) throws {
        let parts = ZoneParts(of: try Self.twoYears(), at: try UTCInstant("\(day)T12:00:00Z")).parts
        #expect(parts.count == count)
        #expect(parts.first?.map { String($0.lowerBound.text.prefix(10)) } == winter)
        #expect(parts.last?.map { String($0.lowerBound.text.prefix(10)) } == summer)
        #expect(parts.joined().map(\.upperBound).max()?.text.prefix(10).description == day)
    }

    @Test("a zone without summer time has two: the cores of winter and of summer, in which no other zone changes")
    func partsOfOneOffset() throws {
        let utc = TimeZoneRules(name: "UTC", transitions: [], initialOffsetSeconds: 0)
        let parts = ZoneParts(of: utc, at: try UTCInstant("2026-12-01T00:00:00Z")).parts
        let days = parts.map { $0.map { "\($0.lowerBound.text.prefix(10)) \($0.upperBound.text.prefix(10))" } }
        #expect(days == [["2025-11-08 2026-03-08", "2026-11-08 2026-12-01"], ["2026-04-08 2026-09-24"]])
    }

    /// New York from 2025 on.
    private static func twoYears() throws -> TimeZoneRules {
        TimeZoneRules(
            name: "America/New_York",
            transitions: [
                .init(at: try UTCInstant("2025-03-09T07:00:00Z"), offsetSeconds: -4 * 3600),
                .init(at: try UTCInstant("2025-11-02T06:00:00Z"), offsetSeconds: -5 * 3600),
                .init(at: try UTCInstant("2026-03-08T07:00:00Z"), offsetSeconds: -4 * 3600),
                .init(at: try UTCInstant("2026-11-01T06:00:00Z"), offsetSeconds: -5 * 3600),
            ], initialOffsetSeconds: -5 * 3600)
    }

    /// An account in New York with orders at these instants: what a proof of rules finds.
    @Loop
    private static func proof(orders: [String], of rules: TimeZoneRules, at now: String) async throws -> ZoneProof {
        let account = try twoYears()
        let orders = try orders.map { try UTCInstant($0) }
        let stub = try StubNetSuite { _, request in
            guard request.method == "POST" else {
                let id = request.path.split(separator: "/").last ?? ""
                let instant = orders[(Int(id) ?? 1) - 1]
                return json(#"{"id":"\#(id)","lastModifiedDate":"\#(instant.text)"}"#)
            }
            let literals = String(decoding: request.body, as: UTF8.self).split(separator: "TO_TIMESTAMP('").dropFirst()
                .map { String($0.prefix(19)) }
            let rows = orders.enumerated().filter { _, order in
                let stamp = account.local(order).text
                return literals.count == 2 && literals[0] <= stamp && stamp < literals[1]
            }.sorted { $0.element < $1.element }.prefix(3)
            let items = rows.map { #"{"id":"\#($0.offset + 1)","stamp":"\#(account.local($0.element).text)"}"# }
            return json(#"{"items":[\#(items.joined(separator: ","))],"hasMore":false,"count":\#(items.count)}"#)
        }
        let proof = try await stub.client.zoneProof(of: rules, at: try UTCInstant(now))
        await stub.close()
        return proof
    }

    @Test(
        "orders of any month prove their part, and all parts together the zone",
        arguments: [
            (["2026-10-15T12:00:00Z"], "half"), (["2026-11-20T12:00:00Z"], "half"),
            (["2026-10-15T12:00:00Z", "2026-11-20T12:00:00Z"], "proven"),
            (["2026-01-15T12:00:00Z", "2026-05-15T12:00:00Z"], "proven"),
            // The hour that autumn repeats, its first time: it is summer's, and shows nothing of winter.
            (["2026-11-01T05:30:00Z"], "half"), (["2025-09-15T12:00:00Z"], "not provable"), ([], "not provable"),
        ])
    func months(orders: [String], outcome: String) async throws {
        try await onLoop {
            let proof = try await Self.proof(
                orders: orders, of: try Self.twoYears(), at: "2026-12-01T12:00:00Z")
            #expect(Self.word(proof) == outcome)
        }
    }

    @Test(
        "a zone with one offset is proven by a winter and a summer, since another one may agree in half of the year",
        arguments: [
            (["2026-01-15T12:00:00Z"], "half"), (["2026-10-15T12:00:00Z"], "contradicted"),
            (["2026-01-15T12:00:00Z", "2026-07-15T12:00:00Z"], "contradicted"),
        ])
    func oneOffset(orders: [String], outcome: String) async throws {
        try await onLoop {
            let panama = TimeZoneRules(name: "America/Panama", transitions: [], initialOffsetSeconds: -5 * 3600)
            let proof = try await Self.proof(orders: orders, of: panama, at: "2026-12-01T12:00:00Z")
            #expect(Self.word(proof) == outcome)
        }
    }

    @Test("an order of this minute contradicts a zone that is behind the account's, though its stamp is of the future")
    func ahead() async throws {
        try await onLoop {
            let hawaii = TimeZoneRules(name: "Pacific/Honolulu", transitions: [], initialOffsetSeconds: -10 * 3600)
            let proof = try await Self.proof(
                orders: ["2026-12-01T11:59:00Z"], of: hawaii, at: "2026-12-01T12:00:00Z")
            #expect(Self.word(proof) == "contradicted")
        }
    }

    private static func word(_ proof: ZoneProof) -> String {
        switch proof {
        case .proven: "proven"
        case .halfProven: "half"
        case .notProvable: "not provable"
        case .contradicted: "contradicted"
        }
    }

    @Test("an account is asked by two queries and two records, and a role without orders proves nothing")
    func asking() async throws {
        try await onLoop {
            let stub = try StubNetSuite { stub, request in
                guard request.method == "POST" else {
                    let stamp = request.path.hasSuffix("/1") ? "2026-01-15T15:00:42Z" : "2026-07-15T14:00:05Z"
                    let id = request.path.split(separator: "/").last ?? ""
                    return json(#"{"id":"\#(id)","lastModifiedDate":"\#(stamp)"}"#)
                }
                let isWinter = String(decoding: request.body, as: UTF8.self).contains("'2025-11-0")
                let row =
                    isWinter
                    ? #"{"id":"1","stamp":"2026-01-15 10:00:00"}"# : #"{"id":"2","stamp":"2026-07-15 10:00:00"}"#
                return json(#"{"items":[\#(row)],"hasMore":false,"count":1,"totalResults":1}"#)
            }
            let now = try UTCInstant("2026-08-01T00:00:00Z")
            #expect(try await stub.client.zoneProof(of: Self.newYork, at: now) == .proven)
            #expect(stub.requests.count == 4)
            let refusing = try StubNetSuite { _, _ in
                json(#"{"o:errorDetails":[{"o:errorCode":"INVALID_PARAMETER","detail":"Record was not found."}]}"#, 400)
            }
            #expect(try await refusing.client.zoneProof(of: Self.newYork, at: now) == .notProvable)
            await stub.close()
            await refusing.close()
        }
    }
}
