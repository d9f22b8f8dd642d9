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
            // Few partitions, so that poison and good orders stand in each other's way.
            try await ServiceStack.with(
                kind, partitionCount: 3,
                salesforceOptions: ["--multi-currency", "--custom-field", "Order.Note__c:string:80"], Self.play)
        }
    }

    /// Stands for the secrets that a service is given; it must be seen nowhere.
    private static let password = "Secret-ZQXPASS-1"

    /// Defaults wherever a service has one, and the shipped mapping without euros and with a currency that NetSuite
    /// does not have.
    @Loop
    private static func setUp(_ stack: ServiceStack) throws {
        let mapping = try String(contentsOfFile: stack.environment["MAPPING_FILE"] ?? "", encoding: .utf8)
        let file = "\(stack.folder)/mapping.yaml"
        try mapping.replacingOccurrences(of: "    EUR: 4\n", with: "    CHF: 99\n")
            .write(toFile: file, atomically: false, encoding: .utf8)
        for name in ["START_FROM", "SALESFORCE_REQUEST_SECONDS", "NETSUITE_REQUEST_SECONDS"] {
            stack.environment[name] = nil
        }
        stack.environment.merge([
            "MAPPING_FILE": file, "ORDER_CUSTOM_FIELDS": "Note__c", "POSTGRES_PASSWORD": password,
            "SALESFORCE_AUDIENCE": "https://login.salesforce.com", "NETSUITE_SIGNATURE_ALGORITHM": "PS256",
            "LOG_FORMAT": "json",
        ]) { _, given in given }
    }

    @Loop
    private static func start(_ service: Service, _ stack: ServiceStack) async throws -> ServiceProcess {
        let process = try stack.start(service)
        try await process.untilReady(within: .seconds(30))
        return process
    }

    @Loop
    private static func play(_ stack: ServiceStack) async throws {
        try setUp(stack)
        try await stack.netSuite.control.post("/customers", ["companyName": .string(OrderMessage.takenName)])
        let writer = try await start(.netSuiteWriter, stack)
        _ = try await start(.orderPublisher, stack)
        let salesforceOrders = try await SalesforceOrders.make(stack)

        let table = try PoisonTable(stack)
        try await table.send()
        try await table.waitForEnds()
        try await table.sendLarge()
        try await table.check()
        try await table.checkVersions()
        try await salesforceOrders.waitForLetters(stack)
        try await checkFeedback(stack, salesforceOrders, table)
        try await checkSchemas(stack, table)
        try await checkPrivacy(stack, writer)

        let processes = stack.services.map(\.process) + [stack.salesforce.process, stack.netSuite.process]
        #expect(processes.allSatisfy { $0.isRunning })
        #expect(await writer.stop() == 0)
        try await table.checkOffsets()
        await table.close()
    }

    // MARK: Back to Salesforce

    /// Most orders of the table do not exist in Salesforce, and one was deleted there: each is a letter of its own.
    @Loop
    private static func checkFeedback(
        _ stack: ServiceStack, _ orders: SalesforceOrders, _ table: PoisonTable
    ) async throws {
        try await stack.salesforce.control.post("/orders/\(orders.deleted)/deactivate")
        try await stack.salesforce.control.delete("/orders/\(orders.deleted)")
        let feedback = try await start(.statusFeedback, stack)
        let unknown = Set(table.settledOrders).subtracting(orders.written + orders.unusable + [orders.unmapped])
            .union([orders.deleted])
        var letters: [String: String] = [:]
        try await eventually("a letter for each order that Salesforce lacks", within: .seconds(30)) {
            let rows = try await stack.query(
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
        for id in orders.unusable {
            try await eventually("an order of which no message can be made shows why", within: .seconds(30)) {
                let shown = try await shown(id, stack)
                return shown?["NetSuite_Status__c"]?.string == "needs attention"
                    && shown?["NetSuite_Message__c"]?.string?.contains("has no SKU") == true
            }
        }
        try await checkHiddenField(stack, feedback, letters: letters.count)
    }

    /// A field that is not granted is no order's fault: nothing is lost, no letter is made, and the service says why.
    @Loop
    private static func checkHiddenField(
        _ stack: ServiceStack, _ feedback: ServiceProcess, letters: Int
    ) async throws {
        let hidden: JSONValue = ["hidden": ["Order.NetSuite_Order_Number__c"]]
        try await stack.salesforce.control.patch("/settings", hidden)
        let id = try await SalesforceOrders.another(stack)
        try await feedback.untilNotReady(because: "crossdock check")
        try await stack.salesforce.control.patch("/settings", ["hidden": []])
        try await waitForNumber(id, stack)
        let rows = try await stack.query(
            "select count(*) as n from crossdock.dead_letters where origin = 'feedback'")
        #expect(try rows.first?.int64("n") == Int64(letters))
    }

    @Loop
    private static func shown(_ id: String, _ stack: ServiceStack) async throws -> JSONValue? {
        try await stack.salesforce.control.get("/orders/\(id)")["netSuite"]
    }

    @Loop
    private static func waitForNumber(_ id: String, _ stack: ServiceStack) async throws {
        try await eventually("order \(id) shows NetSuite's number") {
            let shown = try await shown(id, stack)
            return shown?["NetSuite_Order_Number__c"]?.string != nil && shown?["NetSuite_Message__c"]?.string == nil
        }
    }

    // MARK: Schemas

    /// Settlements of every kind, and snapshots as the publisher made them.
    @Loop
    private static func checkSchemas(_ stack: ServiceStack, _ table: PoisonTable) async throws {
        let settlements = table.settlements.messages.compactMap(\.value)
        #expect(settlements.count > table.sent.count / 2)
        #expect(try complaints(settlements, topic: Topic.orderSettled.name) == "")
        let reader = try TopicReader(stack.broker, group: "bad-input-snapshots", topic: Topic.orderSubmitted.name)
        try await eventually("all messages of the topic") { reader.messages.count >= table.sent.count + 4 }
        let own = Set(table.sent.map(\.place))
        let published = reader.messages.filter { !own.contains(MessagePlace($0)) }.compactMap(\.value)
        #expect(published.count >= 4)
        #expect(try complaints(published, topic: Topic.orderSubmitted.name) == "")
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
    private static func checkPrivacy(_ stack: ServiceStack, _ writer: ServiceProcess) async throws {
        var told: [String: String] = [:]
        for sandbox in [stack.salesforce, stack.netSuite] {
            told["log of \(sandbox.name)"] = sandbox.log
            told["arguments of \(sandbox.name)"] = try arguments(of: sandbox.process)
            let journal = try await sandbox.control.get("/journal")
            #expect(journal["requests"]?.array?.isEmpty == false)
            told["journal of \(sandbox.name)"] = journal.text()
        }
        #expect(stack.services.count == Service.ofOrders.count)
        for service in stack.services {
            let name = service.service
            told["log of \(name)"] = service.log
            told["arguments of \(name)"] = try arguments(of: service.process)
            told["metrics of \(name)"] = try await service.get("/metrics").text
            told["health of \(name)"] = try await service.get("/health/ready").text
        }
        for options in [[], ["--json"]] {
            told["crossdock dead-letters list \(options)"] = try deadLetters(stack, options)
        }
        told["log of PostgreSQL"] = try String(contentsOfFile: "\(stack.cluster.directory)/server.log", encoding: .utf8)
        let keys = try [stack.netSuite, stack.salesforce].map {
            try String(contentsOfFile: "\(stack.folder)/\($0.name)-key.pem", encoding: .utf8).split(separator: "\n")[3]
        }
        let words = [OrderMessage.mark, password, "Bearer", "eyJ", "PRIVATE KEY"] + keys.map(String.init)
        #expect(writer.log.contains("\"debug\""))
        for (place, text) in told {
            for word in words {
                guard let range = text.range(of: word, options: .caseInsensitive) else { continue }
                let from = text.index(range.lowerBound, offsetBy: -120, limitedBy: text.startIndex) ?? text.startIndex
                Issue.record("\(place) tells \(word): \(text[from..<range.upperBound])")
            }
        }
    }

    /// What the operator's list tells. NetSuite's own words stand in a letter's sentence and may quote the order.
    @Loop
    private static func deadLetters(_ stack: ServiceStack, _ options: [String]) throws -> String {
        let listing = try ForeignProgram.run(
            BuiltProduct.path("crossdock"), ["dead-letters", "list", "--state", "all", "--limit", "5000"] + options,
            environment: stack.environment)
        #expect(listing.status == 0 && listing.output.contains("missing-item"), "\(listing.output.prefix(500))")
        #expect(listing.output.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
        return listing.output.split(separator: "\n").filter { !$0.contains("NetSuite says:") }.joined(separator: "\n")
    }

    private static func arguments(of process: ChildProcess) throws -> String {
        try String(contentsOfFile: "/proc/\(process.id)/cmdline", encoding: .utf8)
    }
}
