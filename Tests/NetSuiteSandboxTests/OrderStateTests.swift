import EventLoop
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import NetSuiteSandbox

@Suite("States of an order")
struct OrderStateTests {
    /// What happens to an order, step by step, with the state that each step leaves. `fulfil 1=1` ships one of line 1,
    /// `fulfil` all that is left; `pick` makes a fulfilment that is picked only; `drop fulfilments` deletes the newest one.
    struct Course: Sendable, CustomTestStringConvertible {
        let lines: [String]
        let steps: [String]
        let states: String
        var testDescription: String { "\(lines) \(steps) → \(states)" }
    }

    static let goods = ["RED×2@49.5", "BLUE×1@10"]
    static let courses: [Course] = [
        Course(lines: goods, steps: [], states: "B"),
        Course(lines: goods, steps: ["fulfil 1=1", "fulfil", "bill"], states: "BDFG"),
        Course(lines: goods, steps: ["fulfil", "bill 1=2", "bill"], states: "BFFG"),
        Course(lines: goods, steps: ["fulfil 1=1", "bill", "fulfil", "bill"], states: "BDEFG"),
        Course(lines: goods, steps: ["fulfil 1=2", "bill", "close 2"], states: "BDEG"),
        Course(lines: goods, steps: ["fulfil 1=2", "close 2", "bill"], states: "BDFG"),
        Course(lines: goods, steps: ["close 1", "close 2"], states: "BBH"),
        Course(lines: goods, steps: ["close"], states: "BH"),
        Course(lines: goods, steps: ["fulfil 1=1", "close"], states: "BDH"),
        Course(lines: goods, steps: ["fulfil", "close"], states: "BFH"),
        Course(lines: goods, steps: ["cancel"], states: "BC"),
        Course(lines: goods, steps: ["pick", "pack", "ship"], states: "BBBF"),
        Course(lines: goods, steps: ["pick 1=1", "fulfil 2=1", "ship", "fulfil"], states: "BBDDF"),
        Course(lines: goods, steps: ["fulfil", "drop fulfilments"], states: "BFB"),
        Course(lines: goods, steps: ["fulfil 1=1", "fulfil", "drop fulfilments"], states: "BDFD"),
        Course(lines: goods, steps: ["fulfil", "bill", "drop invoices", "drop fulfilments"], states: "BFGFB"),
        Course(lines: goods, steps: ["fulfil", "bill", "void"], states: "BFGF"),
        Course(lines: ["SETUP×3@95"], steps: ["bill 1=1", "bill"], states: "FFG"),
        Course(lines: ["SETUP×3@95"], steps: ["bill", "drop invoices"], states: "FGF"),
        Course(lines: ["RED×2@49.5", "SETUP×1@95"], steps: ["fulfil", "bill"], states: "BFG"),
        Course(lines: ["RED×2@49.5", "SETUP×1@95"], steps: ["bill", "fulfil", "bill"], states: "BEFG"),
        Course(lines: ["MANUAL×1@12", "SET×1@915"], steps: ["fulfil 1=1", "fulfil", "bill"], states: "BDFG"),
    ]

    @Test("documents and closed lines move the order through its states", arguments: courses)
    func course(_ course: Course) async throws {
        try await onLoop {
            let fixture = try await DocumentDesk(lines: course.lines)
            var states = await fixture.state
            for step in course.steps {
                try await Self.take(step, fixture)
                states += await fixture.state
            }
            #expect(states == course.states)
        }
    }

    @Loop
    private static func take(_ step: String, _ fixture: DocumentDesk) async throws {
        let words = step.split(separator: " ").map(String.init)
        let newest = { (name: String) async -> String in
            await fixture.shown[name]?.array?.last?["id"]?.string ?? "none"
        }
        var body: JSONObject = [:]
        if words.count > 1, words[0] == "close" { body["lines"] = [number(words[1])] }
        if words.count > 1, words[1].contains("=") {
            let parts = words[1].split(separator: "=").map(String.init)
            body["lines"] = [["line": number(parts[0]), "quantity": number(parts[1])]]
        }
        let answer: HTTPResponse
        switch words[0] {
        case "pick":
            body["status"] = "A"
            answer = await fixture.step("fulfil", .object(body))
        case "pack", "ship":
            let picked = await fixture.shown["fulfilments"]?.array?.first { $0["status"] != "C" }
            answer = await fixture.control("fulfilments/\(picked?["id"]?.string ?? "none")/\(words[0])")
        case "drop":
            answer = await fixture.control("\(words[1])/\(await newest(words[1]))", method: "DELETE")
        case "void": answer = await fixture.control("invoices/\(await newest("invoices"))/void")
        default: answer = await fixture.step(words[0], .object(body))
        }
        guard answer.status == 200 else { throw ConditionFailed(text: "\(step): \(answer.text)") }
    }

    /// A step that a state refuses.
    struct Wrong: Sendable, CustomTestStringConvertible {
        let before: [String]
        let step: String
        var testDescription: String { "\(step) after \(before)" }
    }

    static let refusals: [Wrong] = [
        Wrong(before: [], step: "bill"), Wrong(before: [], step: "approve"),
        Wrong(before: ["fulfil"], step: "fulfil"), Wrong(before: ["fulfil"], step: "cancel"),
        Wrong(before: ["pick"], step: "cancel"), Wrong(before: ["pick"], step: "fulfil"),
        Wrong(before: ["pick"], step: "bill"), Wrong(before: ["fulfil", "bill"], step: "bill"),
        Wrong(before: ["fulfil", "bill"], step: "close"), Wrong(before: ["fulfil", "bill"], step: "drop fulfilments"),
        Wrong(before: ["cancel"], step: "fulfil"), Wrong(before: ["close"], step: "fulfil"),
        Wrong(before: ["fulfil", "close"], step: "bill"), Wrong(before: ["fulfil"], step: "ship"),
        Wrong(before: [], step: "fulfil 1=3"), Wrong(before: [], step: "fulfil 7=1"),
        Wrong(before: ["fulfil 1=1"], step: "fulfil 1=2"), Wrong(before: ["fulfil 1=1"], step: "bill 1=2"),
        Wrong(before: ["fulfil", "bill", "void"], step: "void"), Wrong(before: [], step: "close 9"),
    ]

    @Test("a step that the state does not allow is refused and changes nothing", arguments: refusals)
    func refused(_ wrong: Wrong) async throws {
        try await onLoop {
            let fixture = try await DocumentDesk(lines: Self.goods)
            for step in wrong.before { try await Self.take(step, fixture) }
            let before = await fixture.shown
            await #expect(throws: ConditionFailed.self) { try await Self.take(wrong.step, fixture) }
            #expect(await fixture.shown == before)
        }
    }

    @Test("an order that waits for approval, or is not there any more, has no documents")
    func noDocuments() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk { $0["orderStatus"] = ["id": "A"] }
            #expect(await fixture.step("fulfil").status == 400)
            #expect(await fixture.step("approve").json["status"] == "B")
            #expect(await fixture.control("orders/\(fixture.order)", method: "DELETE").status == 200)
            #expect(await fixture.step("fulfil").status == 404)
        }
    }

    @Test("only by setting does a fulfilment or an invoice move the order's time stamp")
    func stamps() async throws {
        try await onLoop {
            for touches in [false, true] {
                let fixture = try await DocumentDesk()
                _ = await fixture.control("settings", ["childTouchesOrder": .bool(touches)], method: "PATCH")
                let before = await fixture.shown["lastModifiedDate"]
                await fixture.harness.time.advance(by: .seconds(90))
                _ = try await fixture.made("fulfil")
                #expect((await fixture.shown["lastModifiedDate"] != before) == touches)
                let then = await fixture.shown["lastModifiedDate"]
                await fixture.harness.time.advance(by: .seconds(90))
                let invoice = try await fixture.made("bill")
                #expect((await fixture.shown["lastModifiedDate"] != then) == touches)
                let billed = await fixture.control("invoices/\(invoice)", method: "GET").json["lastModifiedDate"]
                await fixture.harness.time.advance(by: .seconds(90))
                _ = await fixture.control("invoices/\(invoice)/pay")
                let paid = await fixture.control("invoices/\(invoice)", method: "GET").json
                #expect(paid["status"] == "B" && (paid["lastModifiedDate"] != billed) == touches)
            }
        }
    }
}
