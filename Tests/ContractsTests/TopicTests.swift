import Contracts
import Foundation
import JSONText
import TestSupport
import Testing

@Suite("Headers, key and payload of a message agree")
struct TopicTests {
    typealias Header = (name: String, value: [UInt8]?)

    static func headers(_ change: (inout CloudEventHeaders) -> Void = { _ in }) throws -> [Header] {
        var headers = Topic.orderSubmitted.headers(
            for: try Samples.snapshot(), id: .new(at: Date()), at: Date(),
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        change(&headers)
        return headers.encode().map { ($0.0, Array($0.1.utf8)) }
    }

    static func read(_ headers: [Header], key: String? = Samples.orderId) throws -> OrderSnapshot {
        try Topic.orderSubmitted.read(
            key: key.map { Array($0.utf8) }, headers: headers, value: Samples.snapshot().encode()
        ).message
    }

    @Test("a message that agrees is read")
    func agreement() throws {
        #expect(try Self.read(Self.headers()) == Samples.snapshot())
        let more = try Self.headers { $0.replayOf = "12" } + [("x-foreign", nil)]
        #expect(try Self.read(more) == Samples.snapshot())
    }

    @Test("a header that says something else is refused")
    func disagreement() throws {
        let cases: [(String, [Header])] = [
            ("header ce_type", try Self.headers { $0.type = "another.topic.v1" }),
            ("header ce_subject", try Self.headers { $0.subject = "801Qk00000aBcDfIAK" }),
            ("header ce_ordering", try Self.headers { $0.ordering = 5 }),
            ("header ce_ordering", try Self.headers { $0.ordering = 0 }),
            ("header ce_id", try Self.headers().map { $0.name == "ce_id" ? ($0.name, [0x31]) : $0 }),
            ("header ce_time", try Self.headers().filter { $0.name != "ce_time" }),
            ("header ce_specversion", try Self.headers().map { $0.name == "ce_specversion" ? ($0.name, [0x32]) : $0 }),
            ("header content-type", try Self.headers().map { $0.name == "content-type" ? ($0.name, [0x32]) : $0 }),
            ("header ce_source", try Self.headers() + [("ce_source", [0x32])]),
            ("header ce_subject", try Self.headers().map { $0.name == "ce_subject" ? ($0.name, [0xFF]) : $0 }),
        ]
        for (path, headers) in cases {
            let error = try caught(ContractError.self) { try Self.read(headers) }
            #expect(error.path == path)
        }
    }

    @Test("a key that is not the payload's id is refused", arguments: [nil, "", "801Qk00000aBcDe"])
    func wrongKey(_ key: String?) throws {
        let headers = try Self.headers()
        let error = try caught(ContractError.self) { try Self.read(headers, key: key) }
        #expect(error.path == "key")
    }

    @Test("progress and stock are keyed and ordered by what they say")
    func states() throws {
        let progress = try Samples.progress()
        let headers = Topic.orderProgressed.headers(
            for: progress, id: .new(at: Date()), at: Date(), traceparent: nil)
        #expect(headers.source == "/crossdock/status-feedback")
        #expect(headers.subject == Samples.orderId)
        #expect(headers.ordering == progress.asOf.millisecondsSinceEpoch)
        let stock = try Samples.stock()
        let counted = Topic.inventoryCounted.headers(for: stock, id: .new(at: Date()), at: Date(), traceparent: nil)
        #expect(counted.source == "/crossdock/inventory-poller")
        let encoded = counted.encode().map { ($0.0, Optional(Array($0.1.utf8))) }
        let read = try Topic.inventoryCounted.read(
            key: Array("SKU-RED".utf8), headers: encoded, value: stock.encode())
        #expect(read.message == stock)
        let error = try caught(ContractError.self) {
            try Topic.inventoryCounted.read(key: Array("SKU-BLUE".utf8), headers: encoded, value: stock.encode())
        }
        #expect(error.path == "key")
    }

    @Test("a message without payload is refused")
    func noPayload() throws {
        let headers = try Self.headers()
        #expect(throws: ContractError.self) {
            try Topic.orderSubmitted.read(key: Array(Samples.orderId.utf8), headers: headers, value: nil)
        }
    }
}

@Suite("Every message is valid against its topic's JSON Schema")
struct SchemaTests {
    static let schemas = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Shared/Contracts/Schemas")

    /// Validates with Debian's python3-jsonschema; returns what it found wrong, empty where all is well.
    static func complaints(topic: String, payload: [UInt8]) throws -> String {
        let script = """
            import json, sys, jsonschema
            schema = json.load(open(sys.argv[1]))
            jsonschema.Draft202012Validator.check_schema(schema)
            for error in jsonschema.Draft202012Validator(schema).iter_errors(json.load(sys.stdin)):
                print(error.json_path, error.message)
            """
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", script, schemas.appending(path: "\(topic).schema.json").path()]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(payload))
        try input.fileHandleForWriting.close()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return text + (process.terminationStatus == 0 ? "" : "exit \(process.terminationStatus)")
    }

    @Test("snapshots, full and least")
    func snapshots() throws {
        let full = try Samples.snapshot()
        let least = OrderSnapshot(
            orderId: full.orderId, orderNumber: "1", version: 1, source: full.source, status: "Activated",
            effectiveDate: full.effectiveDate, currency: "EUR", account: .init(id: full.account.id, name: "A"),
            lines: full.lines)
        for snapshot in [full, least] {
            let complaints = try Self.complaints(topic: Topic.orderSubmitted.name, payload: snapshot.encode())
            #expect(complaints == "")
        }
    }

    @Test("settlements, of every outcome, state and class")
    func settlements() throws {
        var settlement = try Samples.settlement()
        for outcome in Settlement.Outcome.allCases {
            settlement.outcome = outcome
            #expect(try Self.complaints(topic: Topic.orderSettled.name, payload: settlement.encode()) == "")
        }
        for (state, letterClass) in zip(OrderState.allCases, DeadLetterClass.allCases + [.refused]) {
            settlement.netSuite?.state = state
            settlement.letter?.deadLetterClass = letterClass
            #expect(try Self.complaints(topic: Topic.orderSettled.name, payload: settlement.encode()) == "")
        }
    }

    @Test("progress, full and least, in every state that NetSuite can be in")
    func progress() throws {
        var progress = try Samples.progress()
        let least = OrderProgress(
            orderId: progress.orderId, netSuite: .init(id: "1"), state: .deletedInNetSuite, asOf: progress.asOf)
        #expect(try Self.complaints(topic: Topic.orderProgressed.name, payload: least.encode()) == "")
        for state in OrderState.allCases {
            progress.state = state
            #expect(try Self.complaints(topic: Topic.orderProgressed.name, payload: progress.encode()) == "")
        }
    }

    @Test("stock counts, full and least")
    func stock() throws {
        let full = try Samples.stock()
        let least = StockCount(sku: "SERVICE", itemId: "7", active: false, asOf: full.asOf)
        for count in [full, least] {
            #expect(try Self.complaints(topic: Topic.inventoryCounted.name, payload: count.encode()) == "")
        }
    }

    @Test("the schemas of progress and stock refuse what the decoders refuse")
    func stateSchemasRefuse() throws {
        let progress =
            #"{"orderId":"801Qk00000aBcDe","lines":[{"id":"x","shipped":"-1"}],"shipments":[{"date":"May"}]}"#
        let first = try Self.complaints(topic: Topic.orderProgressed.name, payload: Array(progress.utf8))
        for path in [
            "$.orderId", "$.lines[0].id", "$.lines[0].shipped", "$.shipments[0].date", "'netSuite' is a required",
        ] {
            #expect(first.contains(path), "\(path)")
        }
        let stock = #"{"sku":"","listPrice":{"amount":55,"currency":"usd"},"locations":[{"id":"1"}]}"#
        let second = try Self.complaints(topic: Topic.inventoryCounted.name, payload: Array(stock.utf8))
        for path in ["$.sku", "$.listPrice.amount", "$.listPrice.currency", "$.locations[0]", "'active' is a required"]
        {
            #expect(second.contains(path), "\(path)")
        }
    }

    @Test("the schemas refuse what the decoder refuses")
    func schemasRefuse() throws {
        let bad = try Samples.snapshotBytes { object in
            object.setLine("quantity", "-1")
            object["orderId"] = "801Qk00000aBcDe"
        }
        let complaints = try Self.complaints(topic: Topic.orderSubmitted.name, payload: bad)
        #expect(complaints.contains("$.orderId") && complaints.contains("$.lines[0].quantity"))
    }
}
