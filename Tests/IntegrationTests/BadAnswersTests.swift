import Contracts
import EventLoop
import Foundation
import JSONText
import Postgres
import TestSupport
import Testing

/// Everything runs as separate processes; both remote systems give every answer of the corpus once.
@Suite("Bad answers", .serialized)
struct BadAnswersTests {
    @Test(
        "whatever NetSuite and Salesforce answer, each order is written once and shown; nobody ends, nothing is told",
        .timeLimit(.minutes(4)))
    func answers() async throws {
        try await onLoop(within: .seconds(200)) { try await ServiceStack.with(partitionCount: 6, Self.play) }
    }

    @Loop
    private static func play(_ stack: ServiceStack) async throws {
        stack.environment.merge([
            "ITEM_CACHE_SECONDS": "1", "UNKNOWN_CHANGE_WAIT_SECONDS": "1", "HELD_RETRY_SECONDS": "1",
            "FEEDBACK_RESEND_SECONDS": "1", "LOG_FORMAT": "json",
        ]) { _, given in given }
        _ = try await stack.startAll()
        let plays = try AnswerPlay.all()
        let table = try AnswerTable(stack)
        let salesforces = EventLoop.shared.start {
            try await playSalesforce(plays.filter(\.isSalesforces), stack)
        }
        let netSuites = plays.filter { !$0.isSalesforces }
        try await table.play(netSuites.filter { $0.poison.letterClass == nil })
        try await salesforces.value
        let refusals = netSuites.filter { $0.poison.letterClass != nil }
        try await table.play(refusals)
        try await table.check(refusals: refusals.count)
        await table.close()
        #expect(stack.services.allSatisfy { $0.process.isRunning })
        for service in stack.services { try await service.untilReady() }
        try await checkPrivacy(stack)
    }

    // MARK: Salesforce

    /// Orders come through the publisher and are shown again while each query, update and log-in may get any answer.
    @Loop
    private static func playSalesforce(_ plays: [AnswerPlay], _ stack: ServiceStack) async throws {
        let answers = PlayedAnswers(stack.salesforce)
        let desk = OrderDesk(stack)
        try await desk.addAccounts(2)
        var rest = Dictionary(grouping: plays, by: \.request)
        while rest.values.contains(where: { !$0.isEmpty }) {
            for (request, left) in rest {
                // One log-in at a time: three that did not help keep a service from trying for half an hour.
                let count = request == .salesforceQuery ? 2 : 1
                for play in left.prefix(count) { try await answers.add(play) }
                if request == .salesforceToken, !left.isEmpty { try await expireSessions(stack) }
                rest[request] = Array(left.dropFirst(count))
            }
            // An update answers a settlement: a new order brings one.
            try await desk.addOrders(1)
            try await desk.untilAllShown(within: .seconds(40))
            _ = try await answers.missing()
        }
        for _ in 0..<6 where !(try await answers.missing()).isEmpty {
            try await expireSessions(stack)
            try await desk.addOrders(1)
            try await desk.untilAllShown(within: .seconds(40))
        }
        #expect(try await answers.missing() == [])
        let letters = try await stack.query(
            """
            select coalesce(order_id, object_id) as id, class, sentence from crossdock.dead_letters
            where origin <> 'writer'
            """)
        for letter in letters where desk.orders.contains(try letter.string("id")) {
            Issue.record("\(try letter.string("class")): \(try letter.string("sentence"))")
        }
    }

    @Loop
    private static func expireSessions(_ stack: ServiceStack) async throws {
        try await stack.salesforce.control.post(
            "/faults", ["kind": "unauthorized", "expires": true, "path": "/query"])
    }

    // MARK: Privacy

    @Loop
    private static func checkPrivacy(_ stack: ServiceStack) async throws {
        for service in stack.services {
            let told = [
                "log": service.log, "metrics": try await service.get("/metrics").text,
                "health": try await service.get("/health/ready").text,
            ]
            for (place, text) in told {
                for word in [OrderMessage.mark, "Bearer", "eyJ"] where text.contains(word) {
                    Issue.record("\(place) of \(service.service) tells \(word)")
                }
            }
        }
    }
}
