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
        let proof = ZoneProof(winter: winter, summer: summer, rules: Self.newYork)
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
        "the last winter and the last summer are looked at, as far as they have been",
        arguments: [
            ("2026-01-15", "2025-12-01 00:00:00", "2025-06-01 00:00:00"),
            ("2026-05-31", "2025-12-01 00:00:00", "2025-06-01 00:00:00"),
            ("2026-06-01", "2025-12-01 00:00:00", "2026-06-01 00:00:00"),
            ("2026-12-01", "2026-12-01 00:00:00", "2026-06-01 00:00:00"),
        ])
    func seasons(day: String, winter: String, summer: String) throws {
        let seasons = try #require(ZoneSeasons(before: try CalendarDate(day)))
        #expect(seasons.winter.lowerBound.text == winter)
        #expect(seasons.summer.lowerBound.text == summer)
        #expect(seasons.winter.upperBound.text.hasSuffix("-03-01 00:00:00"))
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
                let isWinter = String(decoding: request.body, as: UTF8.self).contains("2025-12-01 00:00:00")
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
