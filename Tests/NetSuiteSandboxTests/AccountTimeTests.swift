import EventLoop
import FoundationEssentials
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import NetSuiteSandbox

@Suite("The account's zone and clock")
struct AccountTimeTests {
    /// Both sides of changes, from `date` and the zone files of Debian 12: instant and what a clock on the wall shows.
    static let instants: [(AccountZone, String, String)] = [
        (.pacific, "2025-03-09T09:59:59Z", "2025-03-09 01:59:59"),
        (.pacific, "2025-03-09T10:00:00Z", "2025-03-09 03:00:00"),
        (.pacific, "2025-11-02T08:59:59Z", "2025-11-02 01:59:59"),
        (.pacific, "2025-11-02T09:00:00Z", "2025-11-02 01:00:00"),
        (.pacific, "2026-03-08T10:00:00Z", "2026-03-08 03:00:00"),
        (.pacific, "2026-11-01T09:00:00Z", "2026-11-01 01:00:00"),
        (.berlin, "2025-03-30T00:59:59Z", "2025-03-30 01:59:59"),
        (.berlin, "2025-03-30T01:00:00Z", "2025-03-30 03:00:00"),
        (.berlin, "2025-10-26T00:59:59Z", "2025-10-26 02:59:59"),
        (.berlin, "2025-10-26T01:00:00Z", "2025-10-26 02:00:00"),
        (.berlin, "2024-03-31T01:00:00Z", "2024-03-31 03:00:00"),
        (.berlin, "2027-10-31T01:00:00Z", "2027-10-31 02:00:00"),
        (.sydney, "2025-04-05T15:59:59Z", "2025-04-06 02:59:59"),
        (.sydney, "2025-04-05T16:00:00Z", "2025-04-06 02:00:00"),
        (.sydney, "2025-10-04T15:59:59Z", "2025-10-05 01:59:59"),
        (.sydney, "2025-10-04T16:00:00Z", "2025-10-05 03:00:00"),
        (.sydney, "2025-12-31T13:00:00Z", "2026-01-01 00:00:00"),
        (.sydney, "2025-07-01T00:00:00Z", "2025-07-01 10:00:00"),
        (.kathmandu, "2025-01-01T00:00:00Z", "2025-01-01 05:45:00"),
        (.kathmandu, "2025-07-01T18:15:00Z", "2025-07-02 00:00:00"),
        (.utc, "2025-07-01T18:15:00Z", "2025-07-01 18:15:00"),
    ]

    @Test("each zone shows the time of its clocks", arguments: instants)
    func local(zone: AccountZone, instant: String, local: String) throws {
        let stamp = try #require(Stamp(iso: instant))
        let time = zone.local(stamp)
        #expect("\(time.date.iso) \(time.timeText)" == local)
        let shown = zone.localSeconds(stamp.minute)
        #expect(zone.instants(within: shown...shown).contains(stamp.seconds))
    }

    @Test(
        "instants are read strictly",
        arguments: [
            ("2025-03-14T10:02:00Z", 1_741_946_520_000), ("2025-03-14T10:02:00.5Z", 1_741_946_520_500),
            ("2025-03-14T10:02:00.123456Z", 1_741_946_520_123), ("2025-03-14T10:02:00", nil), ("2025-03-14", nil),
            ("2025-03-14T24:00:00Z", nil), ("2025-03-14T1:02:00Z", nil), ("2025-03-14T10:02Z", nil),
            ("2025-03-14T10:02:00.Z", nil), ("2025-03-14T-1:02:00Z", nil), ("2025-03-14T10:02:00+01:00", nil),
        ] as [(String, Int64?)])
    func reading(text: String, milliseconds: Int64?) {
        #expect(Stamp(iso: text)?.milliseconds == milliseconds)
    }

    @Test("in the hour that comes twice SuiteQL's stamps go back, REST's do not")
    func autumn() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            _ = await harness.send("PATCH", "/control/settings", ["timeZone": "Europe/Berlin"])
            try await harness.createCustomer()
            for (number, instant) in [(1, "2025-10-26T00:58:10Z"), (2, "2025-10-26T01:01:20Z")] {
                _ = await harness.send("PATCH", "/control/clock", ["at": .string(instant)])
                _ = try await harness.created("salesOrder", orderBody("SF-\(number)"))
            }
            let rows = try await harness.rows(
                "SELECT externalid, TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS at FROM transaction "
                    + "WHERE lastmodifieddate >= TO_TIMESTAMP('2025-10-26 02:00:00', 'YYYY-MM-DD HH24:MI:SS') "
                    + "ORDER BY lastmodifieddate")
            #expect(
                rows == [
                    ["externalid": "SF-2", "at": "2025-10-26 02:01:00"],
                    ["externalid": "SF-1", "at": "2025-10-26 02:58:00"],
                ])
            for (number, instant) in [(1, "2025-10-26T00:58:10Z"), (2, "2025-10-26T01:01:20Z")] {
                let read = await harness.send("GET", "\(SandboxHarness.records)/salesOrder/eid:SF-\(number)")
                #expect(read.json["lastModifiedDate"] == .string(instant))
            }
        }
    }

    @Test("the clock moves records, serverTime and SYSDATE, and no log-in")
    func clock() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            let set = await harness.send("PATCH", "/control/clock", ["at": "2031-07-01T12:00:00Z", "rate": 60])
            #expect(set.json["at"] == "2031-07-01T12:00:00.000Z" && set.json["realTime"] == "2025-03-14T17:02:30.000Z")
            await harness.time.advance(by: .seconds(10))
            let time = await harness.send("GET", "/services/rest/system/v1/serverTime")
            #expect(time.json["serverTime"] == "2031-07-01T12:10:00.000Z")
            _ = await harness.send("PATCH", "/control/clock", ["advanceSeconds": 3600])
            let now = try await harness.rows(
                "SELECT TO_CHAR(SYSDATE, 'YYYY-MM-DD HH24:MI:SS') AS t FROM location WHERE id = 1")
            #expect(now == [["t": "2031-07-01 06:10:00"]])
            let token = await harness.sandbox.handle(try harness.tokenRequest())
            #expect(token.status == 200)
            let item = await harness.send("PATCH", "/control/items/SKU-RED", ["listPrice": "60"])
            #expect(item.json["lastModifiedDate"] == "2031-07-01T13:10:00.000Z")
            let entries = await harness.send("GET", "/control/journal").json["requests"]?.array
            #expect(entries?.last?["at"] == "2025-03-14T17:02:40.000Z")
            for wrong: JSONValue in [["at": "yesterday"], ["rate": -1], ["speed": 2], ["advanceSeconds": -5]] {
                #expect(await harness.send("PATCH", "/control/clock", wrong).status == 400)
            }
            _ = await harness.send("POST", "/control/reset")
            #expect(await harness.send("GET", "/control/clock").json["at"] == "2025-03-14T17:02:40.000Z")
        }
    }

    @Test("a change that is committed late is found at its stamp, before what was changed meanwhile")
    func lateCommit() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            let id = try await harness.created("salesOrder", orderBody("SF-1"))
            let late: JSONValue = ["lines": [["line": 1, "quantity": 1]], "modifiedAt": "2025-03-14T16:57:40Z"]
            #expect(await harness.send("POST", "/control/orders/\(id)/fulfil", late).status == 200)
            let early: JSONValue = ["modifiedAt": "2025-03-14T17:01:00Z"]
            #expect(await harness.send("POST", "/control/orders/\(id)/fulfil", early).status == 200)
            let rows = try await harness.rows(
                "SELECT tranid, TO_CHAR(lastmodifieddate, 'HH24:MI:SS') AS at FROM transaction WHERE type = 'ItemShip' "
                    + "AND lastmodifieddate < TO_TIMESTAMP('2025-03-14 10:02:00', 'YYYY-MM-DD HH24:MI:SS') "
                    + "ORDER BY lastmodifieddate")
            #expect(rows == [["tranid": "IF1001", "at": "09:57:00"], ["tranid": "IF1002", "at": "10:01:00"]])
        }
    }

    @Test("the index of stamps finds what a look at all would find, whatever moved")
    func stampIndex() {
        var index = StampIndex()
        var stamps: [String: Int64] = [:]
        var state: UInt64 = 7
        for _ in 0..<2_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let id = String(state >> 33 & 63)
            let old = stamps[id]
            let new: Int64? = state >> 40 & 7 == 0 ? nil : Int64(state >> 45 & 31)
            index.move(
                id, from: old.map { Stamp(milliseconds: $0 * 1000) }, to: new.map { Stamp(milliseconds: $0 * 1000) })
            stamps[id] = new
        }
        for low: Int64 in 0...31 {
            let wanted = stamps.filter { (low...low + 3).contains($0.value) }.keys.sorted()
            #expect(index.ids(within: low...low + 3).sorted() == wanted)
        }
        #expect(index.ids(within: Int64.min...Int64.max).count == stamps.count)
        #expect(index.ids(within: Int64.min...Int64.min).isEmpty)
    }

    @Test("SuiteQL shows creations, changes and deletions as late as it is told, reads at once")
    func lag() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            let id = try await harness.created("salesOrder", orderBody("SF-1"))
            _ = await harness.send("PATCH", "/control/settings", ["suiteQLLagSeconds": 60])
            await harness.time.advance(by: .seconds(100))
            _ = await harness.send("PATCH", "\(SandboxHarness.records)/salesOrder/\(id)", ["memo": "later"])
            let second = try await harness.created("salesOrder", orderBody("SF-2"))
            let query = "SELECT externalid, memo FROM transaction ORDER BY externalid"
            #expect(try await harness.rows(query) == [["externalid": "SF-1"]])
            await harness.time.advance(by: .seconds(59))
            #expect(try await harness.rows(query) == [["externalid": "SF-1"]])
            #expect(await harness.send("DELETE", "\(SandboxHarness.records)/salesOrder/\(second)").status == 204)
            await harness.time.advance(by: .seconds(1))
            #expect(
                try await harness.rows(query) == [["externalid": "SF-1", "memo": "later"], ["externalid": "SF-2"]])
            #expect(try await harness.rows("SELECT recordid FROM deletedRecord").isEmpty)
            await harness.time.advance(by: .seconds(59))
            #expect(try await harness.rows(query) == [["externalid": "SF-1", "memo": "later"]])
            #expect(try await harness.rows("SELECT recordid FROM deletedRecord") == [["recordid": second]])
        }
    }
}
