import Contracts
import EventLoop
import Foundation
import JSONText
import Ledger
import NetSuite
import TestSupport
import Testing

@testable import StatusFeedback

@Suite("The watch of NetSuite, cut off and under bad answers")
struct WatchFaultTests {
    /// Orders with every kind of change, the last of them deleted.
    @Loop private static func change(_ bench: WatchBench) async throws {
        let shipped = try await bench.write(1)
        let paid = try await bench.write(2)
        let deleted = try await bench.write(3)
        _ = try await bench.made("orders/\(shipped)/fulfil", ["packages": [["trackingNumber": "1Z-1"]]])
        _ = try await bench.made("orders/\(paid)/fulfil")
        let invoice = try await bench.made("orders/\(paid)/bill")
        _ = try await bench.made("invoices/\(invoice)/pay")
        try await bench.control("DELETE", "orders/\(deleted)")
    }

    @Loop private static func expectWhole(_ bench: WatchBench) throws {
        #expect(try bench.states(of: 1) == [.shipped])
        #expect(try bench.states(of: 2) == [.paid])
        #expect(try bench.states(of: 3) == [.deletedInNetSuite])
    }

    @Test("ended behind any answer of NetSuite, the next leader finds everything, and publishes each change once")
    func cutBehindAnswers() async throws {
        try await withWatch { bench in
            try await Self.change(bench)
            var cuts = 0
            for answer in 1... {
                var left = answer
                let polling = EventLoop.shared.start { try await bench.poll() }
                bench.client.onAnswer = {
                    left -= 1
                    if left == 0 { polling.cancel() }
                }
                let isWhole = (try? await polling.result.get()) != nil
                try await bench.takeOver()
                if isWhole, left > 0 { break }
                cuts += 1
            }
            #expect(cuts >= 8, "each query was cut once")
            try await bench.poll()
            try Self.expectWhole(bench)
        }
    }

    @Test("ended before and behind each message to Kafka: stored messages go out with the same event id")
    func cutAtMessages() async throws {
        try await withWatch { bench in
            try await Self.change(bench)
            for (isTaken, count) in [(false, 1), (false, 3), (true, 1), (true, 2), (true, 3)] {
                var left = count
                let polling = EventLoop.shared.start { try await bench.poll() }
                bench.onSend = { taken in
                    if taken == isTaken { left -= 1 }
                    if left == 0 { polling.cancel() }
                }
                _ = await polling.result
                try await bench.takeOver()
            }
            try await bench.poll()
            try Self.expectWhole(bench)
        }
    }

    @Test("while Kafka is away nothing is lost and the mark does not move; a deposed leader stores nothing")
    func kafkaAndFence() async throws {
        try await withWatch { bench in
            try await Self.change(bench)
            bench.kafkaIsDown = true
            await #expect(throws: (any Error).self) { try await bench.poll() }
            #expect(try await bench.ledger.cursor("status-feedback.transactions") == nil)
            bench.kafkaIsDown = false
            let old = bench.leadership
            try await bench.takeOver()
            await #expect(throws: LeadershipLost.self) { try await bench.watch.poll(under: old) }
            #expect(bench.sent.isEmpty)
            try await bench.poll()
            try Self.expectWhole(bench)
        }
    }

    @Test("1,000 orders with one stamp, across pages: each once, and few calls")
    func thousand() async throws {
        try await withWatch { bench in
            let stamp = try await bench.client.serverTime()
            let made = try await bench.control(
                "POST", "orders",
                bench.body("MANY").object.map {
                    .object($0.adding(["count": 1_000, "modifiedAt": .string(stamp.text)]))
                })
            #expect(made != .null)
            let listed = try await bench.control("GET", "orders")["orders"]?.array ?? []
            let ids = listed.compactMap { $0["id"]?.string }
            #expect(ids.count == 1_000)
            try await bench.record(Dictionary(uniqueKeysWithValues: zip(10_001..., ids)))
            try await bench.write(1)
            try await bench.poll()
            #expect(bench.sent.count == 1_001)
            #expect(Set(bench.sent.map(\.progress.netSuite.id)).count == 1_001)
            let calls = try #require(bench.figure("watch_calls_of_last_poll"))
            print("calls of a poll with 1,001 orders without documents: \(calls)")
            #expect(calls <= 30)
            for id in ids { _ = try await bench.made("orders/\(id)/fulfil", ["modifiedAt": .string(stamp.text)]) }
            try await bench.poll()
            #expect(bench.sent.count == 2_001)
            let more = try #require(bench.figure("watch_calls_of_last_poll"))
            print("calls of a poll with 1,000 orders fulfilled: \(more)")
            #expect(more <= 60)
        }
    }

    @Test("calls of a poll: idle, and with one order of each kind of change")
    func calls() async throws {
        try await withWatch { bench in
            let order = try await bench.write(1)
            try await bench.poll()
            try await bench.control("PATCH", "clock", ["advanceSeconds": 120])
            try await bench.poll()
            try await bench.poll()
            #expect(bench.figure("watch_calls_of_last_poll") == 3, "time, changes, deletions")
            _ = try await bench.made("orders/\(order)/fulfil", ["packages": [["trackingNumber": "1Z-1"]]])
            try await bench.poll()
            let fulfilled = try #require(bench.figure("watch_calls_of_last_poll"))
            let invoice = try await bench.made("orders/\(order)/bill")
            _ = try await bench.made("invoices/\(invoice)/pay")
            try await bench.poll()
            let paid = try #require(bench.figure("watch_calls_of_last_poll"))
            print("calls of a poll: idle 3, one order fulfilled \(fulfilled), one invoiced and paid \(paid)")
            #expect(fulfilled <= 10)
            #expect(paid <= 13)
        }
    }
}

extension JSONObject {
    fileprivate func adding(_ other: JSONObject) -> JSONObject {
        var sum = self
        for (name, value) in other.members { sum[name] = value }
        return sum
    }
}
