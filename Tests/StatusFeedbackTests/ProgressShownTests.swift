import Contracts
import JSONText
import Ledger
import Salesforce
import ServiceRuntime
import Testing

@testable import StatusFeedback

@Suite("What an order shows of progress")
struct ProgressShownTests {
    typealias Field = CustomField.Order

    private static func shipment(
        _ number: String, _ day: String?, _ tracking: [String], carrier: String? = "UPS", status: String = "shipped"
    ) throws -> OrderProgress.Shipment {
        var shipment = OrderProgress.Shipment(
            id: number, number: "IF\(number)", date: try day.map { try CalendarDate($0) }, status: status,
            carrier: carrier)
        shipment.trackingNumbers = tracking
        return shipment
    }

    private static func invoice(
        _ number: String, total: String, paid: String = "0", status: String = "open"
    ) throws -> OrderProgress.Invoice {
        OrderProgress.Invoice(
            id: number, number: number, status: status, total: try ExactDecimal(total), paid: try ExactDecimal(paid),
            unpaid: try ExactDecimal(total) - ExactDecimal(paid))
    }

    /// An order with two shipments, two invoices, a payment and a credit.
    private static func rich() throws -> OrderProgress {
        var progress = try Make.progress(state: .invoiced)
        progress.shipments = [
            try shipment("1", "2026-06-03", ["1Z1", "1Z2"]),
            try shipment("2", "2026-06-02", ["1Z3", "1Z1"], carrier: "DHL"),
        ]
        progress.invoices = [try invoice("INV1", total: "100.00", paid: "60.00"), try invoice("INV2", total: "50.5")]
        progress.payments = [
            .init(id: "9", number: "PYMT1", status: "deposited", applied: try ExactDecimal("40.00")),
            .init(id: "10", number: "PYMT2", status: "rejected", applied: try ExactDecimal("7.00")),
        ]
        progress.credits = [
            .init(
                id: "11", number: "CM1", status: "open", total: try ExactDecimal("20"), applied: try ExactDecimal("20"))
        ]
        return progress
    }

    @Test("ship date and carrier are the newest shipment's, numbers are all, amounts are sums")
    func documents() throws {
        let wanted = whatSalesforceShows(settlement: nil, progress: try Self.rich(), currency: "USD")
        let invoiced = try #require(JSONNumber(text: "150.5"))
        #expect(
            wanted.order.fields == [
                Field.netSuiteId: "101", Field.netSuiteNumber: "SO1", Field.status: "invoiced", Field.message: nil,
                Field.shipDate: "2026-06-03", Field.carrier: "UPS", Field.trackingNumbers: "1Z1, 1Z2, 1Z3",
                Field.invoiceNumbers: "INV1, INV2",
                Field.amountInvoiced: .number(invoiced),
                Field.amountPaid: 40, Field.amountCredited: 20,
            ])
        let (line, two) = (try Make.lineId(2), try ExactDecimal("2.0"))
        #expect(wanted.order.lines[line] == ShownLine(shipped: two, invoiced: .zero))
        #expect(wanted.withheldAmounts == nil)
    }

    @Test("what is not shipped yet, voided or rejected does not count, and empties what was shown")
    func withoutEffect() throws {
        var progress = try Make.progress(state: .pendingFulfillment)
        progress.shipments = [try Self.shipment("1", "2026-06-03", ["1Z1"], status: "packed")]
        progress.invoices = [try Self.invoice("INV1", total: "100.00", status: "voided")]
        let fields = whatSalesforceShows(settlement: nil, progress: progress, currency: "USD").order.fields
        for field in [Field.shipDate, Field.carrier, Field.trackingNumbers, Field.invoiceNumbers] {
            #expect(fields[field] == .null, "\(field)")
        }
        #expect(fields[Field.amountInvoiced] == 0)
    }

    private static let currencies: [(order: String?, netSuite: String?, isShown: Bool)] = [
        ("USD", "USD", true), ("EUR", "USD", false), (nil, "USD", false), ("USD", nil, false), (nil, nil, false),
    ]

    @Test("amounts are shown in the order's currency only", arguments: currencies)
    func currency(order: String?, netSuite: String?, isShown: Bool) throws {
        var progress = try Self.rich()
        progress.netSuite.currency = netSuite
        let wanted = whatSalesforceShows(settlement: nil, progress: progress, currency: order)
        #expect((wanted.order.fields[Field.amountPaid] != nil) == isShown)
        #expect((wanted.withheldAmounts == nil) == isShown)
        // The rest is shown all the same.
        #expect(wanted.order.fields[Field.invoiceNumbers] == "INV1, INV2")
        progress.invoices = []
        progress.payments = []
        progress.credits = []
        let empty = whatSalesforceShows(settlement: nil, progress: progress, currency: order)
        #expect(empty.withheldAmounts == nil, "nothing is withheld where there is nothing")
    }

    struct Layer: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let hasLetter: Bool
        let hasHold: Bool
        let hasProgress: Bool
        let status: String
        let message: String?
    }

    static let layers: [Layer] = [
        Layer(
            testDescription: "all", hasLetter: true, hasHold: true, hasProgress: true, status: "needs attention",
            message: "No such item."),
        Layer(
            testDescription: "letter and progress", hasLetter: true, hasHold: false, hasProgress: true,
            status: "needs attention", message: "No such item."),
        Layer(
            testDescription: "hold and progress", hasLetter: false, hasHold: true, hasProgress: true, status: "waiting",
            message: "Locked."),
        Layer(
            testDescription: "hold", hasLetter: false, hasHold: true, hasProgress: false, status: "waiting",
            message: "Locked."),
        Layer(
            testDescription: "progress", hasLetter: false, hasHold: false, hasProgress: true, status: "invoiced",
            message: nil),
        Layer(
            testDescription: "settlement", hasLetter: false, hasHold: false, hasProgress: false,
            status: "pending fulfillment", message: nil),
    ]

    @Test(
        "letter, hold, progress, settlement: the first that there is; documents under each of them", arguments: layers)
    func firstOfAll(_ layer: Layer) throws {
        var settlement = try Make.settlement(outcome: layer.hasHold ? .held : .written)
        if layer.hasLetter { settlement.letter = DecisionTests.letter }
        if layer.hasHold { settlement.hold = .init(sentence: "Locked.") }
        let wanted = whatSalesforceShows(
            settlement: settlement, progress: layer.hasProgress ? try Self.rich() : nil, currency: "USD")
        #expect(wanted.order.fields[Field.status]?.string == layer.status)
        #expect(wanted.order.fields[Field.message]?.string == layer.message)
        #expect((wanted.order.fields[Field.trackingNumbers] == "1Z1, 1Z2, 1Z3") == layer.hasProgress)
        #expect(wanted.state == (layer.hasProgress ? .invoiced : .pendingFulfillment))
    }

    @Test("an order that was deleted in NetSuite says so, until it is written anew under another id")
    func deleted() throws {
        var progress = try Make.progress(state: .deletedInNetSuite)
        progress.lines = []
        progress.netSuite = .init(id: "101")
        let gone = whatSalesforceShows(settlement: try Make.settlement(), progress: progress, currency: "USD")
        #expect(gone.order.fields[Field.status] == "deleted in NetSuite")
        #expect(gone.order.fields[Field.message]?.string?.contains("deleted in NetSuite") == true)
        var anew = try Make.settlement(sequence: 2)
        anew.netSuite?.id = "202"
        anew.settledAt = UTCInstant(millisecondsSinceEpoch: Make.asOf.millisecondsSinceEpoch + 1)
        let again = whatSalesforceShows(settlement: anew, progress: progress, currency: "USD")
        #expect(again.order.fields[Field.status] == "pending fulfillment")
        #expect(again.order.fields[Field.netSuiteId] == "202")
        // The other way round the progress is the newer word.
        anew.settledAt = UTCInstant(millisecondsSinceEpoch: Make.asOf.millisecondsSinceEpoch - 1)
        let late = whatSalesforceShows(settlement: anew, progress: progress, currency: "USD")
        #expect(late.order.fields[Field.netSuiteId] == "101")
    }

    private static let payers: [(paid: [String], credited: [String], voided: String?, shown: JSONValue)] = [
        (["60", "40"], ["20"], nil, 80), (["100"], [], nil, 100), (["0"], [], nil, 0), (["10"], ["10"], nil, 0),
        (["10"], ["11"], nil, 0), (["60"], [], "40", 60), ([], [], nil, 0),
    ]

    @Test("paid is what covers the invoices, whoever paid it and however, but for credits", arguments: payers)
    func paid(paid: [String], credited: [String], voided: String?, shown: JSONValue) throws {
        var progress = try Make.progress(state: .invoiced)
        progress.invoices = try paid.map { try Self.invoice("INV\($0)", total: "100", paid: $0) }
        if let voided { progress.invoices.append(try Self.invoice("V", total: "100", paid: voided, status: "voided")) }
        progress.credits = try credited.map {
            .init(id: "1", number: "CM1", status: "open", total: try ExactDecimal("50"), applied: try ExactDecimal($0))
        }
        let fields = whatSalesforceShows(settlement: nil, progress: progress, currency: "USD").order.fields
        #expect(fields[Field.amountPaid] == shown)
    }

    @Test("an order that was deleted in NetSuite has nothing shipped, invoiced or paid any more")
    func deletedDocuments() throws {
        let before = try OrderPlan(Make.claim(try Self.rich())).wanted.order
        let progress = OrderProgress(
            orderId: try Make.orderId(1), netSuite: .init(id: "101"), state: .deletedInNetSuite, asOf: Make.asOf)
        var plan = try OrderPlan(Make.claim(progress, shown: before.stored))
        for field in [Field.amountInvoiced, Field.amountPaid, Field.amountCredited] {
            #expect(plan.changes[field] == 0, "\(field)")
        }
        for field in [Field.shipDate, Field.carrier, Field.trackingNumbers, Field.invoiceNumbers] {
            #expect(plan.changes[field] == .null, "\(field)")
        }
        #expect(plan.lineChanges.isEmpty, "what its lines show is asked of Salesforce")
        let second = try Make.lineId(2)
        plan.clear([second])
        #expect(plan.lineChanges.map(\.line) == [second], "the other one shows nothing")
        #expect(
            plan.lineChanges.map(\.fields) == [["NetSuite_Quantity_Shipped__c": 0, "NetSuite_Quantity_Invoiced__c": 0]])
        #expect(plan.wanted.order.lines.values.allSatisfy { $0 == ShownLine(shipped: .zero, invoiced: .zero) })
        #expect(plan.wanted.order.lines.count == 2)
    }

    @Test("long lists are cut between elements, and say that they go on")
    func longLists() {
        #expect(joined(["a", "b", "a", ""], length: 10) == "a, b")
        #expect(joined(["12345", "67890"], length: 12) == "12345, 67890")
        #expect(joined(["12345", "67890", "x"], length: 12) == "12345, …")
        let many = (0..<200).map { "1Z999AA1012345\($0)" }
        let cut = joined(many, length: 2000)
        #expect(cut.utf16.count <= 2000 && cut.hasSuffix(", …") && cut.utf16.count > 1970)
        #expect(joined([String(repeating: "x", count: 300)], length: 255).utf16.count == 255)
        #expect(joined([String(repeating: "x", count: 254), "y"], length: 255) == "…")
        #expect(joined([], length: 5).isEmpty)
    }

    @Test("only fields and lines that differ are sent; no change is no record")
    func differences() throws {
        let first = try OrderPlan(Make.claim(try Self.rich()))
        let now = UTCInstant(millisecondsSinceEpoch: 0)
        #expect(first.update(at: now, status: nil)?.fields.count == 12)
        #expect(first.lineUpdates.count == 2)
        let shown = first.wanted.order.stored
        #expect(ShownOrder(stored: shown) == first.wanted.order)
        let same = try OrderPlan(Make.claim(try Self.rich(), shown: shown))
        #expect(same.update(at: now, status: nil) == nil && same.lineUpdates.isEmpty)
        var progress = try Self.rich()
        progress.lines[1].invoiced = try ExactDecimal("1.50")
        let line = try OrderPlan(Make.claim(progress, shown: shown))
        #expect(line.update(at: now, status: nil)?.fields.keys == [Field.syncedAt], "the time of writing goes along")
        let invoiced = try #require(JSONNumber(text: "1.5"))
        #expect(line.lineUpdates.map(\.fields) == [["NetSuite_Quantity_Invoiced__c": .number(invoiced)]])
        progress.state = .paid
        progress.invoices[0].paid = try ExactDecimal("61")
        let both = try OrderPlan(Make.claim(progress, shown: shown))
        #expect(both.changes == [Field.status: "paid", Field.amountPaid: 41])
    }

    @Test("what was taken in part is known afterwards, and a state that comes back is sent again")
    func partly() throws {
        let plan = try OrderPlan(Make.claim(try Self.rich()))
        let line = try Make.lineId(2)
        let shows = plan.shows(orderTaken: true, linesTaken: [line])
        let next = try OrderPlan(Make.claim(try Self.rich(), shown: shows.stored))
        #expect(next.changes.isEmpty)
        let third = try Make.lineId(3)
        #expect(next.lineChanges.map(\.line) == [third])
    }

    static let sentences: [(code: String, part: RowPart, words: [String])] = [
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", .order, ["validation rule", "this order", "replay", "Ask sales."]),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", .line("802Qk00000Ab1CdIAJ"), ["line 802Qk00000Ab1CdIAJ"]),
        ("INSUFFICIENT_ACCESS_OR_READONLY", .order, ["permission set", "Edit Activated Orders"]),
        ("ENTITY_IS_DELETED", .order, ["was deleted", "recycle bin", "discard"]),
        ("CANNOT_EXECUTE_FLOW_TRIGGER", .order, ["trigger or flow"]),
        ("STRING_TOO_LONG", .price("SKU-RED"), ["standard price of the product SKU-RED"]),
    ]

    @Test("a letter says in plain words who refuses what, and what to do", arguments: sentences)
    func sentence(code: String, part: RowPart, words: [String]) {
        let letter = SalesforceRefusal(code: code, fields: ["F__c"], message: "Ask sales.").letter(of: part)
        for word in words { #expect(letter.sentence.contains(word), "\(letter.sentence)") }
        #expect(letter.letterClass == "salesforce-refused" && letter.field == "\(part.object).F__c")
    }
}
