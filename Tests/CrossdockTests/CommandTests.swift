import EventLoop
import Foundation
import JSONText
import Ledger
import Postgres
import Telemetry
import TestSupport
import Testing

/// The program as an operator runs it: a process with an environment, two outputs and an exit status.
@Suite("crossdock as a process")
struct CommandTests {
    static func run(_ words: String, _ environment: [String: String] = [:]) throws -> ForeignProgram.Ending {
        try ForeignProgram.run(
            BuiltProduct.path("crossdock"), words.split(separator: " ").map(String.init), environment: environment)
    }

    static func environment(_ database: PostgresConfiguration) -> [String: String] {
        [
            "POSTGRES_HOST": database.host, "POSTGRES_PORT": String(database.port),
            "POSTGRES_DATABASE": database.database, "POSTGRES_USER": database.user, "POSTGRES_TLS": "disable",
        ]
    }

    @Test(
        "help, version and wrong command lines end with their status",
        arguments: [
            ("", 0, "Usage: crossdock"), ("--help", 0, "dead-letters"), ("--version", 0, "crossdock 0."),
            ("orders --help", 0, "every attempt"), ("orders shw 1", 64, "did you mean show?"),
            ("orders list --state lost", 64, "must be one of"), ("orders show", 64, "ORDER is missing"),
            ("products show --help", 0, "stock by location"), ("products show", 64, "SKU is missing"),
            ("migrate --help", 0, "POSTGRES_PASSWORD[_FILE]"), ("check --help", 0, "NETSUITE_CERTIFICATE_ID"),
        ])
    func grammar(words: String, status: Int32, part: String) throws {
        let ending = try Self.run(words)
        #expect(ending.status == status)
        #expect(ending.output.contains(part), "\(ending.output)")
        #expect(!ending.output.contains("\u{1b}"))
    }

    @Test("a configuration that cannot work is named, status 78")
    func configuration() throws {
        let ending = try Self.run("orders list", ["POSTGRES_PORT": "many"])
        #expect(ending.status == 78)
        #expect(ending.output.contains("POSTGRES_PORT is no whole number"))
    }

    @Test("a database that does not answer is a failure with a mend")
    func noDatabase() throws {
        let ending = try Self.run("orders list", ["POSTGRES_HOST": "/nowhere", "POSTGRES_TLS": "disable"])
        #expect(ending.status == 1)
        #expect(ending.output.contains("run: crossdock check"), "\(ending.output)")
    }

    @Test("an empty database asks for migrate; sixteen at once do each step once; then all is well")
    func migrate() async throws {
        let database = try await onLoop { try await PostgresCluster.shared().newDatabase() }
        let environment = Self.environment(database)
        let before = try Self.run("orders list", environment)
        #expect(before.status == 1)
        #expect(before.output.contains("crossdock migrate"), "\(before.output)")
        let check = try Self.run("check --only database", environment)
        #expect(check.status == 1)
        #expect(check.output.contains("run: crossdock migrate"), "\(check.output)")
        let endings = try await withThrowingTaskGroup(of: ForeignProgram.Ending.self) { group in
            for _ in 0..<16 { group.addTask { try Self.run("migrate", environment) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(endings.allSatisfy { $0.status == 0 }, "\(endings)")
        // Each migration by exactly one of them, whichever it is.
        let applied = endings.flatMap { $0.output.split(separator: "\n") }.filter { $0.hasPrefix("applied") }
        #expect(!applied.isEmpty && Set(applied).count == applied.count, "\(endings)")
        let after = try Self.run("orders list", environment)
        #expect(after.status == 0 && after.output == "No orders.\n")
        #expect(try Self.run("dead-letters list", environment).output == "No dead letters.\n")
        #expect(try Self.run("check --only database", environment).status == 0)
    }

    @Test("an order that died is listed, shown with its attempts in time order, and its letter too")
    func orders() async throws {
        let database = try await onLoop {
            let database = try await PostgresCluster.shared().newLedgerDatabase()
            try await Self.writeDeadOrder(database)
            return database
        }
        let environment = Self.environment(database)
        let list = try Self.run("orders list --state needs-attention", environment)
        #expect(list.status == 0)
        #expect(list.output.contains("00001234  801000000000001AAA"), "\(list.output)")
        #expect(list.output.contains("needs attention"))
        #expect(!list.output.contains("\u{1b}"))

        for wanted in ["00001234", "801000000000001AAA", "801000000000001"] {
            let shown = try Self.run("orders show \(wanted)", environment)
            #expect(shown.status == 0)
            #expect(shown.output.contains("NetSuite has no item SKU-MISSING."), "\(shown.output)")
        }
        let json = try Self.run("orders show 00001234 --json", environment)
        let history = try JSONValue.parse(json.output)
        #expect(history["order"]?["state"] == "needs attention")
        let events = try #require(history["events"]?.array)
        let times = events.compactMap { $0["at"]?.string }
        #expect(times == times.sorted() && times.count == events.count)
        let kinds = events.compactMap { $0["kind"]?.string }
        for kind in ["attempt-started", "attempt-ended", "letter-opened"] { #expect(kinds.contains(kind), "\(kinds)") }

        let letters = try JSONValue.parse(try Self.run("--json dead-letters list", environment).output)
        #expect(letters["deadLetters"]?[0]?["class"] == "missing-item")
        #expect(letters["deadLetters"]?[0]?["orderNumber"] == "00001234")

        let unknown = try Self.run("orders show 4711", environment)
        #expect(unknown.status == 1)
        #expect(unknown.output.contains("no order answers to \"4711\""))
    }

    @Loop
    private static func writeDeadOrder(_ database: PostgresConfiguration) async throws {
        let logger = Logger(label: "test", level: .error)
        let pool = PostgresPool(configuration: database, logger: logger)
        let ledger = Ledger(pool: pool, logger: logger)
        let request = ClaimRequest(
            orderId: "801000000000001AAA", orderNumber: "00001234", accountId: "001000000000001AAA", version: 1_000,
            bodyDigest: [1], eventId: UUID().uuidString, traceParent: "00-trace", replayOf: nil)
        guard case .claimed(let claim) = try await ledger.claim([request], holder: "w", lease: .seconds(60)).first
        else {
            Issue.record("the order was not claimed")
            return
        }
        let letter = DeadLetterContent(
            letterClass: "missing-item", code: nil, field: "lines[0].sku",
            sentence: "NetSuite has no item SKU-MISSING.",
            message: SourceMessage(
                clusterId: "c", topic: "t", partition: 1, offset: 2, key: [1], value: [123], headers: []))
        _ = try await ledger.record([
            AttemptRecord(
                claim: claim, outcome: .dead(letter), settlementEventId: UUID().uuidString, customer: nil, answer: nil)
        ])
        await pool.close()
    }

    @Test("a mapping file is checked and rendered by hand")
    func mapping() throws {
        let root = ForeignProgram.packageFolder
        let shipped = root.appendingPathComponent("deploy/mapping.yaml").path
        let good = try Self.run("mapping check \(shipped)", ["ORDER_CUSTOM_FIELDS": "Payment_Terms__c"])
        #expect(good.status == 0)
        #expect(good.output.contains("Order.Shipping_Method__c: name it in ORDER_CUSTOM_FIELDS"))
        #expect(!good.output.contains("Order.Payment_Terms__c: name it"))

        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let wrong = folder.appendingPathComponent("wrong.yaml")
        try Data("version: 1\norder:\n  termz: { constant: 2 }\n".utf8).write(to: wrong)
        let bad = try Self.run("mapping check \(wrong.path)")
        #expect(bad.status == 1)
        #expect(bad.output.contains("wrong.yaml:3:3: NetSuite's order has no field \"termz\""))
        #expect(bad.output.contains("did you mean \"terms\"?"))

        let snapshot = folder.appendingPathComponent("snapshot.json")
        try Data(Self.snapshotText.utf8).write(to: snapshot)
        let rendered = try Self.run("mapping render \(shipped) \(snapshot.path) --item SKU-RED=318 --json")
        #expect(rendered.status == 0, "\(rendered.output)")
        let requests = try JSONValue.parse(rendered.output)
        #expect(requests["customer"]?["companyName"] == "Ōtsuka 大塚")
        #expect(requests["salesOrder"]?["item"]?["items"]?[0]?["item"]?["id"] == "318")

        try Data(Self.snapshotText.replacingOccurrences(of: "USD", with: "CHF").utf8).write(to: snapshot)
        let refused = try Self.run("mapping render \(shipped) \(snapshot.path)")
        #expect(refused.status == 1)
        #expect(refused.output.contains("no entry for \"CHF\""), "\(refused.output)")
        try Data("{".utf8).write(to: snapshot)
        #expect(try Self.run("mapping render \(shipped) \(snapshot.path)").status == 1)
    }

    private static let snapshotText = """
        {"orderId":"801000000000001AAA","orderNumber":"00001234","version":1741946813000,
         "source":{"object":"Order","organizationId":"00D000000000001EAA"},"status":"Activated",
         "effectiveDate":"2025-03-14","currency":"USD","account":{"id":"001000000000001AAA","name":"Ōtsuka 大塚"},
         "lines":[{"id":"802000000000001AAA","number":"1","sku":"SKU-RED","productId":"01t000000000001AAA",
           "quantity":"2","unitPrice":"49.50"}]}
        """
}
