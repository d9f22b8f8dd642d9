import EventLoop
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

@Suite("Groups of dead letters")
struct LetterGroupTests {
    private static func snapshot(_ currency: String, _ lines: [(String, String)]) -> String {
        let lines = lines.map { #"{"quantity":"\#($0.0)","unitPrice":"\#($0.1)"}"# }.joined(separator: ",")
        return #"{"currency":"\#(currency)","lines":[\#(lines)]}"#
    }

    @Test("letters of one fingerprint are counted and summed exactly by currency; what cannot be read is apart")
    func groups() async throws {
        let bodies: [(String, String)] = [
            ("a", Self.snapshot("USD", [("2", "49.50"), ("1", "0.10")])),
            ("a", Self.snapshot("USD", [("3", "0.1"), ("1", "-0.2")])),
            ("a", Self.snapshot("EUR", [("0.333", "0.001")])),
            ("a", "{"), ("a", #"{"currency":"USD","lines":[]}"#), ("a", #"{"currency":"USD"}"#), ("a", "[1]"),
            ("a", Self.snapshot("USD", [("1", "1e5")])), ("a", Self.snapshot("usd", [("1", "1")])),
            ("a", #"{"currency":"USD","lines":[{"quantity":"1"}]}"#), ("a", #"{"lines":{"quantity":"1"}}"#),
            ("a", String(repeating: "[", count: 100_000)), ("a", "\u{0}"),
            ("b", Self.snapshot("JPY", [("999999999999999999", "999999999999999999")])),
        ]
        try await onLoop {
            try await withLedger { ledger, pool in
                for (number, (fingerprint, body)) in bodies.enumerated() {
                    var content = Fixture.letter(offset: Int64(number))
                    content.fingerprint = fingerprint
                    content.message?.value = Array(body.utf8)
                    content.sentence = "Sentence \(number)."
                    let claim = try await ledger.claimed(Fixture.request(number))
                    _ = try await ledger.recorded(claim, .dead(content))
                }
                _ = try await pool.query(
                    "update dead_letters set opened_at = opened_at - interval '2 hours' where sentence = 'Sentence 3.'")
                let groups = try await ledger.letterGroups()
                #expect(groups.map(\.fingerprint) == ["a", "b"])
                #expect(groups.map(\.count) == [13, 1])
                #expect(groups.map(\.withoutTotal) == [10, 0])
                let totals = groups.map { $0.totals.map { "\($0.amount) \($0.currency)" } }
                #expect(totals == [["0.000333 EUR", "99.20 USD"], ["999999999999999998000000000000000001.00 JPY"]])
                #expect(groups[0].sentence == "Sentence 12." && groups[0].letterClass == "missing-item")
                #expect((7_200...7_260).contains(groups[0].oldestAge.components.seconds))
                #expect(try await ledger.letterGroups(LetterFilter([.open], letterClass: "refused")).isEmpty)
                #expect(try await ledger.letterGroups(LetterFilter([.discarded])).isEmpty)
                #expect(
                    try await ledger.deadLetters(LetterFilter([.open], fingerprint: "b")).map(\.sentence)
                        == ["Sentence 13."])
            }
        }
    }

    @Test("everything that is kept of a letter is shown, and of no letter nothing")
    func detail() async throws {
        try await onLoop {
            try await withLetters { bench in
                let (id, order) = try await bench.make(.overtakenByWritten)
                let detail = try #require(try await bench.ledger.deadLetter(id))
                #expect(detail.newerVersion == 1_001)
                #expect(detail.letter.orderId == Fixture.orderId(order))
                #expect(detail.message?.value == [0, 255, 123] && detail.message?.isWhole == true)
                #expect(detail.message?.headers.map(\.name) == ["ce_id", "empty"])
                #expect(detail.message?.valueLength == 3 && detail.message?.valueDigest?.count == 32)
                #expect(detail.trail.map(\.kind) == [.opened, .superseded, .reopened])
                let (unreadable, _) = try await bench.make(.unreadable)
                #expect(try #require(try await bench.ledger.deadLetter(unreadable)).message == nil)
                for text in ["", "0", "-1", "4711", "x", "99999999999999999999"] {
                    #expect(try await bench.ledger.deadLetter(text) == nil)
                }
            }
        }
    }
}
