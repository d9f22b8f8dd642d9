import Contracts
import EventLoop
import JSONText
import Ledger
import NetSuite
import ServiceRuntime
import TestSupport
import Testing

@testable import StatusFeedback

@Suite("One order is the trouble of one order")
struct OrdersApartTests {
    @Test("an order whose reading never succeeds keeps back itself alone, and comes at last")
    func failingOrder() async throws {
        try await withWatch { bench in
            var ids: [String] = []
            for number in 1...7 { ids.append(try await bench.write(number)) }
            let bad = ids[2]
            for id in ids { _ = try await bench.made("orders/\(id)/fulfil") }
            try await bench.control(
                "POST", "faults",
                ["kind": "server-error", "path": "suiteql", "body": .string(bad), "times": .null])
            for _ in 1...3 { try await bench.poll() }
            for number in 1...7 where number != 3 { #expect(try bench.states(of: number) == [.shipped]) }
            #expect(try bench.states(of: 3).isEmpty)
            #expect(bench.figure("watch_orders_due{reason=\"unreadable\"}") == 1)
            try await bench.control("DELETE", "faults")
            try await bench.poll()
            #expect(try bench.states(of: 3) == [.shipped])
            #expect(bench.figure("watch_orders_due{reason=\"unreadable\"}") == 0)
        }
    }

    @Test("a message that Kafka or readers would refuse is not published", arguments: ["large", "currency", "good"])
    func problem(_ what: String) throws {
        var progress = OrderProgress(
            orderId: try Make.orderId(1), netSuite: .init(id: "4711", currency: what == "currency" ? "US$" : "USD"),
            state: .shipped, asOf: UTCInstant(millisecondsSinceEpoch: 1_800_000_000_000))
        var shipment = OrderProgress.Shipment(id: "1", number: "IF1", status: "shipped")
        let packages = what == "large" ? 60_000 : 10
        shipment.trackingNumbers = (0..<packages).map { "1Z9999999999\($0)" }
        progress.shipments = [shipment]
        switch what {
        case "large": #expect(progress.problem?.contains("more than Kafka takes") == true)
        case "currency": #expect(progress.problem?.contains("currency") == true)
        default: #expect(progress.problem == nil)
        }
    }

    @Test("a changed record without a type may be an order, and is read")
    func untyped() async throws {
        try await withWatch { bench in
            try await bench.write(1)
            let unknown = try await bench.created(2)
            try await bench.control(
                "POST", "faults",
                [
                    "kind": "altered-rows", "change": "drop", "column": "type", "path": "suiteql",
                    "body": "FROM transaction WHERE type IN", "times": 1,
                ])
            try await bench.poll()
            #expect(try bench.states(of: 1) == [.pendingFulfillment])
            #expect(bench.figure("watch_orders_due{reason=\"not_in_ledger\"}") == 1)
            try await bench.record([2: unknown])
            try await bench.poll()
            #expect(try bench.states(of: 2) == [.pendingFulfillment])
        }
    }

    @Test("orders of another installation, however many, do not stop the watch: the oldest are given up")
    func manyUnknown() async throws {
        try await withWatch { bench in
            let many = (1...Int64(DueOrders.most + 3)).map { "\(900_000_000 + $0)l\($0 <= 3 ? 9 : 1)" }
            let (ledger, leadership) = (bench.ledger, bench.leadership)
            _ = try await ledger.moveCursor(
                "status-feedback.due", to: many.joined(separator: " "), under: leadership)
            try await bench.write(1)
            try await bench.poll()
            #expect(try bench.states(of: 1) == [.pendingFulfillment])
            #expect(bench.figure("watch_orders_due{reason=\"not_in_ledger\"}") == Double(DueOrders.most))
            #expect(bench.figure("watch_orders_total{outcome=\"given_up\"}") == 3)
            let kept = try await ledger.cursor("status-feedback.due") ?? ""
            #expect(!kept.contains("900000003l"))
            #expect(kept.contains("900000004l2"))
        }
    }

    @Test("an account without a table of currencies: the configured one is each order's; a permission is noticed")
    func currencies() async throws {
        try await withWatch { bench in
            let order = try await bench.write(1)
            try await bench.control("PATCH", "settings", ["hiddenTables": ["currency"]])
            try await bench.poll()
            #expect(try bench.newest(of: 1).netSuite.currency == nil)
            #expect(bench.health.warnings.first?.reason.contains("NETSUITE_CURRENCY") == true)

            bench.currency = "EUR"
            try await bench.takeOver()
            _ = try await bench.made("orders/\(order)/fulfil", ["lines": [["line": 1, "quantity": "4"]]])
            try await bench.poll()
            #expect(try bench.newest(of: 1).netSuite.currency == "EUR")
            #expect(bench.health.warnings.isEmpty)

            try await bench.control("PATCH", "settings", ["hiddenTables": []])
            try await bench.control("PATCH", "clock", ["advanceSeconds": 601])
            _ = try await bench.made("orders/\(order)/fulfil", [:])
            try await bench.poll()
            #expect(try bench.newest(of: 1).netSuite.currency == "USD", "NetSuite's own word counts")
        }
    }
}

@Suite("Orders that are due again")
struct DueOrdersTests {
    private static func polls(_ due: inout DueOrders, _ number: Int) -> (late: Int, givenUp: Int) {
        var sum = (late: 0, givenUp: 0)
        for _ in 0..<number {
            let (late, givenUp) = due.beginPoll()
            sum = (sum.late + late.count, sum.givenUp + givenUp)
        }
        return sum
    }

    @Test("an order that the ledger does not know is waited for seven days", arguments: [15, 600, 3_600])
    func sevenDays(interval: Int) {
        var due = DueOrders(interval: .seconds(interval))
        due.note(7, .notInLedger)
        let polls = 7 * 24 * 3_600 / interval
        #expect(Self.polls(&due, polls) == (0, 0))
        #expect(due.toAskLedger == [7])
        #expect(Self.polls(&due, 1) == (0, 1))
        #expect(due.toAskLedger.isEmpty)
    }

    @Test("one that cannot be read is tried for ever: five times, then at every twentieth poll, and told once")
    func unreadable() {
        var due = DueOrders(interval: .seconds(15))
        due.note(7, .unreadable)
        var turns: [Int] = []
        var told = 0
        for poll in 1...60 {
            told += due.beginPoll().late.count
            if due.toRead == [7] {
                turns.append(poll)
                due.note(7, .unreadable)
            }
        }
        #expect(turns == [1, 2, 3, 4, 5, 20, 40, 60])
        #expect(told == 1)
    }

    @Test("one whose look-up had to wait for others keeps its turn at each poll until it had it")
    func owed() {
        var due = DueOrders(interval: .seconds(15))
        due.note(7, .notShown)
        for poll in 1...12 {
            _ = due.beginPoll()
            #expect(due.toRead == [7], "poll \(poll)")
            due.note(7, .notShown, isOwed: true)
        }
        _ = due.beginPoll()
        due.note(7, .notShown)
        _ = due.beginPoll()
        #expect(due.toRead.isEmpty, "it had its turn")
    }

    @Test("too many that cannot be read are a trouble, too many that the ledger does not know are not")
    func bounds() {
        var due = DueOrders(interval: .seconds(15))
        for id in 1...Int64(DueOrders.most + 10) { due.note(id, .notInLedger) }
        #expect(!due.areTooMany)
        #expect(due.boundUnknown() == 10)
        #expect(due.boundUnknown() == 0)
        #expect(due.count(.notInLedger) == DueOrders.most)
        #expect(DueOrders(text: due.text, interval: .seconds(15)).entries.count == DueOrders.most)
        for id in 1...Int64(DueOrders.most) { due.note(1_000_000 + id, id % 2 == 0 ? .unreadable : .notShown) }
        #expect(!due.areTooMany)
        due.note(2_000_000, .unreadable)
        #expect(due.areTooMany)
    }
}
