import Contracts
import EventLoop
import Foundation
import JSONText
import Ledger
import NetSuite
import TestSupport
import Testing

@testable import StatusFeedback

@Suite("The watch of NetSuite, on the sandbox")
struct ProgressWatchTests {
    @Test("an order's day: fulfilled in parts with several packages, invoiced, paid, and each step published once")
    func day() async throws {
        try await withWatch { bench in
            let order = try await bench.write(1, lines: [(WatchBench.red, 10), (WatchBench.service, 1)])
            try await bench.poll()
            #expect(try bench.states(of: 1) == [.pendingFulfillment])
            let first = try bench.newest(of: 1)
            #expect(first.netSuite.id == order)
            #expect(first.netSuite.number?.hasPrefix("SO") == true)
            #expect(first.netSuite.currency == "USD")
            #expect(first.netSuite.total == ExactDecimal(whole: 110))

            let line = try #require(
                try await bench.client.salesOrder(.internalId(order))?.lines?.first {
                    $0.quantity == ExactDecimal(whole: 10)
                }?
                .line)
            _ = try await bench.made(
                "orders/\(order)/fulfil",
                [
                    "lines": [["line": .number(JSONNumber(line)), "quantity": "4"]], "carrier": "UPS",
                    "packages": [["trackingNumber": "1Z-1"], ["trackingNumber": "1Z-2"]], "date": "2026-05-29",
                ])
            try await bench.poll()
            let partly = try bench.newest(of: 1)
            #expect(partly.state == .partlyShipped)
            #expect(partly.lines.map(\.shipped.text) == ["4", "0"])
            #expect(partly.shipments.map(\.trackingNumbers) == [["1Z-1", "1Z-2"]])
            #expect(partly.shipments.first?.carrier != nil)
            #expect(partly.shipments.first?.date?.text == "2026-05-29")
            #expect(partly.shipments.first?.lines.map(\.quantity.text) == ["4"])

            _ = try await bench.made("orders/\(order)/fulfil", ["packages": [["trackingNumber": "1Z-3"]]])
            try await bench.poll()
            #expect(try bench.newest(of: 1).state == .shipped)
            #expect(try bench.newest(of: 1).shipments.flatMap(\.trackingNumbers) == ["1Z-1", "1Z-2", "1Z-3"])

            let invoice = try await bench.made("orders/\(order)/bill")
            try await bench.poll()
            #expect(try bench.newest(of: 1).state == .invoiced)
            #expect(try bench.newest(of: 1).invoices.map(\.unpaid.text) == ["110.00"])

            _ = try await bench.made("invoices/\(invoice)/pay", ["amount": "50"])
            try await bench.poll()
            #expect(try bench.newest(of: 1).state == .invoiced)
            #expect(try bench.newest(of: 1).payments.map(\.applied.text) == ["50.00"])
            _ = try await bench.made("invoices/\(invoice)/credit", ["amount": "60"])
            try await bench.poll()
            let last = try bench.newest(of: 1)
            #expect(last.state == .paid)
            #expect(last.credits.map(\.total.text) == ["60.00"])
            #expect(last.credits.map(\.applied.text) == ["60.00"])
            #expect(last.invoices.map(\.paid.text) == ["110.00"])

            let published = try bench.progress(of: 1).count
            for _ in 1...3 { try await bench.poll() }
            #expect(try bench.progress(of: 1).count == published, "nothing has changed")
            let instants = try bench.progress(of: 1).map(\.asOf)
            #expect(zip(instants, instants.dropFirst()).allSatisfy { $0 < $1 })
        }
    }

    @Test("what was deleted is found by the ledger's memory: a payment unapplied, an invoice, a fulfilment, the order")
    func deletions() async throws {
        try await withWatch { bench in
            let order = try await bench.write(1)
            let fulfilment = try await bench.made("orders/\(order)/fulfil")
            let invoice = try await bench.made("orders/\(order)/bill")
            let payment = try await bench.made("invoices/\(invoice)/pay")
            try await bench.poll()
            #expect(try bench.newest(of: 1).state == .paid)

            try await bench.settle()
            try await bench.control("POST", "payments/\(payment)/unapply", [:])
            try await bench.poll()
            #expect(try bench.newest(of: 1).state == .invoiced)
            #expect(try bench.newest(of: 1).payments.isEmpty)
            try await bench.settle()
            try await bench.control("DELETE", "payments/\(payment)")
            try await bench.control("DELETE", "invoices/\(invoice)")
            try await bench.poll()
            #expect(try bench.newest(of: 1).state == .shipped)
            #expect(try bench.newest(of: 1).invoices.isEmpty)
            try await bench.settle()
            try await bench.control("DELETE", "fulfilments/\(fulfilment)")
            try await bench.poll()
            #expect(try bench.newest(of: 1).state == .pendingFulfillment)
            try await bench.settle()
            try await bench.control("DELETE", "orders/\(order)")
            try await bench.poll()
            let last = try bench.newest(of: 1)
            #expect(last.state == .deletedInNetSuite)
            #expect(last.netSuite == .init(id: order))
            let count = bench.sent.count
            try await bench.poll()
            #expect(bench.sent.count == count)
        }
    }

    @Test("closed by hand, cancelled, voided, and a credit memo deleted")
    func otherEnds() async throws {
        try await withWatch { bench in
            let closed = try await bench.write(1)
            let cancelled = try await bench.write(2)
            let voided = try await bench.write(3)
            try await bench.poll()
            try await bench.control("POST", "orders/\(closed)/close", [:])
            try await bench.control("POST", "orders/\(cancelled)/cancel", [:])
            _ = try await bench.made("orders/\(voided)/fulfil")
            let invoice = try await bench.made("orders/\(voided)/bill")
            let credit = try await bench.made("invoices/\(invoice)/credit")
            try await bench.poll()
            #expect(try bench.newest(of: 1).state == .closed)
            #expect(try bench.newest(of: 1).lines.map(\.closed) == [true])
            #expect(try bench.newest(of: 2).state == .cancelled)
            #expect(try bench.newest(of: 3).state == .paid)
            try await bench.settle()
            try await bench.control("DELETE", "credits/\(credit)")
            try await bench.poll()
            #expect(try bench.newest(of: 3).state == .invoiced)
            try await bench.control("POST", "invoices/\(invoice)/void", [:])
            try await bench.poll()
            #expect(try bench.newest(of: 3).state == .shipped)
            #expect(try bench.newest(of: 3).invoices.map(\.status) == ["voided"])
        }
    }

    @Test("an order that we did not write is counted and left alone, one whose write is not known yet is waited for")
    func foreign() async throws {
        try await withWatch { bench in
            try await bench.write(1)
            let foreign = try await bench.made("orders", bench.body("PEOPLE-1"))
            _ = try await bench.made("orders/\(foreign)/fulfil")
            let late = try await bench.created(2, lines: [(WatchBench.red, 3)])
            _ = try await bench.made("orders/\(late)/fulfil")
            try await bench.poll()
            let ours = try Make.orderId(1)
            #expect(Set(bench.sent.map(\.progress.orderId)) == [ours])
            #expect(bench.figure("watch_orders_total{outcome=\"foreign\"}") == 2)
            #expect(bench.figure("watch_orders_due{reason=\"not_in_ledger\"}") == 1)
            // The writer dies, its successor probes: the ledger learns of the order after the watch has seen it.
            try await bench.takeOver()
            try await bench.record([2: late])
            try await bench.poll()
            #expect(try bench.states(of: 2) == [.shipped])
            #expect(bench.figure("watch_orders_due{reason=\"not_in_ledger\"}") == 0)
        }
    }

    @Test("a change committed late, with a stamp from before the mark, and two changes in one minute")
    func late() async throws {
        try await withWatch { bench in
            let order = try await bench.write(1)
            let other = try await bench.write(2)
            try await bench.poll()
            let now = try await bench.client.serverTime()
            let before = UTCInstant(millisecondsSinceEpoch: now.millisecondsSinceEpoch - 200_000)
            _ = try await bench.made("orders/\(order)/fulfil", ["modifiedAt": .string(before.text)])
            _ = try await bench.made("orders/\(other)/fulfil", ["lines": [["line": 1, "quantity": "1"]]])
            try await bench.poll()
            #expect(try bench.newest(of: 1).state == .shipped)
            #expect(try bench.newest(of: 2).state == .partlyShipped)
            _ = try await bench.made("orders/\(other)/fulfil", [:])
            try await bench.poll()
            #expect(try bench.newest(of: 2).state == .shipped)
        }
    }

    @Test("queries that lag behind: the order is waited for, and not called deleted")
    func lag() async throws {
        try await withWatch { bench in
            let order = try await bench.write(1)
            try await bench.poll()
            try await bench.control("PATCH", "settings", ["suiteQLLagSeconds": 60])
            let behind = try await bench.write(2)
            _ = try await bench.made("orders/\(order)/fulfil")
            _ = try await bench.made("orders/\(behind)/fulfil")
            try await bench.poll()
            #expect(try bench.states(of: 1) == [.pendingFulfillment])
            #expect(try bench.states(of: 2).isEmpty)
            try await bench.control("PATCH", "clock", ["advanceSeconds": 61])
            try await bench.poll()
            #expect(try bench.newest(of: 1).state == .shipped)
            #expect(try bench.states(of: 2) == [.shipped])
        }
    }

    @Test("stopped for ten minutes of changes, the next leader publishes the newest state of each order")
    func away() async throws {
        try await withWatch { bench in
            let ids = [try await bench.write(1), try await bench.write(2)]
            try await bench.poll()
            for _ in 1...10 {
                try await bench.control("PATCH", "clock", ["advanceSeconds": 60])
                for id in ids {
                    _ = try await bench.made("orders/\(id)/fulfil", ["lines": [["line": 1, "quantity": "1"]]])
                }
            }
            try await bench.takeOver()
            try await bench.poll()
            #expect(try bench.states(of: 1) == [.pendingFulfillment, .shipped])
            #expect(try bench.newest(of: 2).shipments.count == 10)
        }
    }

    @Test(
        "an hour that comes twice and one that is left out: every change is found, each once",
        arguments: [
            // America/Los_Angeles goes back at 09:00Z of November 1st 2026 and forward at 10:00Z of March 8th.
            ["2026-11-01T08:10:00Z", "2026-11-01T08:50:00Z", "2026-11-01T09:10:00Z", "2026-11-01T10:05:00Z"],
            ["2027-03-14T09:40:00Z", "2027-03-14T09:58:00Z", "2027-03-14T10:02:00Z", "2027-03-14T11:10:00Z"],
        ])
    func clockChange(at instants: [String]) async throws {
        try await withWatch { bench in
            try await bench.control("PATCH", "clock", ["at": .string(instants[0])])
            let order = try await bench.write(1)
            try await bench.poll()
            for (step, instant) in instants.dropFirst().enumerated() {
                try await bench.control("PATCH", "clock", ["at": .string(instant)])
                _ = try await bench.made("orders/\(order)/fulfil", ["lines": [["line": 1, "quantity": "1"]]])
                if step == 1 { try await bench.takeOver() }
                try await bench.poll()
                try await bench.poll()
                #expect(try bench.newest(of: 1).shipments.count == step + 1)
            }
            #expect(try bench.progress(of: 1).count == instants.count)
        }
    }
}
