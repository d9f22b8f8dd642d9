import Contracts
import EventLoop
import Foundation
import JSONText
import Ledger
import NetSuite
import NetSuiteAccess
import ServiceRuntime
import TestSupport
import Testing

@testable import StatusFeedback

/// What NetSuite answers wrongly once, and what becomes of the poll.
struct BadAnswer: Sendable, CustomTestStringConvertible {
    let what: String
    /// A part of the statement that is struck.
    let query: String
    let fault: JSONValue
    /// Whether the poll fails, and is repeated; else it goes on without the order.
    let endsPoll: Bool

    init(_ what: String, in query: String, _ fault: JSONValue, endsPoll: Bool = false) {
        self.what = what
        self.query = query
        self.fault = fault
        self.endsPoll = endsPoll
    }

    var testDescription: String { what }

    private static func column(_ change: String, _ column: String, row: Int? = 0) -> JSONValue {
        var fault: JSONObject = ["kind": "altered-rows", "change": .string(change), "column": .string(column)]
        fault["row"] = row.map { .number(JSONNumber($0)) }
        return .object(fault)
    }

    static let all: [BadAnswer] = [
        .init("an order without a status", in: "FROM transaction t WHERE", column("drop", "status")),
        .init("an order with a null for its status", in: "FROM transaction t WHERE", column("null", "status")),
        .init("an order without an id", in: "FROM transaction t WHERE", column("drop", "id")),
        .init("a line without a quantity", in: "FROM transactionline tl", column("null", "quantity")),
        .init("a line that names no order", in: "FROM transactionline tl", column("drop", "transaction")),
        .init("a fulfilment without a number", in: "SELECT DISTINCT l.previousdoc, d.id", column("drop", "tranid")),
        .init(
            "a page that ends too early", in: "FROM transactionline tl",
            ["kind": "altered-rows", "change": "cut", "row": 1]),
        .init(
            "a page that claims more", in: "FROM transactionline tl",
            ["kind": "altered-rows", "change": "more", "value": true]),
        .init(
            "a total that is another", in: "FROM transaction WHERE type IN",
            ["kind": "altered-rows", "change": "total", "value": 7], endsPoll: true),
        .init("an error for all orders at once", in: "FROM transactionline tl", ["kind": "server-error"]),
        .init("an error where changes are asked for", in: "AS stamp", ["kind": "server-error"], endsPoll: true),
        .init(
            "a number that no message may have", in: "FROM transaction t WHERE",
            [
                "kind": "altered-rows", "change": "text", "column": "tranid", "row": 0,
                "value": .string(String(repeating: "9", count: 300)),
            ]),
    ]
}

@Suite("The watch of NetSuite under bad answers")
struct BadAnswerTests {
    @Test(
        "the order or the poll is tried again, the other order is published, and nothing is lost",
        arguments: BadAnswer.all)
    func once(_ bad: BadAnswer) async throws {
        try await withWatch { bench in
            let first = try await bench.write(1)
            let second = try await bench.write(2)
            for id in [first, second] { _ = try await bench.made("orders/\(id)/fulfil") }
            guard case .object(var fault) = bad.fault else { return }
            fault["path"] = "suiteql"
            fault["body"] = .string(bad.query)
            // Halves of the orders are read too where a row names none.
            fault["times"] = 1
            try await bench.control("POST", "faults", .object(fault))
            if bad.endsPoll {
                await #expect(throws: (any Error).self) { try await bench.poll() }
                #expect(bench.sent.isEmpty)
                #expect(try await bench.ledger.cursor("status-feedback.transactions") == nil)
            } else {
                try await bench.poll()
                #expect(try bench.states(of: 2) == [.shipped])
            }
            let struck = try await bench.control("GET", "faults")["faults"]?[0]?["struck"]?.int64
            #expect(struck == 1, "the fault was met")
            // A kill in between takes the watch's memory; the ledger's is enough.
            try await bench.takeOver()
            try await bench.poll()
            #expect(try bench.states(of: 1) == [.shipped])
            #expect(try bench.states(of: 2) == [.shipped])
        }
    }

    @Test("a change that a failed poll has seen is found by the next poll of the same process")
    func seenByAFailedPoll() async throws {
        try await withWatch { bench in
            let order = try await bench.write(1)
            try await bench.poll()
            try await bench.settle()
            let now = try await bench.client.serverTime()
            // Its minute is over: once dealt with, it is not shown again before the overlap ends.
            let stamp = UTCInstant(millisecondsSinceEpoch: now.millisecondsSinceEpoch - 150_000)
            _ = try await bench.made("orders/\(order)/fulfil", ["modifiedAt": .string(stamp.text)])
            try await bench.control(
                "POST", "faults",
                ["kind": "server-error", "path": "suiteql", "body": "JOIN transaction o ON", "times": 1])
            await #expect(throws: (any Error).self) { try await bench.poll() }
            try await bench.poll()
            #expect(try bench.newest(of: 1).state == .shipped)
        }
    }

    @Test(
        "an order that stays unreadable is told and counted while the others flow, also over a kill, and comes at last")
    func stays() async throws {
        try await withWatch { bench in
            let bad = try await bench.write(1)
            try await bench.control(
                "POST", "faults",
                [
                    "kind": "altered-rows", "change": "text", "column": "quantity", "value": "many", "path": "suiteql",
                    "body": .string("tl.transaction IN (\(bad)"), "times": .null, "row": 0,
                ])
            for _ in 1...3 { try await bench.poll() }
            #expect(try bench.states(of: 1).isEmpty)
            #expect(bench.figure("watch_orders_due{reason=\"unreadable\"}") == 1)
            // Long behind the overlap, only the ledger still knows of it.
            try await bench.control("PATCH", "clock", ["advanceSeconds": 86_400])
            try await bench.takeOver()
            try await bench.poll()
            let good = try await bench.write(2)
            _ = try await bench.made("orders/\(good)/fulfil")
            try await bench.poll()
            #expect(try bench.states(of: 2) == [.shipped])
            try await bench.control("DELETE", "faults")
            try await bench.poll()
            #expect(try bench.states(of: 1) == [.pendingFulfillment])
            #expect(bench.figure("watch_orders_due{reason=\"unreadable\"}") == 0)
        }
    }

    @Test("an unknown letter of an order, of a fulfilment and of an invoice: quantities and amounts decide")
    func letters() async throws {
        try await withWatch { bench in
            let order = try await bench.write(1)
            _ = try await bench.made("orders/\(order)/fulfil")
            _ = try await bench.made("orders/\(order)/bill")
            for (query, times) in [("FROM transaction t WHERE", 1), ("SELECT DISTINCT l.previousdoc, d.id", 1)] {
                try await bench.control(
                    "POST", "faults",
                    [
                        "kind": "altered-rows", "change": "text", "column": "status", "value": "Order:Q",
                        "path": "suiteql", "body": .string(query), "times": .number(JSONNumber(times)),
                    ])
            }
            try await bench.poll()
            let progress = try bench.newest(of: 1)
            #expect(progress.state == .invoiced)
            #expect(progress.shipments.map(\.status) == ["status Q"])
            #expect(progress.invoices.map(\.status) == ["status Q"])
        }
    }

    @Test("numbers as numbers, and columns that are null, are read as those that are text and left out")
    func numbers() async throws {
        try await withWatch { bench in
            let order = try await bench.write(1)
            _ = try await bench.made("orders/\(order)/fulfil", ["lines": [["line": 1, "quantity": "4"]]])
            for (column, change) in [
                ("id", "number"), ("transaction", "number"), ("quantity", "number"), ("foreigntotal", "number"),
                ("previousdoc", "number"), ("quantityshiprecv", "null"), ("quantitybilled", "null"),
                ("carrier", "null"),
            ] {
                try await bench.control(
                    "POST", "faults",
                    [
                        "kind": "altered-rows", "change": .string(change), "column": .string(column), "path": "suiteql",
                        "times": .null,
                    ])
            }
            try await bench.poll()
            #expect(try bench.states(of: 1) == [.partlyShipped])
            try await bench.control("DELETE", "faults")
            try await bench.takeOver()
            try await bench.poll()
            #expect(try bench.states(of: 1) == [.partlyShipped], "the same, so no news")
        }
    }

    @Test("throttled and slow, the poll takes longer and does its work")
    func busy() async throws {
        try await withWatch { bench in
            let order = try await bench.write(1)
            _ = try await bench.made("orders/\(order)/fulfil")
            try await bench.control(
                "POST", "faults", ["kind": "throttled", "path": "suiteql", "times": 2, "skip": 1])
            try await bench.control("PATCH", "settings", ["latencyMilliseconds": 200])
            try await bench.poll()
            #expect(try bench.states(of: 1) == [.shipped])
        }
    }

    @Test("the wrong time zone stops the watch with a sentence that names the setting; the right one goes on")
    func zone() async throws {
        try await withWatch { bench in
            try await bench.write(1)
            try await bench.poll()
            try await bench.control("PATCH", "settings", ["timeZone": "Asia/Kathmandu"])
            try await bench.takeOver()
            do {
                try await bench.poll()
                Issue.record("the poll believed the zone")
            } catch {
                let trouble = Trouble(ofPoll: error)
                #expect(trouble.reason.contains("NETSUITE_TIME_ZONE"))
                #expect(trouble.reason.contains("UTC+5:45"))
            }
        }
    }

    @Test("a table that the role may not see: the reason says which, and tracking numbers alone are done without")
    func permissions() async throws {
        try await withWatch { bench in
            let order = try await bench.write(1)
            _ = try await bench.made("orders/\(order)/fulfil", ["packages": [["trackingNumber": "1Z-1"]]])
            try await bench.control("PATCH", "settings", ["hiddenTables": ["trackingnumbermap"]])
            try await bench.poll()
            #expect(try bench.newest(of: 1).shipments.map(\.trackingNumbers) == [[]])
            #expect(bench.health.warnings.isEmpty)
        }
    }

    @Test(
        "without the permission for deletions all else goes on, health says so, and once it is given nothing was missed"
    )
    func deletionsHidden() async throws {
        try await withWatch { bench in
            let order = try await bench.write(1)
            let deleted = try await bench.write(2)
            try await bench.poll()
            try await bench.control("PATCH", "settings", ["hiddenTables": ["deletedrecord"]])
            _ = try await bench.made("orders/\(order)/fulfil")
            try await bench.control("DELETE", "orders/\(deleted)")
            try await bench.poll()
            #expect(try bench.newest(of: 1).state == .shipped)
            #expect(try bench.newest(of: 2).state == .pendingFulfillment)
            #expect(bench.health.warnings.map(\.component) == ["deleted orders"])
            #expect(bench.health.warnings.first?.reason.contains("permission Deleted Records") == true)
            #expect(bench.health.notReady.isEmpty)
            // Much later than the overlap.
            try await bench.control("PATCH", "clock", ["advanceSeconds": 86_400])
            try await bench.poll()
            try await bench.control("PATCH", "settings", ["hiddenTables": []])
            try await bench.poll()
            #expect(try bench.newest(of: 2).state == .deletedInNetSuite)
            #expect(bench.health.warnings.isEmpty)
        }
    }
}
