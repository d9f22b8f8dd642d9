import EventLoop
import Foundation
import JSONText
import Postgres
import TestSupport
import Testing

/// An order desk with orders that NetSuite cannot take yet, and the command line that decides about them.
@Loop
struct LetterDesk {
    let stack: ServiceStack
    private let account: String

    static func open(_ stack: ServiceStack) async throws -> LetterDesk {
        let address: JSONValue = ["street": "1 Dock Road", "city": "Leeds", "countryCode": "GB"]
        let account = try await stack.salesforce.control.make(
            "/accounts", ["name": "Dead Letters & Sons", "billing": address, "shipping": address])
        return LetterDesk(stack: stack, account: account)
    }

    // MARK: Orders

    /// A product that Salesforce sells and NetSuite does not know.
    func addProduct(_ sku: String) async throws {
        try await stack.salesforce.control.post(
            "/products", ["sku": .string(sku), "name": .string("Product \(sku)"), "prices": ["USD": "15.00"]])
    }

    /// What the ERP's administrator does about it.
    func addItem(_ sku: String) async throws {
        try await stack.netSuite.control.post("/items", ["sku": .string(sku), "listPrice": "15.00"])
    }

    func addOrder(_ sku: String, quantity: Int = 2) async throws -> String {
        try await stack.salesforce.control.make(
            "/orders",
            [
                "accountId": .string(account), "activate": true,
                "lines": [["sku": .string(sku), "quantity": .string("\(quantity)"), "unitPrice": "14.25"]],
            ])
    }

    /// Waits for the order's open letter; gives its number.
    func letter(of order: String) async throws -> String {
        var letters: [String] = []
        try await eventually("the letter of \(order)", within: .seconds(30)) {
            let rows = try await stack.query(
                "select letter_id::text as id from dead_letters where order_id = \(order) and state = 'open'")
            letters = try rows.map { row throws(PostgresError) in try row.string("id") }
            return letters.count == 1
        }
        return letters[0]
    }

    func state(_ letter: String) async throws -> String? {
        try await stack.query("select state from dead_letters where letter_id = \(Int64(letter))").first?.string(
            "state")
    }

    // MARK: Salesforce

    func untilShown(
        _ order: String, _ what: String, within limit: Duration = .seconds(30),
        _ condition: (_ status: String?, _ message: String?, _ number: String?) -> Bool
    ) async throws {
        var last = ""
        do {
            try await eventually("Salesforce shows \(what)", within: limit) {
                let shown = try await stack.salesforce.control.get("/orders/\(order)")["netSuite"]
                last = shown?.text() ?? "nothing"
                return condition(
                    shown?["NetSuite_Status__c"]?.string, shown?["NetSuite_Message__c"]?.string,
                    shown?["NetSuite_Order_Number__c"]?.string)
            }
        } catch {
            throw StackFailure(description: "\(error); it shows \(last)")
        }
    }

    func untilWritten(_ order: String) async throws {
        try await untilShown(order, "the number and nothing else") { status, message, number in
            number != nil && message == nil && status != "needs attention"
        }
    }

    func untilNeedingAttention(_ order: String) async throws {
        try await untilShown(order, "what is wrong") { status, message, _ in
            status == "needs attention" && message?.contains("Create it in NetSuite and replay") == true
        }
    }

    func untilSilent(_ order: String, within limit: Duration = .seconds(30)) async throws {
        try await untilShown(order, "nothing more", within: limit) { status, message, _ in
            status == nil && message == nil
        }
    }

    // MARK: Command line

    /// Runs `crossdock dead-letters …`.
    func run(_ words: String..., with changes: [String: String] = [:]) throws -> ForeignProgram.Ending {
        try ForeignProgram.run(
            BuiltProduct.path("crossdock"), ["dead-letters"] + words,
            environment: stack.environment.merging(changes) { _, given in given })
    }

    /// The same, which must go well.
    @discardableResult
    func decide(_ words: String..., with changes: [String: String] = [:]) throws -> String {
        let ending = try ForeignProgram.run(
            BuiltProduct.path("crossdock"), ["dead-letters"] + words,
            environment: stack.environment.merging(changes) { _, given in given })
        #expect(ending.status == 0, "\(words): \(ending.output)")
        return ending.output
    }
}
