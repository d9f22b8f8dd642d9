import Contracts
import EventLoop
import JSONText
import Postgres
import TestSupport
import Testing

/// What an order's state sets in Salesforce beside the fields that are Crossdock's, when something comes in its way.
@Suite("What states set in Salesforce", .serialized)
struct FeedbackStatusTests {
    private static let rule = ["ORDER_STATUS_BY_STATE": "shipped=Fulfilled,paid=Fulfilled"]

    @Test(
        "after a write without answer a person's later choice of status stays, one that never came is made good, and no line of a deleted order keeps its quantities"
    )
    func lostAnswers() async throws {
        try await onLoop(within: .seconds(120)) {
            try await ServiceStack.with { stack in
                // What is sent once more comes when the test says so.
                stack.environment["FEEDBACK_RESEND_SECONDS"] = "3000"
                let desk = StatusDesk(stack, try await FeedbackDay.make(stack, orders: 4))
                let service = try stack.start(.statusFeedback, with: Self.rule)
                try await service.untilReady()
                try await desk.choiceAfterALostStatus(0)
                try await desk.choiceBeforeALostWrite(1)
                try await desk.statusThatNeverCame(2)
                try await desk.linesOfADeletedOrder(3)
                #expect(await service.stop() == 0)
            }
        }
    }

    @Test(
        "while Salesforce is away at the start the watch goes on; when it comes, orders are shown and statuses are set")
    func salesforceAwayAtTheStart() async throws {
        try await onLoop(within: .seconds(120)) {
            try await ServiceStack.with { stack in
                let desk = WatchDesk(stack)
                try await desk.add(3)
                let states = try PublishedStates(stack, Topic.orderProgressed.name)
                try await stack.salesforce.control.post("/faults", ["kind": "unavailable", "times": nil])
                let service = try stack.start(.statusFeedback, with: Self.rule)
                try await service.untilNotReady(because: "ORDER_STATUS_BY_STATE")
                try await eventually("the first states are published") {
                    desk.orders.allSatisfy { states.events(of: $0.id) == 1 }
                }
                try await desk.ship(desk.orders[0], 5, tracking: "1Z0A")
                try await eventually("what happens meanwhile is published") {
                    states.events(of: desk.orders[0].id) == 2
                }
                // Salesforce answers again, but does not tell its statuses yet.
                try await stack.salesforce.control.delete("/faults")
                try await stack.salesforce.control.post(
                    "/faults", ["kind": "unavailable", "times": nil, "path": "OrderStatus"])
                try await desk.untilShown([0: "shipped", 1: "pending fulfillment", 2: "pending fulfillment"])
                #expect(try await desk.shown()[desk.orders[0].id]?["status"] == "Activated")
                try await service.untilNotReady(because: "ORDER_STATUS_BY_STATE")
                try await stack.salesforce.control.delete("/faults")
                try await service.untilReady()
                try await eventually("the status is set", within: .seconds(30)) {
                    try await desk.shown()[desk.orders[0].id]?["status"] == "Fulfilled"
                }
                #expect(try await stack.query("select 1 from crossdock.feedback where owes_status").count == 0)
                await states.close()
                #expect(await service.stop() == 0)
            }
        }
    }
}

/// A person, Salesforce's network, and NetSuite, for one order at a time.
@Loop
private struct StatusDesk {
    let stack: ServiceStack
    let day: FeedbackDay

    init(_ stack: ServiceStack, _ day: FeedbackDay) {
        self.stack = stack
        self.day = day
    }

    /// The status is set and its answer lost; then a person chooses another one.
    func choiceAfterALostStatus(_ number: Int) async throws {
        try await lose(number, .shipped, at: "after")
        #expect(try await status(number) == "Fulfilled")
        try await choose("Delivered", number)
        try await show(number, .paid)
        #expect(try await status(number) == "Delivered", "a new state that asks for the same status")
        _ = try await stack.query(
            "update crossdock.feedback set resend_at = clock_timestamp() where resend_at is not null")
        try await eventually("it is sent once more") { try await owedResends() == 0 }
        #expect(try await status(number) == "Delivered", "and once more")
    }

    /// The status is set, a person chooses another one, and another write's answer is lost.
    func choiceBeforeALostWrite(_ number: Int) async throws {
        try await show(number, .shipped)
        #expect(try await status(number) == "Fulfilled")
        try await choose("Activated", number)
        try await lose(number, .partlyInvoiced, at: "after")
        try await show(number, .paid)
        #expect(try await status(number) == "Activated")
    }

    func statusThatNeverCame(_ number: Int) async throws {
        try await lose(number, .shipped, at: "before")
        #expect(try await status(number) == "Activated")
        try await show(number, .paid)
        #expect(try await status(number) == "Fulfilled")
    }

    func linesOfADeletedOrder(_ number: Int) async throws {
        try await lose(number, .shipped, at: "after")
        #expect(try await quantities(number) == [ExactDecimal(whole: 2), ExactDecimal(whole: 1)])
        try await day.deleteInNetSuite(number)
        try await eventually("its lines show nothing") { try await quantities(number) == [.zero, .zero] }
        #expect(try await order(number)["netSuite"]?["NetSuite_Status__c"] == "deleted in NetSuite")
    }

    // MARK: Steps

    /// A state is written, and no answer comes.
    private func lose(_ number: Int, _ state: OrderState, at moment: String) async throws {
        let before = try await owedResends()
        try await stack.salesforce.control.post(
            "/faults",
            [
                "kind": "cut", "moment": .string(moment), "method": "PATCH", "path": "/composite/sobjects",
            ])
        try await day.progress(number, state)
        try await eventually("the answer is lost") { try await owedResends() == before + 1 }
    }

    private func show(_ number: Int, _ state: OrderState) async throws {
        try await day.progress(number, state)
        try await eventually("order \(number) shows \(state.words)") {
            try await order(number)["netSuite"]?["NetSuite_Status__c"]?.string == state.words
        }
    }

    private func choose(_ status: String, _ number: Int) async throws {
        try await stack.salesforce.control.patch(
            "/orders/\(day.orders[number].id.text)", ["fields": ["Status": .string(status)]])
        #expect(try await self.status(number) == status)
    }

    private func owedResends() async throws -> Int {
        try await stack.query("select 1 from crossdock.feedback where resend_at is not null").count
    }

    // MARK: What is seen

    private func order(_ number: Int) async throws -> JSONValue {
        try await stack.salesforce.control.get("/orders/\(day.orders[number].id.text)")
    }

    private func status(_ number: Int) async throws -> String? { try await order(number)["status"]?.string }

    private func quantities(_ number: Int) async throws -> [ExactDecimal?] {
        let lines = try await order(number)["lines"]?.array ?? []
        return lines.map { $0["fields"]?["NetSuite_Quantity_Shipped__c"]?.number.flatMap { try? ExactDecimal($0) } }
    }
}
