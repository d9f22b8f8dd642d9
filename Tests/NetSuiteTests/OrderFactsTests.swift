import Contracts
import JSONText
import Testing

@testable import NetSuite

/// Rows of one order, 4711, with a fulfilment 5120, an invoice 5300, a payment 5400 and a credit memo 5500, in the forms
/// that NetSuite gives them; each test changes what it is about.
private struct Sample {
    var orders: [JSONObject] = [
        [
            "id": "4711", "tranid": "SO1001", "status": "E", "externalid": "SF-801000000000001AAA", "currency": "1",
            "foreigntotal": "119.5",
        ]
    ]
    var lines: [JSONObject] = [
        [
            "transaction": "4711", "id": "1", "mark": "802000000000001AAA", "itemtype": "InvtPart", "quantity": "-10",
            "quantityshiprecv": "4", "quantitybilled": "4", "isclosed": "F",
        ],
        [
            "transaction": "4711", "id": "3", "itemtype": "Service", "quantity": "-1", "quantityshiprecv": "0",
            "quantitybilled": "0", "isclosed": "F",
        ],
    ]
    var documents: [JSONObject] = [
        [
            "previousdoc": "4711", "id": "5120", "type": "ItemShip", "tranid": "IF21", "status": "C", "voided": "F",
            "trandate": "2026-05-28", "carrier": "UPS",
        ],
        [
            "previousdoc": "4711", "id": "5300", "type": "CustInvc", "tranid": "INV31", "status": "A", "voided": "F",
            "trandate": "2026-05-29", "foreigntotal": "40", "foreignamountpaid": "15", "foreignamountunpaid": "25",
        ],
    ]
    var documentLines: [JSONObject] = [
        ["previousdoc": "4711", "nextdoc": "5120", "previousline": "1", "nextline": "1", "quantity": "-4"],
        ["previousdoc": "4711", "nextdoc": "5300", "previousline": "1", "nextline": "1", "quantity": "-4"],
    ]
    var trackingNumbers: [JSONObject] = [
        ["transaction": "5120", "id": "8", "trackingnumber": "1Z1"],
        ["transaction": "5120", "id": "9", "trackingnumber": " 1Z2 "],
        ["transaction": "5120", "id": "10", "trackingnumber": "1Z1"],
    ]
    var applied: [JSONObject] = [
        [
            "previousdoc": "5300", "id": "5400", "type": "CustPymt", "tranid": "PY1", "status": "C", "voided": "F",
            "trandate": "2026-05-30", "applied": "10",
        ],
        [
            "previousdoc": "5300", "id": "5500", "type": "CustCred", "tranid": "CM1", "status": "B", "voided": "F",
            "trandate": "2026-05-31", "foreigntotal": "-5", "applied": "5",
        ],
    ]
    var creditMemos: [JSONObject] = [
        [
            "createdfrom": "5300", "id": "5500", "tranid": "CM1", "status": "CustCred:B", "voided": "F",
            "trandate": "2026-05-31", "foreigntotal": "-5",
        ]
    ]

    func reading(asked: [Int64] = [4711]) -> OrderFactsReading {
        func rows(_ objects: [JSONObject]) -> [SuiteQLRow] { objects.map { SuiteQLRow(columns: $0) } }
        return OrderFactsAssembly.assemble(
            asked,
            OrderRows(
                orders: rows(orders), lines: rows(lines), documents: rows(documents),
                documentLines: rows(documentLines), trackingNumbers: rows(trackingNumbers), applied: rows(applied),
                creditMemos: rows(creditMemos)))
    }

    func facts() throws -> OrderFacts {
        let reading = reading()
        return try #require(reading.facts[4711], "\(reading.unreadable)")
    }
}

@Suite("Rows of orders put together")
struct OrderFactsTests {
    @Test("an order with every kind of document is read whole")
    func whole() throws {
        let facts = try Sample().facts()
        #expect(facts.number == "SO1001")
        #expect(facts.letter == "E")
        #expect(facts.total?.plainText == "119.5")
        #expect(facts.lines.map(\.line) == [1, 3])
        #expect(facts.lines.map(\.mark) == ["802000000000001AAA", nil])
        #expect(facts.lines.map(\.ordered.text) == ["10", "1"])
        #expect(facts.lines.map(\.shipped.text) == ["4", "0"])
        #expect(facts.lines.map(\.invoiced.text) == ["4", "0"])
        #expect(facts.lines.map(\.isNeverShipped) == [false, true])
        let fulfilment = try #require(facts.fulfilments.first)
        #expect(fulfilment.trackingNumbers == ["1Z1", "1Z2"])
        #expect(fulfilment.carrier == "UPS")
        #expect(fulfilment.date?.text == "2026-05-28")
        #expect(fulfilment.quantities.map(\.quantity.text) == ["4"])
        let invoice = try #require(facts.invoices.first)
        #expect([invoice.total, invoice.paid, invoice.unpaid].map(\.text) == ["40", "15", "25"])
        #expect(facts.payments.map(\.number) == ["PY1"])
        #expect(facts.payments.map(\.applied.text) == ["10"])
        #expect(facts.credits.map(\.number) == ["CM1"])
        #expect(facts.credits.map(\.total.text) == ["5"])
        #expect(facts.credits.map(\.applied.text) == ["5"])
        #expect(facts.documents == [5120, 5300, 5400, 5500])
    }

    @Test("numbers come as text or as numbers, and a letter behind a colon")
    func forms() throws {
        var sample = Sample()
        sample.orders[0]["id"] = 4711
        sample.orders[0]["status"] = "SalesOrd:E"
        sample.orders[0]["foreigntotal"] = .number(try #require(JSONNumber(text: "119.50")))
        sample.lines[0]["transaction"] = 4711
        sample.lines[0]["quantity"] = -10
        sample.lines[0]["isclosed"] = false
        sample.lines[0]["quantityshiprecv"] = .null
        sample.documents[1]["foreignamountunpaid"] = 25
        sample.documentLines[0]["quantity"] = 4
        sample.trackingNumbers[0]["trackingnumber"] = 123_456
        let facts = try sample.facts()
        #expect(facts.letter == "E")
        #expect(facts.total?.plainText == "119.5")
        #expect(facts.lines[0].ordered.text == "10")
        #expect(facts.fulfilments[0].trackingNumbers == ["123456", "1Z2", "1Z1"])
    }

    @Test("a half is written .5 by NetSuite's database")
    func halves() throws {
        var sample = Sample()
        sample.lines[0]["quantity"] = "-.5"
        sample.documentLines[0]["quantity"] = "-.25"
        sample.lines[0]["quantityshiprecv"] = ".25"
        let facts = try sample.facts()
        #expect(facts.lines[0].ordered.text == "0.5")
        #expect(facts.lines[0].shipped.text == "0.25")
    }

    @Test("a fulfilment with two kinds of links counts once, a picked one not at all")
    func doubleLinks() throws {
        var sample = Sample()
        sample.documentLines.append(sample.documentLines[0])
        sample.documents.append(sample.documents[0])
        sample.lines[0]["quantityshiprecv"] = "0"
        var facts = try sample.facts()
        #expect(facts.fulfilments.count == 1)
        #expect(facts.lines[0].shipped.text == "4")
        sample.documents[0]["status"] = "A"
        sample.documents[2]["status"] = "A"
        facts = try sample.facts()
        #expect(facts.fulfilments.map(\.letter) == ["A"])
        #expect(facts.lines[0].shipped.text == "0")
    }

    @Test("a voided invoice and a rejected one leave nothing invoiced, whatever the order's line says")
    func voided() throws {
        for (column, value) in [("status", JSONValue.string("V")), ("voided", "T"), ("status", "E")] {
            var sample = Sample()
            sample.documents[1][column] = value
            let facts = try sample.facts()
            #expect(facts.lines[0].invoiced.text == "0")
            #expect(facts.invoices[0].counts == (facts.invoices[0].isVoided ? false : facts.invoices[0].letter != "E"))
        }
    }

    @Test("one of paid and unpaid is enough, and a cash sale is paid when it is made")
    func amounts() throws {
        var sample = Sample()
        sample.documents[1]["foreignamountpaid"] = nil
        #expect(try sample.facts().invoices[0].paid.text == "15")
        sample.documents[1]["foreignamountunpaid"] = .null
        #expect(sample.reading().unreadable[4711] == "an invoice has no readable foreignamountunpaid")
        sample.documents[1]["type"] = "CashSale"
        sample.documents[1]["status"] = nil
        #expect(try sample.facts().invoices[0].unpaid.isZero)
    }

    @Test("a memo of another order that pays an invoice is a payment, and one applied elsewhere still a credit")
    func memos() throws {
        var sample = Sample()
        sample.creditMemos = []
        var facts = try sample.facts()
        #expect(facts.payments.map(\.type) == ["CustPymt", "CustCred"])
        #expect(facts.credits.isEmpty)
        sample = Sample()
        sample.applied.removeLast()
        facts = try sample.facts()
        #expect(facts.credits.map(\.applied.text) == ["0"])
    }

    @Test("a credit memo that was made from a return of an invoice belongs to the order")
    func returns() throws {
        var sample = Sample()
        sample.applied.append(["previousdoc": "5300", "id": "5600", "type": "RtnAuth", "status": "B"])
        sample.creditMemos[0]["createdfrom"] = "5600"
        let facts = try sample.facts()
        #expect(facts.credits.map(\.id) == [5500])
        #expect(facts.documents.contains(5600))
    }

    @Test(
        "what cannot be read is told of its order, and the other order is read",
        arguments: [
            ("orders", "status", nil), ("orders", "status", "?"), ("orders", "foreigntotal", "much"),
            ("lines", "quantity", nil), ("lines", "quantity", "ten"), ("lines", "isclosed", nil), ("lines", "id", nil),
            ("documents", "tranid", nil), ("documents", "status", ""), ("documents", "trandate", "5/28/2026"),
            ("documents", "type", nil), ("documents", "id", nil), ("documentLines", "quantity", "1e400"),
            ("documentLines", "nextdoc", nil), ("applied", "applied", nil), ("applied", "id", nil),
            ("creditMemos", "foreigntotal", nil), ("creditMemos", "status", nil),
        ] as [(String, String, String?)])
    func unreadable(of query: String, column: String, value: String?) throws {
        var sample = Sample()
        let part = Self.part(query)
        sample[keyPath: part][0][column] = value.map { .string($0) }
        sample.orders.append(["id": "4712", "tranid": "SO1002", "status": "B", "foreigntotal": "1"])
        sample.lines.append(
            ["transaction": "4712", "id": "1", "itemtype": "InvtPart", "quantity": "-1", "isclosed": "F"])
        let reading = sample.reading(asked: [4711, 4712])
        #expect(reading.facts[4711] == nil)
        let reason = try #require(reading.unreadable[4711])
        #expect(value.map { $0.isEmpty || !reason.contains($0) } ?? true, "the value is not quoted")
        #expect(reading.facts[4712]?.letter == "B")
        #expect(reading.strayRows == 0)
    }

    @Test(
        "a row that names no order is told, since it may be anybody's",
        arguments: [
            ("orders", "id"), ("lines", "transaction"), ("documents", "previousdoc"), ("documentLines", "previousdoc"),
            ("trackingNumbers", "transaction"), ("applied", "previousdoc"), ("creditMemos", "createdfrom"),
        ])
    func stray(in query: String, column: String) throws {
        var sample = Sample()
        sample[keyPath: Self.part(query)][0][column] = .null
        #expect(sample.reading().strayRows == 1)
    }

    @Test(
        "a payment that is voided or rejected is listed and covers nothing",
        arguments: [("V", "F"), ("C", "T"), ("R", "F"), ("C", "F")])
    func paymentsWithoutEffect(letter: String, mark: String) throws {
        var sample = Sample()
        sample.applied[0]["status"] = .string(letter)
        sample.applied[0]["voided"] = .string(mark)
        let counts = letter == "C" && mark == "F"
        let payment = try #require(try sample.facts().payments.first)
        #expect(payment.id == 5400)
        #expect(payment.isVoided == (letter == "V" || mark == "T"))
        #expect(payment.applied == ExactDecimal(whole: counts ? 10 : 0))
    }

    @Test("an order that is not shown is in neither part")
    func notShown() {
        var sample = Sample()
        sample.orders = []
        let reading = sample.reading()
        #expect(reading.facts.isEmpty)
        #expect(reading.unreadable.isEmpty)
    }

    @Test("lines of headings, discounts and shipping cost count nothing")
    func otherLines() throws {
        var sample = Sample()
        for type in ["Discount", "Subtotal", "ShipItem", "Description"] {
            sample.lines.append(["transaction": "4711", "id": "9", "itemtype": .string(type), "isclosed": "F"])
        }
        sample.lines.append(["transaction": "4711", "id": "10", "isclosed": "F"])
        #expect(try sample.facts().lines.count == 2)
    }

    private static func part(_ query: String) -> WritableKeyPath<Sample, [JSONObject]> {
        switch query {
        case "orders": \.orders
        case "lines": \.lines
        case "documents": \.documents
        case "documentLines": \.documentLines
        case "trackingNumbers": \.trackingNumbers
        case "applied": \.applied
        default: \.creditMemos
        }
    }
}

@Suite("Pages behind a key")
struct KeysetQueryTests {
    @Test("the condition behind a key goes column by column")
    func condition() {
        let query = KeysetQuery(
            select: "SELECT a, b, c FROM t", condition: "x = 1",
            keys: ["a", "b", "c"].map { .init(expression: "t.\($0)", alias: $0) })
        #expect(query.statement(after: nil) == "SELECT a, b, c FROM t WHERE x = 1 ORDER BY t.a, t.b, t.c")
        #expect(
            query.statement(after: [1, 2, 3])
                == "SELECT a, b, c FROM t WHERE x = 1 AND (t.a > 1 OR (t.a = 1 AND (t.b > 2 OR (t.b = 2 AND (t.c > 3)))))"
                + " ORDER BY t.a, t.b, t.c")
    }
}
