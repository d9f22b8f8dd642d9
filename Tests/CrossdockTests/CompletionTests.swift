import Foundation
import TestSupport
import Testing

/// What a shell gets when its user presses the tabulator.
@Suite("Completion in a shell")
struct CompletionTests {

    @Test("bash completes commands and words of options")
    func bash() throws {
        let script = """
            export PATH="$1:$PATH"
            source <(crossdock completion bash)
            COMP_WORDS=(crossdock ord); COMP_CWORD=1; _crossdock; echo "${COMPREPLY[*]}"
            COMP_WORDS=(crossdock orders ""); COMP_CWORD=2; _crossdock; echo "${COMPREPLY[*]}"
            COMP_WORDS=(crossdock products ""); COMP_CWORD=2; _crossdock; echo "${COMPREPLY[*]}"
            COMP_WORDS=(crossdock orders list --state needs); COMP_CWORD=4; _crossdock; echo "${COMPREPLY[*]}"
            complete -p crossdock
            """
        let folder = try URL(fileURLWithPath: BuiltProduct.path("crossdock")).deletingLastPathComponent().path
        let ending = try ForeignProgram.run("/bin/bash", ["-c", script, "bash", folder])
        #expect(ending.status == 0)
        let lines = ending.output.split(separator: "\n").map(String.init)
        #expect(
            lines == [
                "orders", "list show publish", "show", "needs-attention",
                "complete -o default -F _crossdock crossdock",
            ],
            "\(ending.output)")
    }

    @Test("the script for zsh has the program's name and asks it")
    func zsh() throws {
        let ending = try CommandTests.run("completion zsh")
        #expect(ending.status == 0)
        #expect(ending.output.contains("compdef _crossdock crossdock"))
        #expect(ending.output.contains("completion words --"))
    }
}
