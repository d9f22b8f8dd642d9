import Testing

@testable import CommandLineGrammar

@Suite("Completion")
struct CommandCompletionTests {
    @Test(
        "offers what may come next, and nothing where any text may stand",
        arguments: [
            ([""], ["orders", "serve"]), (["o"], ["orders"]), (["orders", ""], ["list", "show"]),
            (["orders", "list", "--s"], ["--state"]), (["orders", "list", "--state", ""], ["open", "closed"]),
            (["orders", "list", "--state", "cl"], ["closed"]), (["orders", "list", "--state=o"], ["--state=open"]),
            (["orders", "list", "--limit", ""], []), (["orders", "list", "-n", "5", "--j"], ["--json"]),
            (["--json", "orders", "s"], ["show"]), (["orders", "show", ""], []), (["orders", "show", "--", "--"], []),
            (["orders", "wrong", ""], []), (["--he"], ["--help"]), ([], ["orders", "serve"]),
        ])
    func candidates(words: [String], expected: [String]) {
        #expect(CommandParsingTests.root.completionCandidates(after: words).map(\.word) == expected)
    }

    @Test("a word of a choice that was mistyped is asked back")
    func nearest() {
        let refusal = CommandParsingTests.refusal("orders list --state closd")
        #expect(refusal?.contains("did you mean closed?") == true)
    }
}
