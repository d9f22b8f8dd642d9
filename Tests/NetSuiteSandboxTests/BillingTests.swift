import EventLoop
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import NetSuiteSandbox

@Suite("Invoices, payments and credit memos")
struct BillingTests {
    /// A shipped and billed order of 109.00, and its invoice.
    @Loop
    private func billed(
        _ change: (inout JSONObject) -> Void = { _ in }
    ) async throws -> (DocumentDesk, invoice: String) {
        let fixture = try await DocumentDesk(change)
        _ = try await fixture.made("fulfil", ["packages": [["trackingNumber": "1Z1"]]])
        return (fixture, try await fixture.transformed("salesOrder/\(fixture.order)", "invoice"))
    }

    /// `status total paid remaining` of an invoice.
    @Loop
    private func amounts(_ fixture: DocumentDesk, _ invoice: String) async -> String {
        let read = await fixture.read("invoice/\(invoice)")
        let numbers = ["total", "amountPaid", "amountRemaining"].map { read[$0]?.number?.text ?? "none" }
        return ([read["status"]?["id"]?.string ?? "none"] + numbers).joined(separator: " ")
    }

    @Test("an empty transform bills what was shipped, due by the order's terms")
    func invoice() async throws {
        try await onLoop {
            let (fixture, id) = try await billed { $0["terms"] = ["id": "2"] }
            let read = await fixture.read("invoice/\(id)")
            #expect(read["tranId"] == "INV1001" && read["createdFrom"]?["refName"] == "Sales Order #SO1001")
            #expect(read["tranDate"] == "2025-03-14" && read["dueDate"] == "2025-04-13")
            #expect(read.column("item", "amount") == ["99.0", "10.0"] && read["trackingNumbers"] == "1Z1")
            #expect(await amounts(fixture, id) == "A 109.0 0.0 109.0")
            #expect(await fixture.state == "G")
        }
    }

    @Test("a transform bills parts by orderLine and quantity; 0 leaves a line out, more than was shipped is refused")
    func parts() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk()
            _ = try await fixture.made("fulfil", ["lines": [["line": 1, "quantity": 1], ["line": 2]]])
            let source = "salesOrder/eid:SF-1"
            let over: JSONValue = [
                "item": ["items": [["orderLine": 2, "quantity": 1], ["orderLine": 1, "quantity": 2]]]
            ]
            let refused = await fixture.transform(source, "invoice", over)
            #expect(refused.status == 400 && refused.path == "item.items[1].quantity")
            let part: JSONValue = ["externalId": "INV-1", "item": ["items": [["orderLine": 1, "quantity": 0]]]]
            let first = try await fixture.transformed(source, "invoice", part)
            #expect(await fixture.read("invoice/eid:INV-1").column("item", "orderLine") == ["2"])
            let second = try await fixture.transformed(source, "invoice")
            #expect(await fixture.read("invoice/\(second)").column("item", "quantity") == ["1.0"])
            #expect(await fixture.quantities == ["1/1/1/1", "1/1/1/1"])
            #expect(await fixture.state == "E")
            #expect(await fixture.transform(source, "invoice").detail.contains("You can not initialize invoice"))
            #expect(await amounts(fixture, first) == "A 10.0 0.0 10.0")
            #expect(await amounts(fixture, second) == "A 49.5 0.0 49.5")
        }
    }

    /// Invoices of parts, with the totals that rounding leaves.
    struct Rounding: Sendable, CustomTestStringConvertible {
        let line: String
        let parts: [Int]
        let totals: [String]
        var testDescription: String { "\(line) in parts of \(parts)" }
    }

    static let roundings: [Rounding] = [
        Rounding(line: "RED×3@33.335", parts: [3], totals: ["100.01"]),
        Rounding(line: "RED×3@33.335", parts: [1, 1, 1], totals: ["33.34", "33.34", "33.34"]),
        Rounding(line: "RED×3@33.335", parts: [2, 1], totals: ["66.67", "33.34"]),
        Rounding(line: "RED×4@0.125", parts: [1, 3], totals: ["0.13", "0.38"]),
        Rounding(line: "RED×7@0.005", parts: [1, 6], totals: ["0.01", "0.03"]),
    ]

    @Test("parts of a line are rounded each by itself, so that they need not add up", arguments: roundings)
    func rounding(_ rounding: Rounding) async throws {
        try await onLoop {
            let fixture = try await DocumentDesk(lines: [rounding.line])
            _ = try await fixture.made("fulfil")
            for (part, total) in zip(rounding.parts, rounding.totals) {
                let made = await fixture.step("bill", ["lines": [["line": 1, "quantity": number("\(part)")]]])
                #expect(made.json["total"]?.string == total)
            }
            #expect(await fixture.state == "G")
        }
    }

    @Test("shipping and handling are billed with the first invoice only")
    func charges() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk { body in
                body["shippingCost"] = number("12.5")
                body["handlingCost"] = 2
            }
            _ = try await fixture.made("fulfil")
            let first = await fixture.step("bill", ["lines": [["line": 2]]])
            #expect(first.json["total"] == "24.5" && first.json["subtotal"] == "10")
            #expect(await fixture.step("bill").json["total"] == "99")
            #expect(await fixture.shown["amountInvoiced"] == "123.5")
            #expect(await fixture.shown["total"] == "123.5")
        }
    }

    /// Payments of an invoice of 109.00, one after the other, and what the invoice shows then.
    struct Paying: Sendable, CustomTestStringConvertible {
        let amounts: [String]
        let shown: String
        let unapplied: String
        var testDescription: String { "\(amounts) → \(shown)" }
    }

    static let payings: [Paying] = [
        Paying(amounts: [], shown: "A 109.0 0.0 109.0", unapplied: "none"),
        Paying(amounts: ["109"], shown: "B 109.0 109.0 0.0", unapplied: "0"),
        Paying(amounts: ["50"], shown: "A 109.0 50.0 59.0", unapplied: "0"),
        Paying(amounts: ["50", "59"], shown: "B 109.0 109.0 0.0", unapplied: "0"),
        Paying(amounts: ["150"], shown: "B 109.0 109.0 0.0", unapplied: "41"),
        Paying(amounts: ["108.99", "1"], shown: "B 109.0 109.0 0.0", unapplied: "0.99"),
        Paying(amounts: ["0.01"], shown: "A 109.0 0.01 108.99", unapplied: "0"),
    ]

    @Test("payments under, at and over what is due", arguments: payings)
    func paying(_ paying: Paying) async throws {
        try await onLoop {
            let (fixture, invoice) = try await billed()
            var unapplied = "none"
            for amount in paying.amounts {
                let answer = await fixture.control("invoices/\(invoice)/pay", ["amount": .string(amount)])
                #expect(answer.json["status"] == "C" && answer.json["amount"]?.string == amount)
                unapplied = answer.json["unapplied"]?.string ?? answer.text
            }
            #expect(await amounts(fixture, invoice) == paying.shown)
            #expect(unapplied == paying.unapplied)
        }
    }

    @Test("a payment by the record service applies what it says, and may be applied elsewhere later")
    func payment() async throws {
        try await onLoop {
            let (fixture, invoice) = try await billed()
            let other = try await fixture.harness.created("invoice", Self.standalone)
            let id = try await fixture.harness.created(
                "customerPayment",
                [
                    "externalId": "PAY-1", "customer": ["externalId": "SFACC-1"], "payment": 150,
                    "account": ["id": "1"],
                    "apply": ["items": [["doc": ["id": .string(invoice)], "apply": true, "amount": 109, "line": 0]]],
                ])
            let read = await fixture.read("customerPayment/eid:PAY-1")
            #expect(read["id"]?.string == id && read["tranId"] == "PYMT1001" && read["status"]?["id"] == "C")
            #expect(read["applied"]?.number?.text == "109.0" && read["unapplied"]?.number?.text == "41.0")
            #expect(
                read.column("apply", "doc") == [invoice, other] && read.column("apply", "apply") == ["true", "false"])
            #expect(await amounts(fixture, invoice).hasPrefix("B"))
            let before = await fixture.read("invoice/\(invoice)")["lastModifiedDate"]
            await fixture.harness.time.advance(by: .seconds(120))
            let moved = await fixture.record(
                "PATCH", "customerPayment/\(id)",
                [
                    "apply": [
                        "items": [
                            ["doc": ["id": .string(invoice)], "apply": false], ["doc": ["id": .string(other)]],
                        ]
                    ]
                ])
            #expect(moved.status == 204)
            #expect(await amounts(fixture, invoice) == "A 109.0 0.0 109.0")
            #expect(await amounts(fixture, other) == "B 40.0 40.0 0.0")
            let after = await fixture.read("customerPayment/\(id)")
            #expect(after["unapplied"]?.number?.text == "110.0")
            #expect(after["lastModifiedDate"] != read["lastModifiedDate"])
            #expect(await fixture.read("invoice/\(invoice)")["lastModifiedDate"] == before)
        }
    }

    @Test("autoApply spends what is left on the customer's open invoices, the oldest first")
    func autoApply() async throws {
        try await onLoop {
            let (fixture, invoice) = try await billed()
            let other = try await fixture.harness.created("invoice", Self.standalone)
            let third = try await fixture.harness.created("invoice", Self.standalone)
            let body: JSONValue = [
                "customer": ["externalId": "SFACC-1"], "payment": 130, "autoApply": true,
                "apply": ["items": [["doc": ["id": .string(third)], "amount": 1]]],
            ]
            let id = try await fixture.harness.created("customerPayment", body)
            #expect(await fixture.read("customerPayment/\(id)")["unapplied"]?.number?.text == "0.0")
            #expect(await amounts(fixture, invoice) == "B 109.0 109.0 0.0")
            #expect(await amounts(fixture, other) == "A 40.0 20.0 20.0")
            #expect(await amounts(fixture, third) == "A 40.0 1.0 39.0")
            #expect(await fixture.record("DELETE", "customer/eid:SFACC-1").status == 400)
        }
    }

    private static let standalone: JSONValue = [
        "entity": ["externalId": "SFACC-1"],
        "item": ["items": [["item": ["id": "327"], "quantity": 2, "rate": 20]]],
    ]

    @Test("a payment that cannot be is refused with its place")
    func refusedPayments() async throws {
        try await onLoop {
            let (fixture, invoice) = try await billed()
            let stranger = try await fixture.harness.createCustomer("SFACC-2", name: "Other")
            func pay(_ payment: JSONValue, _ entry: JSONValue, customer: JSONValue? = nil) async -> HTTPResponse {
                await fixture.record(
                    "POST", "customerPayment",
                    [
                        "customer": customer ?? ["externalId": "SFACC-1"], "payment": payment,
                        "apply": ["items": [entry]],
                    ])
            }
            let doc: JSONValue = ["id": .string(invoice)]
            #expect(await pay(200, ["doc": doc, "amount": 110]).path == "apply.items[0].amount")
            #expect(await pay(50, ["doc": doc, "amount": 60]).path == "apply.items[0].amount")
            #expect(await pay(50, ["doc": ["id": .string(fixture.order)], "amount": 5]).path == "apply.items[0].doc")
            #expect(
                await pay(50, ["doc": doc], customer: ["id": .string(stranger)]).path == "apply.items[0].doc")
            #expect(await fixture.record("POST", "customerPayment", [:]).detail.hasSuffix("for: Customer."))
            #expect(await fixture.transform("invoice/\(invoice)", "customerPayment", [:]).status == 204)
            #expect(await fixture.transform("invoice/\(invoice)", "customerPayment", [:]).status == 400)
            #expect(await pay(50, ["doc": doc]).path == "apply.items[0].doc")
        }
    }

    @Test("an empty transform of an invoice pays it or credits it in full, its shipping too")
    func transforms() async throws {
        try await onLoop {
            let (fixture, invoice) = try await billed { $0["shippingCost"] = 5 }
            let payment = try await fixture.transformed("invoice/\(invoice)", "customerPayment", ["payment": 14])
            #expect(await fixture.read("customerPayment/\(payment)")["status"]?["id"] == "B")
            #expect(await amounts(fixture, invoice) == "A 114.0 14.0 100.0")
            let memo = try await fixture.transformed("invoice/\(invoice)", "creditMemo")
            let read = await fixture.read("creditMemo/\(memo)")
            #expect(read["tranId"] == "CM1001" && read["createdFrom"]?["refName"] == "Invoice #INV1001")
            #expect(read["total"]?.number?.text == "114.0" && read["applied"]?.number?.text == "100.0")
            #expect(read["status"]?["id"] == "A" && read["amountRemaining"]?.number?.text == "14.0")
            #expect(read.column("item", "orderLine") == ["1", "2"])
            #expect(await amounts(fixture, invoice) == "B 114.0 114.0 0.0")
        }
    }

    @Test("a credit is applied to its invoice, to none, or to another one")
    func credits() async throws {
        try await onLoop {
            let (fixture, invoice) = try await billed()
            let other = try await fixture.harness.created("invoice", Self.standalone)
            let own = await fixture.control("invoices/\(invoice)/credit", ["amount": "9.00"])
            #expect(own.json["status"] == "B" && own.json["total"] == "9")
            #expect(await amounts(fixture, invoice) == "A 109.0 9.0 100.0")
            let none = await fixture.control(
                "invoices/\(invoice)/credit", ["lines": [["line": 1, "quantity": 1]], "apply": false])
            #expect(none.json["status"] == "A" && none.json["unapplied"] == "49.5")
            let elsewhere = await fixture.control(
                "invoices/INV1001/credit", ["amount": "60", "apply": .string(other)])
            #expect(elsewhere.json["apply"]?[0]?["invoiceId"]?.string == other)
            #expect(elsewhere.json["unapplied"] == "20" && elsewhere.json["invoiceNumber"] == "INV1001")
            #expect(await amounts(fixture, other) == "B 40.0 40.0 0.0")
            #expect(await amounts(fixture, invoice) == "A 109.0 9.0 100.0")
            #expect(await fixture.shown["credits"]?.array?.count == 3)
            let id = elsewhere.json["id"]?.string ?? ""
            #expect(await fixture.control("credits/\(id)/unapply").json["unapplied"] == "60")
            #expect(await fixture.control("credits/\(id)/apply", ["invoice": "INV1001", "amount": "50"]).status == 200)
            #expect(await amounts(fixture, invoice) == "A 109.0 59.0 50.0")
            #expect(await fixture.control("credits/\(id)/void").json["status"] == "V")
            #expect(await amounts(fixture, invoice) == "A 109.0 9.0 100.0")
        }
    }

    @Test("what pays keeps an invoice from being deleted or voided; once it is deleted the invoice is open again")
    func deletions() async throws {
        try await onLoop {
            let (fixture, invoice) = try await billed()
            let payment = await fixture.control("invoices/\(invoice)/pay", ["amount": "9"]).json["id"]?.string ?? ""
            let memo = await fixture.control("invoices/\(invoice)/credit").json["id"]?.string ?? ""
            #expect(await amounts(fixture, invoice) == "B 109.0 109.0 0.0")
            #expect(await fixture.record("DELETE", "invoice/\(invoice)").detail.contains("linked to by one or more"))
            #expect(await fixture.record("DELETE", "creditMemo/\(memo)").status == 204)
            #expect(await amounts(fixture, invoice) == "A 109.0 9.0 100.0")
            #expect(await fixture.control("invoices/\(invoice)/void").status == 400)
            #expect(await fixture.control("payments/\(payment)", method: "DELETE").status == 200)
            #expect(await amounts(fixture, invoice) == "A 109.0 0.0 109.0")
            #expect(await fixture.control("invoices/\(invoice)/void").json["status"] == "V")
            #expect(await amounts(fixture, invoice) == "V 0.0 0.0 0.0")
            #expect(await fixture.state == "F")
            let again = await fixture.step("bill")
            #expect(again.json["total"] == "109" && again.json["tranId"] == "INV1002")
            #expect(await fixture.record("DELETE", "invoice/\(invoice)").status == 204)
        }
    }

    @Test("invoices wait for approval where the account wants it; a rejected payment pays nothing")
    func approvals() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk()
            _ = await fixture.control("settings", ["invoicesNeedApproval": true], method: "PATCH")
            _ = try await fixture.made("fulfil")
            let invoice = try await fixture.made("bill")
            #expect(await amounts(fixture, invoice).hasPrefix("D "))
            #expect(await fixture.state == "G")
            #expect(await fixture.control("invoices/\(invoice)/pay").status == 400)
            #expect(await fixture.control("invoices/\(invoice)/reject").json["status"] == "E")
            #expect(await fixture.record("PATCH", "invoice/\(invoice)", ["approvalStatus": ["id": "2"]]).status == 204)
            let payment = await fixture.control("invoices/\(invoice)/pay", ["status": "A"])
            #expect(payment.json["status"] == "A")
            #expect(await amounts(fixture, invoice).hasPrefix("B "))
            let rejected = await fixture.control("payments/\(payment.json["id"]?.string ?? "")/reject")
            #expect(rejected.json["status"] == "R" && rejected.json["applied"] == "0")
            #expect(await amounts(fixture, invoice).hasPrefix("A "))
        }
    }
}
