import Contracts
import JSONText
import Ledger
import Salesforce
import Testing

@testable import StatusFeedback

@Suite("What Salesforce shows is decided without asking anybody")
struct DecisionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let settlement: Settlement
        let status: String?
        let message: String?

        init(
            _ name: String, status: String?, message: String?, _ outcome: Settlement.Outcome,
            _ change: (inout Settlement) -> Void = { _ in }
        ) throws {
            testDescription = name
            var settlement = try Make.settlement(outcome: outcome)
            change(&settlement)
            self.settlement = settlement
            self.status = status
            self.message = message
        }
    }

    static let letter = Settlement.Letter(id: "1", deadLetterClass: .missingItem, sentence: "No such item.")

    static let cases: [Case] =
        (try? [
            Case("written", status: "pending fulfillment", message: nil, .written),
            Case("unchanged", status: "pending fulfillment", message: nil, .unchanged),
            Case("superseded", status: "pending fulfillment", message: nil, .superseded),
            Case("dead", status: "needs attention", message: "No such item.", .dead) { $0.letter = letter },
            Case("written with an older letter open", status: "needs attention", message: "No such item.", .written) {
                $0.letter = letter
            },
            Case(
                "dead without its letter", status: "needs attention", message: DeadLetterClass.refused.sentence, .dead),
            Case("held", status: "waiting", message: "Locked.", .held) { $0.hold = .init(sentence: "Locked.") },
            Case("held, with a letter open", status: "needs attention", message: "No such item.", .held) {
                $0.hold = .init(sentence: "Locked.")
                $0.letter = letter
            },
            Case("discarded, never in NetSuite", status: nil, message: nil, .discarded) { $0.netSuite = nil },
            Case("written, state not read", status: nil, message: nil, .written) { $0.netSuite?.state = nil },
            Case(
                "a message too long", status: "needs attention", message: String(repeating: "x", count: 999) + "…",
                .dead
            ) {
                $0.letter = letter
                $0.letter?.sentence = String(repeating: "x", count: 5000)
            },
        ]) ?? []

    @Test("letter before hold before state", arguments: cases)
    func shown(_ given: Case) {
        let fields = whatSalesforceShows(settlement: given.settlement).order.fields
        #expect(fields["NetSuite_Status__c"]?.string == given.status)
        #expect(fields["NetSuite_Message__c"]?.string == given.message)
    }

    @Test("the table of cases is there")
    func casesExist() {
        #expect(Self.cases.count == 11)
    }

    @Test("only what differs is sent, and nothing that is not known clears an id")
    func differences() throws {
        let first = whatSalesforceShows(settlement: try Make.settlement()).order
        let all: JSONObject = [
            "NetSuite_Order_Id__c": "101", "NetSuite_Order_Number__c": "SO1",
            "NetSuite_Status__c": "pending fulfillment",
            "NetSuite_Message__c": nil,
        ]
        #expect(first.changes(from: nil) == all)
        #expect(first.changes(from: first).isEmpty)
        var dead = try Make.settlement(outcome: .dead)
        dead.netSuite = nil
        dead.letter = Self.letter
        let second = whatSalesforceShows(settlement: dead).order
        #expect(
            second.changes(from: first)
                == ["NetSuite_Status__c": "needs attention", "NetSuite_Message__c": "No such item."])
        #expect(second.merged(over: first).fields["NetSuite_Order_Id__c"] == "101")
        #expect(
            first.changes(from: second.merged(over: first))
                == ["NetSuite_Status__c": "pending fulfillment", "NetSuite_Message__c": nil])
    }

    @Test("what the ledger keeps reads back")
    func storedForm() throws {
        let fields = whatSalesforceShows(settlement: try Make.settlement()).order
        #expect(ShownOrder(stored: fields.stored) == fields)
        #expect(ShownOrder(stored: [1, 2]) == nil)
    }

    @Test("where it is not known what Salesforce shows, everything is said again")
    func resend() throws {
        let settlement = try Make.settlement()
        let shown = whatSalesforceShows(settlement: settlement).order.stored
        #expect(try OrderPlan(Make.claim(settlement, shown: shown)).changes.isEmpty)
        #expect(try OrderPlan(Make.claim(settlement, shown: nil)).changes.count == 4)
    }

    private static let lockedCases: [(tries: Int, seconds: Int?, wait: Int, isLetter: Bool)] = [
        (0, nil, 2, false), (1, 10, 4, false), (12, 14_399, 600, false), (12, 14_400, 600, true),
    ]

    @Test("a locked record is tried less and less often, and after hours is a letter as well", arguments: lockedCases)
    func locked(tries: Int, seconds: Int?, wait: Int, isLetter: Bool) throws {
        let claim = Make.claim(
            try Make.settlement(), lockedTries: tries, lockedFor: seconds.map { Duration.seconds($0) })
        let refusal = SalesforceRefusal(code: "UNABLE_TO_LOCK_ROW")
        let found = end(
            of: claim, records: [(.order, .locked(refusal))], shows: [], waits: FeedbackWaits(), random: 1)
        switch found.end {
        case .locked(let after): #expect(!isLetter && after == .seconds(wait))
        case .refused(let letter, let after):
            #expect(isLetter && after == .seconds(wait) && letter.letterClass == "salesforce-refused")
            #expect(letter.sentence.contains("locked (UNABLE_TO_LOCK_ROW) for 4 hours"))
        default: Issue.record("\(found.end)")
        }
    }

    @Test("one record's refusal of a field is its own, unless every record of its object has it")
    func fieldsOfAllRecords() throws {
        let field = RecordOutcome.refused(.init(code: "INVALID_FIELD", fields: ["NetSuite_Status__c"]))
        let gone = RecordOutcome.refused(.init(code: "NOT_FOUND"))
        let orders = try (1...3).map { RecordUpdate(object: "Order", id: try Make.orderId($0), fields: [:]) }
        let account = RecordUpdate(object: "Account", id: try Make.accountId(1), fields: [:])
        let told = { RecordOutcome.withConfigurationTrouble($0, of: orders + [account]) }
        #expect(told([.updated, field, .updated, .updated]) == [.updated, field, .updated, .updated])
        #expect(told([gone, gone, gone, .updated]) == [gone, gone, gone, .updated])
        let all = told([field, field, field, .updated])
        #expect(all.allSatisfy { $0.isMisconfigured == ($0 != .updated) } && all.last == .updated)
        let deleted = RecordOutcome.refused(.init(code: "INVALID_CROSS_REFERENCE_KEY"))
        let beside = told([deleted, field, deleted, .updated])
        #expect(beside[0] == deleted && beside[1].isMisconfigured && beside[2] == deleted)
        // Without their fields no order can be written; another object waits alone.
        #expect(all[0].asTrouble(of: "Order").trouble?.contains("crossdock check") == true)
        #expect(told([.updated, .updated, .updated, field]).last?.asTrouble(of: "Account").isMisconfigured == true)
    }

    private static let together: [(other: RecordOutcome, wait: Int?)] = [
        (.updated, nil), (.gone, nil), (.locked(.init(code: "UNABLE_TO_LOCK_ROW")), 2),
        (.misconfigured(.init(code: "INVALID_FIELD")), 60),
    ]

    @Test("a refused part is a letter at once, and does not end the wait of another part", arguments: together)
    func refusedBeside(other: RecordOutcome, wait: Int?) throws {
        let refusal = RecordOutcome.refused(.init(code: "STRING_TOO_LONG"))
        let line = try Make.lineId(1).text
        let found = end(
            of: Make.claim(try Make.settlement()), records: [(.order, refusal), (.line(line), other)], shows: [],
            waits: FeedbackWaits(), random: 1)
        guard case .refused(_, let again) = found.end else {
            Issue.record("\(found.end)")
            return
        }
        #expect(again == wait.map { Duration.seconds($0) })
    }

    @Test("texts are cut as Salesforce counts and lose control characters")
    func fittingTexts() {
        #expect(fitting("a\u{1}b\nc", length: 10) == "a b\nc")
        #expect(fitting("😀😀😀", length: 5) == "😀😀…")
        #expect(fitting("12345", length: 5) == "12345")
    }

    @Test("an account is told once, and a person's value stays")
    func accounts() throws {
        var links = CustomerLinks()
        let wanted = try (1...4).map { CustomerLink(account: try Make.accountId($0), customerId: "7\($0)") }
        #expect(links.unknown(among: wanted + wanted) == wanted)
        let present: [SalesforceId: String?] = [
            wanted[0].account: nil, wanted[1].account: "person's", wanted[2].account: "73",
        ]
        let updates = links.updates(for: wanted, present: present)
        #expect(updates.map(\.id) == [wanted[0].account])
        #expect(updates[0].fields == ["NetSuite_Customer_Id__c": "71"])
        links.remember(wanted[0])
        #expect(links.unknown(among: wanted) == [wanted[1], wanted[3]])
    }

    @Test("of several settlements of an order the newest counts")
    func newest() throws {
        let arrived = try [(1, 3), (1, 2), (2, 1), (1, 4)].map {
            Make.arrived(try Make.settlement($0.0, sequence: Int64($0.1)))
        }
        #expect(newestPerOrder(arrived).map(\.sequence).sorted() == [1, 4])
    }
}
