import EventLoop
import Foundation
import JSONText
import Postgres
import TestSupport
import Testing

/// What comes in status-feedback's way when it writes to Salesforce, with all services as processes.
@Suite("Status-feedback's bad days", .serialized)
struct FeedbackBadDayTests {
    private static let writes: JSONObject = ["method": "PATCH", "path": "/composite/sobjects"]

    @Test("whatever befalls batches, orders or the service itself, Salesforce shows in the end how each order stands")
    func badDay() async throws {
        try await onLoop(within: .seconds(240)) {
            try await ServiceStack.with { stack in
                stack.environment["FEEDBACK_RESEND_SECONDS"] = "4"
                stack.environment["HELD_RETRY_SECONDS"] = "2"
                let services = try await stack.startAll()
                let desk = OrderDesk(stack)
                try await desk.addAccounts(3)
                for fault in Self.faults {
                    try await strike(stack, fault)
                    try await desk.addOrders(4)
                    try await desk.untilAllShown()
                    try await stack.salesforce.control.delete("/faults")
                }
                try await heldOrder(stack, desk)
                #expect(try await desk.problems().isEmpty)
                try await lateBatch(stack)
                let feedback = try #require(services.first { $0.service == .statusFeedback })
                try await killedInTheMiddle(stack, desk, feedback)
            }
        }
    }

    private static let faults: [JSONObject] = [
        ["kind": "cut", "moment": "after"], ["kind": "hang"], ["kind": "unavailable", "times": 2],
        ["kind": "record-locked", "times": 2], ["kind": "unauthorized", "expires": true], ["kind": "truncated"],
    ]

    @Loop
    private func strike(_ stack: ServiceStack, _ fault: JSONObject) async throws {
        var body = Self.writes
        for (name, value) in fault.members { body[name] = value }
        try await stack.salesforce.control.post("/faults", .object(body))
    }

    /// A batch lands when a newer state has been shown: it does not stay.
    @Loop
    private func lateBatch(_ stack: ServiceStack) async throws {
        try await strike(stack, ["kind": "late", "seconds": 5])
        let id = try await stack.salesforce.control.make(
            "/orders",
            [
                "account": ["name": "Late & Sons"], "activate": true,
                "lines": [["sku": "SKU-MISSING", "quantity": 1, "unitPrice": "15.00"]],
            ])
        try await eventually("its letter") {
            try await stack.query("select 1 from dead_letters where order_id = \(id) and state = 'open'").count == 1
        }
        try await eventually("the batch without answer") {
            let faults = try await stack.salesforce.control.get("/faults")["faults"]?.array ?? []
            return faults.contains { $0["struck"]?.int64 ?? 0 > 0 }
        }
        try await stack.netSuite.control.post("/items", ["sku": "SKU-MISSING", "listPrice": "15.00"])
        try await stack.salesforce.control.patch("/orders/\(id)", ["poNumber": "again"])
        try await eventually("the newer state is shown") { try await shown(stack, id).number != nil }
        try await eventually("the late one lands on it") {
            let requests = try await stack.salesforce.control.get("/journal")["requests"]?.array ?? []
            return requests.contains { $0["fault"]?.string == "late" && $0["applied"]?.bool == true }
        }
        try await eventually("it does not stay") {
            let now = try await shown(stack, id)
            return now.status == "pending approval" || now.status == "pending fulfillment"
        }
        #expect(try await shown(stack, id).message == nil)
    }

    /// An order that NetSuite keeps locked is shown as waiting, with why, until it is written.
    @Loop
    private func heldOrder(_ stack: ServiceStack, _ desk: OrderDesk) async throws {
        let id = desk.orders[0]
        try await stack.netSuite.control.post(
            "/faults", ["kind": "record-locked", "method": "PATCH", "path": "/salesOrder", "times": nil])
        try await stack.salesforce.control.patch("/orders/\(id)", ["poNumber": "changed"])
        try await eventually("it is shown as waiting", within: .seconds(40)) {
            try await shown(stack, id).status == "waiting"
        }
        let waiting = try await shown(stack, id)
        #expect(waiting.message?.hasSuffix("tries again by itself.") == true, "\(waiting.message ?? "no message")")
        #expect(waiting.number != nil)
        // Nothing else waits for it.
        try await desk.addOrders(2)
        try await desk.untilAllShown()
        try await stack.netSuite.control.delete("/faults")
        try await eventually("it is shown as written", within: .seconds(40)) {
            let now = try await shown(stack, id)
            return now.message == nil && now.status != "waiting"
        }
        let order = try await stack.netSuite.control.get("/orders/eid:SF-\(id)")
        #expect(String(decoding: order.bytes(), as: UTF8.self).contains("changed"))
    }

    @Loop
    private func shown(
        _ stack: ServiceStack, _ id: String
    ) async throws -> (number: String?, status: String?, message: String?) {
        let fields = try await stack.salesforce.control.get("/orders/\(id)")["netSuite"]
        return (
            fields?["NetSuite_Order_Number__c"]?.string, fields?["NetSuite_Status__c"]?.string,
            fields?["NetSuite_Message__c"]?.string
        )
    }

    /// The rows of one that was killed in the middle of a batch are another's within seconds.
    @Loop
    private func killedInTheMiddle(
        _ stack: ServiceStack, _ desk: OrderDesk, _ feedback: ServiceProcess
    ) async throws {
        try await strike(stack, ["kind": "hang"])
        try await desk.addOrders(5)
        try await eventually("a batch is on its way") {
            try await stack.query("select 1 from feedback where holder is not null").count > 0
        }
        await feedback.killHard()
        try await stack.salesforce.control.delete("/faults")
        let other = try stack.start(.statusFeedback)
        // Two seconds for a request, and what is added for the log-in and the claim; the group joins meanwhile.
        try await desk.untilAllShown(within: .seconds(40))
        #expect(await other.stop() == 0)
    }
}
