import HTTPServer
import JSONText
import Testing

@testable import SandboxFaults

private let order = HTTPRequest(method: "POST", target: "/record/v1/salesOrder?a=b", body: Array("SF-801".utf8))

@Suite("Which request a fault strikes")
struct FaultPlanTests {
    private static func fault(_ change: (inout Fault) -> Void = { _ in }) -> Fault {
        var fault = Fault(.cut, .cut)
        change(&fault)
        return fault
    }

    private static func strikes(_ fault: Fault, of requests: Int) -> [Bool] {
        var plan = FaultPlan()
        plan.add(fault)
        return (0..<requests).map { _ in plan.strike(order, at: .before) != nil }
    }

    static let counts: [(times: Int?, skip: Int, expected: [Bool])] = [
        (1, 0, [true, false, false, false]), (2, 0, [true, true, false, false]), (1, 2, [false, false, true, false]),
        (nil, 0, [true, true, true, true]), (nil, 3, [false, false, false, true]),
    ]

    @Test("so often, after so many", arguments: counts)
    func often(times: Int?, skip: Int, expected: [Bool]) {
        let fault = Self.fault {
            $0.times = times
            $0.skip = skip
        }
        #expect(Self.strikes(fault, of: 4) == expected)
    }

    static let filters: [(method: String, path: String, body: String, matches: Bool)] = [
        ("", "", "", true), ("POST", "", "", true), ("GET", "", "", false), ("", "/salesOrder", "", true),
        ("", "a=b", "", true), ("", "/customer", "", false), ("POST", "/salesOrder", "SF-801", true),
        ("", "", "SF-802", false), ("", "", "F-8011", false),
    ]

    @Test("by method, part of the path and part of the body", arguments: filters)
    func filtered(method: String, path: String, body: String, matches: Bool) {
        let fault = Self.fault {
            $0.method = method
            $0.path = path
            $0.body = body
        }
        #expect(Self.strikes(fault, of: 1) == [matches])
    }

    @Test("by chance, the same way for the same seed")
    func chance() {
        func falls(_ probability: Double, _ seed: UInt64) -> [Bool] {
            Self.strikes(
                Self.fault {
                    $0.times = nil
                    $0.chance = FaultChance(probability: probability, seed: seed)
                }, of: 2_000)
        }
        #expect(falls(0.3, 42) == falls(0.3, 42))
        #expect(falls(0.3, 42) != falls(0.3, 43))
        #expect((500...700).contains(falls(0.3, 42).count { $0 }))
        #expect(falls(0, 1).allSatisfy { !$0 })
        #expect(falls(1, 1).allSatisfy { $0 })
    }

    @Test("of several the first strikes and the others do not count the request")
    func firstOfSeveral() {
        var plan = FaultPlan()
        plan.add(Self.fault { $0.moment = .after })
        plan.add(Self.fault())
        plan.add(Self.fault { $0.skip = 1 })
        let answers = (0..<3).map { _ in plan.strike(order, at: .before) != nil }
        #expect(answers == [true, false, true])
        #expect(plan.entries.map(\.struck) == [0, 1, 1])
        #expect(plan.entries.map(\.id) == ["1", "2", "3"])
        #expect(plan.remove("2") && !plan.remove("2"))
        #expect(plan.add(Self.fault()).id == "4")
    }
}

@Suite("Faults as the control API takes them")
struct FaultReadingTests {
    private static func read(_ text: String, _ kinds: Set<FaultKind> = Set(FaultKind.allCases)) throws -> Fault {
        let object = try JSONValue.parse(text).object ?? [:]
        return try FaultReading(object: object, systemName: "Salesforce", kinds: kinds).fault()
    }

    static let refused: [(String, String)] = [
        (#"{}"#, "a fault needs a kind: "),
        (#"{"kind":"flood"}"#, "there is no fault flood; Salesforce has answer, cut"),
        (#"{"kind":"stale-query","seconds":1}"#, "Salesforce does not know the fault stale-query; it has answer, cut"),
        (#"{"kind":"cut","milliseconds":5}"#, "cut has no member milliseconds; it has body, method, moment"),
        (#"{"kind":"latency"}"#, "latency needs milliseconds"),
        (#"{"kind":"latency","milliseconds":-1}"#, "milliseconds is a whole number from 0"),
        (#"{"kind":"late","seconds":2,"moment":"after"}"#, "late is about the effect itself"),
        (#"{"kind":"cut","moment":"during"}"#, "moment is before or after"),
        (#"{"kind":"cut","times":0}"#, "times is a whole number from 1"),
        (#"{"kind":"cut","probability":2}"#, "probability is a number from 0 to 1"),
        (#"{"kind":"cut","seed":2}"#, "seed goes with a probability"),
        (#"{"kind":"redirect"}"#, "redirect needs location"),
        (#"{"kind":"answer","status":700}"#, "status is a whole number from 200 to 599"),
        (#"{"kind":"answer","status":200,"bodyBase64":"%"}"#, "bodyBase64 is no base64"),
    ]

    @Test("what cannot be is refused with a sentence", arguments: refused)
    func cannotBe(text: String, sentence: String) throws {
        let kinds: Set<FaultKind> = [.cut, .latency, .late, .redirect, .answer]
        #expect {
            _ = try Self.read(text, kinds)
        } throws: { error in
            (error as? FaultRefusal)?.sentence.hasPrefix(sentence) == true
        }
    }

    @Test("members become the fault")
    func accepted() throws {
        let text =
            #"{"kind":"late","seconds":1.5,"method":"POST","path":"/x","times":null,"skip":3,"probability":0.25,"seed":9}"#
        let fault = try Self.read(text)
        guard case .late(let delay) = fault.behaviour else {
            Issue.record("\(fault.behaviour)")
            return
        }
        #expect(delay == .milliseconds(1_500))
        #expect(fault.method == "POST" && fault.path == "/x" && fault.times == nil && fault.skip == 3)
        #expect(fault.chance == FaultChance(probability: 0.25, seed: 9))
        let answer = try Self.read(#"{"kind":"answer","status":201,"headers":{"A":"b"},"bodyBase64":"AAE="}"#)
        guard case .answer(let response) = answer.behaviour else {
            Issue.record("\(answer.behaviour)")
            return
        }
        #expect(response.status == 201 && response.body == [0, 1] && response.headers.first?.1 == "b")
        #expect(answer.times == 1 && answer.moment == .before)
    }

    @Test("a member is dropped wherever its path leads, and nothing else is")
    func droppedField() throws {
        let value = try JSONValue.parse(#"{"a":[{"b":1,"c":2},{"b":3}],"b":4}"#)
        let rest = try JSONValue.parse(#"{"a":[{"c":2},{}],"b":4}"#)
        #expect(DroppedField.drop(["a", "b"], from: value) == rest)
        #expect(DroppedField.drop(["a", "x"], from: value) == value)
        #expect(DroppedField.drop(["b"], from: order) == nil)
    }
}
