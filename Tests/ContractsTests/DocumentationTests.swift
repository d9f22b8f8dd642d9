import Contracts
import Foundation
import TestSupport
import Testing

@Suite("The documentation")
struct DocumentationTests {
    @Test("the snapshot that docs/messages.md shows is one that the writer takes")
    func exampleIsValid() throws {
        let page = try String(
            contentsOf: ForeignProgram.packageFolder.appending(path: "docs/messages.md"), encoding: .utf8)
        let examples = page.components(separatedBy: "```json\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
        #expect(!examples.isEmpty)
        for example in examples {
            let snapshot = try OrderSnapshot.decode(Array(example.utf8))
            #expect(snapshot.lines.count == 1)
        }
    }
}
