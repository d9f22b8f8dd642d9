import Contracts
import JSONText
import TestSupport
import Testing

@Suite("A snapshot is read strictly and written exactly")
struct OrderSnapshotTests {
    struct BadField: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let path: String
        let reason: String
        let change: @Sendable (inout JSONObject) -> Void

        init(
            _ name: String, _ path: String, _ reason: String, _ change: @escaping @Sendable (inout JSONObject) -> Void
        ) {
            testDescription = name
            self.path = path
            self.reason = reason
            self.change = change
        }
    }

    static let badFields: [BadField] = [
        BadField("no order id", "orderId", "missing") { $0["orderId"] = .none },
        BadField("order id null", "orderId", "a string is expected and null found") { $0["orderId"] = .null },
        BadField("an id of 15", "orderId", "18 characters") { $0["orderId"] = "801Qk00000aBcDe" },
        BadField("a wrong suffix", "orderId", "do not fit") { $0["orderId"] = "801Qk00000aBcDeIAA" },
        BadField("an account's id", "orderId", "no order's id") { $0["orderId"] = "001Qk000003EfGhIAK" },
        BadField("an id with a hyphen", "orderId", "letters and digits") { $0["orderId"] = "801Qk00000aBcDe-AK" },
        BadField("version as text", "version", "a number is expected") { $0["version"] = "12" },
        BadField("version with decimals", "version", "whole number") {
            $0["version"] = JSONNumber(text: "1.5").map { .number($0) }
        },
        BadField("version zero", "version", "whole number above zero") { $0["version"] = 0 },
        BadField("version of 40 digits", "version", "whole number") {
            $0["version"] = JSONNumber(text: String(repeating: "9", count: 40)).map { .number($0) }
        },
        BadField("a currency in small letters", "currency", "three capital") { $0["currency"] = "usd" },
        BadField("no lines member", "lines", "missing") { $0["lines"] = .none },
        BadField("no lines", "lines", "has no lines") { $0["lines"] = [] },
        BadField("lines as object", "lines", "an array is expected") { $0["lines"] = [:] },
        BadField("a line twice", "lines[1]", "same id") { object in
            guard let line = object["lines"]?[0] else { return }
            object["lines"] = [line, line]
        },
        BadField("a negative quantity", "lines[0].quantity", "above zero") { $0.setLine("quantity", "-1") },
        BadField("quantity zero", "lines[0].quantity", "above zero") { $0.setLine("quantity", "0.00") },
        BadField("quantity as number", "lines[0].quantity", "a string is expected") { $0.setLine("quantity", 2) },
        BadField("no SKU", "lines[0].sku", "missing") { $0.setLine("sku", .none) },
        BadField("a blank SKU", "lines[0].sku", "empty") { $0.setLine("sku", "  ") },
        BadField("a price of 40 digits", "lines[0].unitPrice", "more than 18 digits") {
            $0.setLine("unitPrice", "1234567890123456789012345678901234567890")
        },
        BadField("a price of 1e130000", "lines[0].unitPrice", "more than 18 digits") {
            $0.setLine("unitPrice", "1e130000")
        },
        BadField("a price in words", "lines[0].unitPrice", "no decimal number") { $0.setLine("unitPrice", "ten") },
        BadField("30 February", "effectiveDate", "no such day") { $0["effectiveDate"] = "2026-02-30" },
        BadField("year 1", "effectiveDate", "no such day") { $0["effectiveDate"] = "0001-01-01" },
        BadField("year 9999", "endDate", "no such day") { $0["endDate"] = "9999-12-31" },
        BadField("a date with time", "poDate", "YYYY-MM-DD") { $0["poDate"] = "2026-01-01T00:00:00Z" },
        BadField("a date's wrong form", "lines[0].endDate", "YYYY-MM-DD") { $0.setLine("endDate", "1/2/2026") },
        BadField("NUL in a text", "name", "NUL") { $0["name"] = "a\0b" },
        BadField("NUL in a further field", "custom", "NUL") { $0["custom"] = ["A__c": ["x": "\0"]] },
        BadField("further fields as list", "custom", "an object is expected") { $0["custom"] = [] },
        BadField("no account name", "account.name", "missing") { $0["account"] = ["id": "001Qk000003EfGhIAK"] },
        BadField("an address as text", "shipTo", "an object is expected") { $0["shipTo"] = "1 Main St" },
        BadField("a street as number", "shipTo.street", "a string is expected") { $0["shipTo"] = ["street": 1] },
        BadField("no organisation", "source.organizationId", "missing") { $0["source"] = ["object": "Order"] },
    ]

    @Test("a bad field is refused with path, reason and mend", arguments: badFields)
    func badFieldIsRefused(_ bad: BadField) throws {
        let bytes = try Samples.snapshotBytes(bad.change)
        let error = try caught(ContractError.self) { try OrderSnapshot.decode(bytes) }
        #expect(error.path == bad.path)
        #expect(error.reason.contains(bad.reason), "\(error)")
        #expect(!error.mend.isEmpty)
    }

    @Test("an error never quotes the data")
    func errorsQuoteNothing() throws {
        let bytes = try Samples.snapshotBytes { $0["effectiveDate"] = "Jane Doe" }
        let error = try caught(ContractError.self) { try OrderSnapshot.decode(bytes) }
        #expect(!"\(error)".contains("Jane"))
    }

    @Test("bytes that are no JSON are refused")
    func noJSON() throws {
        let error = try caught(ContractError.self) { try OrderSnapshot.decode([0xFF, 0xFE]) }
        #expect(error.reason.contains("not UTF-8"))
    }

    @Test("what is written reads back, with absent, null and value kept apart")
    func roundTrip() throws {
        let snapshot = try Samples.snapshot()
        let read = try OrderSnapshot.decode(snapshot.encode())
        #expect(read == snapshot)
        #expect(read.description == .null)
        #expect(read.endDate == .absent)
        #expect(read.account.billTo.value?.street == "1 Main St\nFloor 2")
        #expect(read.encode() == snapshot.encode())
        #expect(read.lines[0].unitPrice.text == "49.50")
    }

    @Test("unknown fields are ignored at every level")
    func unknownFieldsAreIgnored() throws {
        let bytes = try Samples.snapshotBytes { object in
            object["later"] = ["deep": [1, 2, nil]]
            object.setLine("later", true)
        }
        #expect(try OrderSnapshot.decode(bytes) == Samples.snapshot())
    }
}
