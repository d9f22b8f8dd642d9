import Contracts
import EventLoop
import Foundation
import JSONText
import Postgres
import TestSupport
import Testing

/// What NetSuite may answer to the watch of orders, and what people may do with records there: each has a clear outcome,
/// and the watch goes on.
@Suite("Bad answers to the watch", .serialized)
struct WatchBadAnswerTests {
    /// Answers that are none, and rows that are not what they should be: nothing wrong is published of them, and a later
    /// reading mends what they kept back.
    private static let faults: [JSONObject] = [
        ["kind": "truncated"], ["kind": "empty"], ["kind": "wrong-type"],
        [
            "kind": "answer", "status": 200, "headers": ["Content-Type": "application/json"],
            "body": "{\"count\":1,\"hasMore\":false,\"offset\":0,\"totalResults\":1}",
        ],
        // The page of changes: cut off behind its first row, without an id, without a stamp, with an id that is a number.
        ["kind": "altered-rows", "change": "cut", "row": 0, "body": changes],
        ["kind": "altered-rows", "change": "drop", "column": "id", "body": changes],
        ["kind": "altered-rows", "change": "null", "column": "stamp", "body": changes],
        ["kind": "altered-rows", "change": "number", "column": "id", "body": changes],
        // How orders stand: a letter that nobody knows, a quantity that is null, missing, a number, no number at all.
        ["kind": "altered-rows", "change": "text", "column": "status", "value": "Z", "body": "t.foreigntotal"],
        ["kind": "altered-rows", "change": "null", "column": "quantity", "body": lines],
        ["kind": "altered-rows", "change": "drop", "column": "isclosed", "body": lines],
        ["kind": "altered-rows", "change": "number", "column": "quantity", "body": lines],
        ["kind": "altered-rows", "change": "text", "column": "quantity", "value": "five", "body": lines],
    ]
    private static let changes: JSONValue = "AS stamp"
    private static let lines: JSONValue = "tl.quantitybilled"

    @Test(
        "a page that is cut off, empty or something else is read again; records of others and deleted ones are told apart"
    )
    func answersAndRecords() async throws {
        try await onLoop(within: .seconds(150)) {
            try await ServiceStack.with { stack in
                let desk = WatchDesk(stack)
                try await desk.add(Self.faults.count + 4)
                let states = try PublishedStates(stack, Topic.orderProgressed.name)
                let feedback = try stack.start(.statusFeedback)
                try await desk.untilShown(desk.orders, "pending fulfillment")
                for (number, fault) in Self.faults.enumerated() {
                    var body: JSONObject = ["path": "/suiteql", "times": 2]
                    for (name, value) in fault.members { body[name] = value }
                    try await stack.netSuite.control.post("/faults", .object(body))
                    try await desk.ship(desk.orders[number], 5, tracking: "1Z\(number)")
                    do {
                        try await desk.untilShown([number: "shipped"])
                    } catch {
                        throw StackFailure(description: "\(fault): \(error)")
                    }
                    try await stack.netSuite.control.delete("/faults")
                }
                try await othersAndDeleted(stack, desk, Array(desk.orders.dropFirst(Self.faults.count)))
                #expect(feedback.process.isRunning)
                let differences = try await desk.differences()
                #expect(differences.isEmpty, "\(differences)")
                let problems = states.problems(keys: desk.orders.map(\.id))
                #expect(problems.isEmpty, "\(problems)")
                let letters = try await stack.query("select sentence from dead_letters")
                #expect(letters.isEmpty)
                try await eventually("ready again") { await feedback.readiness()?.status == 200 }
                await states.close()
                #expect(await feedback.stop() == 0)
                try await wrongZone(stack, desk)
            }
        }
    }

    /// An order that Crossdock did not write is nobody's; a deleted one is shown as deleted, a deleted fulfilment is as if
    /// it had never been.
    @Loop
    private func othersAndDeleted(_ stack: ServiceStack, _ desk: WatchDesk, _ orders: [WatchDesk.Order]) async throws {
        let customers = try await stack.netSuite.control.get("/customers")["customers"]?.array ?? []
        let theirs = try await stack.netSuite.control.make(
            "/orders",
            [
                "entity": ["id": customers.first?["id"] ?? ""], "orderStatus": ["id": "B"],
                "item": ["items": [["item": ["id": "319"], "quantity": 1, "rate": 10]]],
            ])
        try await stack.netSuite.control.post("/orders/\(theirs)/fulfil", ["status": "C"])
        let fulfilment = try await desk.ship(orders[0], 5, tracking: "1ZD")
        try await desk.ship(orders[1], 5, tracking: "1ZE")
        try await desk.untilShown([orders[0], orders[1]], "shipped")
        try await stack.netSuite.control.delete("/fulfilments/\(fulfilment)")
        try await stack.netSuite.control.delete("/orders/\(orders[2].netSuiteId)")
        try await desk.untilShown([orders[0]], "pending fulfillment")
        try await desk.untilShown([orders[2]], "deleted in NetSuite")
        let known = try await stack.query("select 1 from published_states where value::text like '%\(unsafe: theirs)%'")
        #expect(known.isEmpty)
    }

    /// One that is configured otherwise than NetSuite answers reads every time wrongly: it says so and does nothing.
    @Loop
    private func wrongZone(_ stack: ServiceStack, _ desk: WatchDesk) async throws {
        let published = try await stack.query("select count(*) as n from published_states").first?.int64("n")
        let feedback = try stack.start(.statusFeedback, with: ["NETSUITE_TIME_ZONE": "Europe/Berlin"])
        try await feedback.untilNotReady(because: "NETSUITE_TIME_ZONE")
        try await desk.ship(try #require(desk.orders.last), 5, tracking: "1ZF")
        let asked = try await desk.requests()
        try await eventually("it asks again") { try await desk.requests() >= asked + 2 }
        #expect(try await stack.query("select count(*) as n from published_states").first?.int64("n") == published)
        let text = await feedback.readiness()?.text ?? ""
        #expect(text.contains("Europe/Berlin"), "\(text)")
        await feedback.killHard()
        // With the right one it goes on where it was.
        _ = try stack.start(.statusFeedback)
        try await desk.untilShown([try #require(desk.orders.last)], "shipped")
    }
}
