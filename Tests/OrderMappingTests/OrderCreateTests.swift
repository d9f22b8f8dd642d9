import Contracts
import JSONText
import TestSupport
import Testing

@testable import OrderMapping

@Suite("A create's body is written without a tree")
struct OrderCreateTests {
    static let changes: [(String, @Sendable (inout OrderSnapshot) throws -> Void)] = [
        ("as it is", { _ in }),
        ("no addresses", { $0.shipTo = .absent }),
        ("both addresses", { $0.billTo = $0.account.billTo }),
        ("empty address", { $0.shipTo = .value(PostalAddress(street: " ", city: "")) }),
        ("nulls", { ($0.poNumber, $0.shipTo) = (.null, .null) }),
        ("nothing further", { $0.custom = [:] }),
        ("escapes", { $0.poNumber = .value("a\"b\\c\n\u{1}é😀") }),
        ("long texts", { $0.poNumber = .value(String(repeating: "é", count: 60)) }),
        ("yen", { $0.lines[0].unitPrice = try ExactDecimal("0.05") }),
        ("empty description", { $0.lines[1].description = .null }),
        ("many lines", { $0.lines = Array(repeating: $0.lines[0], count: 500) }),
    ]

    static func everyKind() throws -> OrderMapping {
        try RenderingTests.mapping(
            """
            custbody_text: { from: custom.Any__c }
              custbody_date: { from: poDate }
              custbody_list: { from: custom.Id__c, as: reference }
              custbody_flag: { from: custom.Flag__c, as: boolean }
              custbody_number: { from: custom.Number__c, as: number }
              custbody_none: { from: [custom.Missing__c, name] }
            """,
            lines: "custcol_price: { from: line.listPrice }\n  custcol_colour: { from: line.custom.Colour__c }")
    }

    @Test("it is byte for byte what the tree makes", arguments: changes.indices)
    func sameAsTheTree(index: Int) throws {
        var snapshot = try RenderingTests.snapshot()
        snapshot.poDate = .value(try CalendarDate("2025-03-01"))
        snapshot.custom["Any__c"] = 12
        snapshot.custom["Id__c"] = "7"
        snapshot.custom["Flag__c"] = true
        snapshot.custom["Number__c"] = "1.50"
        snapshot.lines[0].custom = ["Colour__c": .null]
        try Self.changes[index].1(&snapshot)
        for mapping in [try RenderingTests.shipped(), try Self.everyKind()] {
            for customer in ["1207", "", "a\"b"] {
                let tree = try mapping.orderBody(snapshot, customerId: customer, items: RenderingTests.items)
                let bytes = try mapping.orderCreate(snapshot, items: RenderingTests.items).bytes(customerId: customer)
                let wanted = JSONValue.object(tree).text()
                #expect(String(decoding: bytes, as: UTF8.self) == wanted, "\(Self.changes[index].0)")
            }
        }
    }

    @Test("it is refused for what the tree is refused for", arguments: RenderingTests.wrongOrders.indices)
    func sameProblems(index: Int) throws {
        var snapshot = try RenderingTests.snapshot()
        try RenderingTests.wrongOrders[index].2(&snapshot)
        let mapping = try RenderingTests.shipped()
        func problem(_ body: () throws -> Void) -> String {
            do {
                try body()
                return "none"
            } catch {
                return "\(error)"
            }
        }
        let ofTree = problem { _ = try mapping.orderBody(snapshot, customerId: "1", items: RenderingTests.items) }
        let ofBytes = problem { _ = try mapping.orderCreate(snapshot, items: RenderingTests.items) }
        #expect(ofBytes == ofTree)
    }

    @Test(
        "a street is parted at every line break, of ASCII or not",
        arguments: [
            "a", "a\nb", "a\r\nb", "a\rb", "a\u{B}b\u{C}c", " a \n\n b ", "\n", "a\nb\nc\r\nd\r\n e", "a\tb",
            "\r\n\ra\n",
        ])
    func streets(street: String) throws {
        func address(_ street: String) throws -> String {
            var snapshot = try RenderingTests.snapshot()
            snapshot.shipTo = .value(PostalAddress(street: street, city: "X", countryCode: "US"))
            let bytes = try RenderingTests.shipped().orderCreate(snapshot, items: RenderingTests.items)
                .bytes(customerId: "1")
            return try JSONValue.parse(bytes)["shippingAddress"]?.text() ?? ""
        }
        // A letter that is not ASCII takes the way by characters.
        let ofCharacters = try address(street.replacing("a", with: "é"))
        #expect(try address(street) == ofCharacters.replacing("é", with: "a"))
    }
}
