import Contracts
import EventLoop
import Foundation
import JSONText
import Kafka
import Postgres
import TestSupport
import Testing

/// Everything runs as separate processes; messages of every bad kind come between good ones.
@Suite("Bad input", .serialized)
struct BadInputTests {
    @Test(
        "each bad message gets its own answer and keeps no good order; nothing personal is told",
        .timeLimit(.minutes(3)), arguments: KafkaBrokerKind.available)
    func poison(_ kind: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(150)) {
            let stack = try await RunningStack(kind)
            do {
                try await Self.play(stack)
            } catch {
                await stack.stop()
                throw error
            }
            await stack.stop()
        }
    }

    @Loop
    private static func play(_ stack: RunningStack) async throws {
        try await stack.control(
            "netsuite-sandbox", "POST", "/customers", ["companyName": .string(PoisonMessage.takenName)])
        try await stack.startService("netsuite-writer")
        try await stack.startService("order-publisher")
        let salesforceOrders = try await SalesforceOrders.make(stack)

        let table = try PoisonTable(stack)
        try await table.send()
        try await table.waitForEnds()
        try await table.check()
        try await table.checkVersions()
        try await salesforceOrders.waitForLetters(stack)
        try await checkFeedback(stack, salesforceOrders, table)
        try await checkSchemas(stack, table)
        try await checkPrivacy(stack)

        #expect(stack.processes.allSatisfy { $0.process.isRunning })
        #expect(await stack.stopService("netsuite-writer") == 0)
        try await table.checkOffsets()
        await table.close()
    }

    // MARK: Back to Salesforce

    /// Most orders of the table do not exist in Salesforce, and one was deleted there: each is a letter of its own.
    @Loop
    private static func checkFeedback(
        _ stack: RunningStack, _ orders: SalesforceOrders, _ table: PoisonTable
    ) async throws {
        try await stack.control("salesforce-sandbox", "POST", "/orders/\(orders.deleted)/deactivate")
        try await stack.control("salesforce-sandbox", "DELETE", "/orders/\(orders.deleted)")
        try await stack.startService("status-feedback")
        let unknown = Set(table.settledOrders).subtracting(orders.written + [orders.unmapped]).union([orders.deleted])
        var letters: [String: String] = [:]
        try await eventually("a letter for each order that Salesforce lacks", within: .seconds(30)) {
            let rows = try await stack.database.query(
                "select coalesce(order_id, object_id) as id, class from crossdock.dead_letters where origin = 'feedback'"
            )
            letters = [:]
            for row in rows { letters[try row.string("id")] = try row.string("class") }
            return unknown.isSubset(of: letters.keys)
        }
        #expect(Set(letters.keys).subtracting(unknown) == [])
        #expect(letters.values.allSatisfy { $0 == "salesforce-refused" })
        for id in orders.written where id != orders.deleted { try await waitForNumber(id, stack) }
        try await eventually("the order in euros shows why it is not written") {
            let shown = try await shown(orders.unmapped, stack)
            return shown?["NetSuite_Status__c"]?.string == "needs attention"
                && shown?["NetSuite_Message__c"]?.string?.contains("currency") == true
        }
        try await checkHiddenField(stack, letters: letters.count)
    }

    /// A field that is not granted is no order's fault: nothing is lost, no letter is made, and the service says why.
    @Loop
    private static func checkHiddenField(_ stack: RunningStack, letters: Int) async throws {
        let hidden: JSONValue = ["hidden": ["Order.NetSuite_Order_Number__c"]]
        try await stack.control("salesforce-sandbox", "PATCH", "/settings", hidden)
        let id = try await SalesforceOrders.another(stack)
        try await eventually("status-feedback says why it waits") {
            let health = try await stack.get("status-feedback", "/health/ready")
            return health.status == 503 && health.body.contains("crossdock check")
        }
        try await stack.control("salesforce-sandbox", "PATCH", "/settings", ["hidden": []])
        try await waitForNumber(id, stack)
        let rows = try await stack.database.query(
            "select count(*) as n from crossdock.dead_letters where origin = 'feedback'")
        #expect(try rows.first?.int64("n") == Int64(letters))
    }

    @Loop
    private static func shown(_ id: String, _ stack: RunningStack) async throws -> JSONValue? {
        try await stack.control("salesforce-sandbox", "GET", "/orders/\(id)")["netSuite"]
    }

    @Loop
    private static func waitForNumber(_ id: String, _ stack: RunningStack) async throws {
        try await eventually("order \(id) shows NetSuite's number") {
            let shown = try await shown(id, stack)
            return shown?["NetSuite_Order_Number__c"]?.string != nil && shown?["NetSuite_Message__c"]?.string == nil
        }
    }

    // MARK: Schemas

    /// Settlements of every kind, and snapshots as the publisher made them.
    @Loop
    private static func checkSchemas(_ stack: RunningStack, _ table: PoisonTable) async throws {
        let settlements = table.settlements.messages.compactMap(\.value)
        #expect(settlements.count > PoisonMessage.all.count)
        #expect(try complaints(settlements, topic: RunningStack.topics[1]) == "")
        let reader = try TopicReader(stack.broker, group: "bad-input-snapshots", topic: RunningStack.topics[0])
        try await eventually("all messages of the topic") { reader.messages.count >= table.sent.count + 4 }
        let own = Set(table.sent.map(\.place))
        let published = reader.messages.filter { !own.contains(MessagePlace($0)) }.compactMap(\.value)
        #expect(published.count >= 4)
        #expect(try complaints(published, topic: RunningStack.topics[0]) == "")
        await reader.close()
    }

    /// What Debian's python3-jsonschema finds wrong.
    private static func complaints(_ payloads: [[UInt8]], topic: String) throws -> String {
        let script = """
            import json, sys, jsonschema
            schema = json.load(open(sys.argv[1]))
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = jsonschema.Draft202012Validator(schema)
            for line in sys.stdin:
                for error in validator.iter_errors(json.loads(line)):
                    print(error.json_path, error.message)
            """
        let schema = ForeignProgram.packageFolder.appendingPathComponent(
            "Shared/Contracts/Schemas/\(topic).schema.json")
        let lines = payloads.map { String(decoding: $0, as: UTF8.self) + "\n" }.joined()
        let ending = try ForeignProgram.run("/usr/bin/python3", ["-c", script, schema.path], input: lines)
        return ending.output + (ending.status == 0 ? "" : "exit \(ending.status)")
    }

    // MARK: Privacy

    /// Names, addresses, purchase order numbers and secrets went through everything; they must be told nowhere.
    @Loop
    private static func checkPrivacy(_ stack: RunningStack) async throws {
        var told: [String: String] = [:]
        for (name, process) in stack.processes {
            told["log of \(name)"] = stack.log(of: name)
            told["arguments of \(name)"] = try String(contentsOfFile: "/proc/\(process.id)/cmdline", encoding: .utf8)
            guard !name.hasSuffix("-sandbox") else {
                let journal = try await stack.control(name, "GET", "/journal")
                #expect(journal["requests"]?.array?.isEmpty == false)
                told["journal of \(name)"] = journal.text()
                continue
            }
            told["metrics of \(name)"] = try await stack.get(name, "/metrics").body
            told["health of \(name)"] = try await stack.get(name, "/health/ready").body
        }
        told["log of PostgreSQL"] = try String(contentsOfFile: "\(stack.cluster.directory)/server.log", encoding: .utf8)
        let keys = try ["netsuite", "salesforce"].map {
            try String(contentsOfFile: "\(stack.folder)/\($0)-key.pem", encoding: .utf8).split(separator: "\n")[3]
        }
        let words = [OrderMessage.mark, RunningStack.password, "Bearer", "eyJ", "PRIVATE KEY"] + keys.map(String.init)
        #expect(stack.log(of: "netsuite-writer").contains("\"debug\""))
        for (place, text) in told {
            for word in words {
                guard let range = text.range(of: word, options: .caseInsensitive) else { continue }
                let from = text.index(range.lowerBound, offsetBy: -120, limitedBy: text.startIndex) ?? text.startIndex
                Issue.record("\(place) tells \(word): \(text[from..<range.upperBound])")
            }
        }
    }
}
