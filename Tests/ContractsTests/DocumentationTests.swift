import Contracts
import Foundation
import JSONText
import TestSupport
import Testing

@Suite("The documentation")
struct DocumentationTests {
    private static func page() throws -> String {
        try String(contentsOf: ForeignProgram.packageFolder.appending(path: "docs/messages.md"), encoding: .utf8)
    }

    /// The examples below a heading, up to the next one of its rank.
    private static func examples(below heading: String) throws -> [[UInt8]] {
        let part = try page().components(separatedBy: "\n## ").first { $0.hasPrefix(heading + "\n") } ?? ""
        return part.components(separatedBy: "```json\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first.map { Array($0.utf8) }
        }
    }

    @Test("the snapshot that docs/messages.md shows is one that the writer takes")
    func snapshot() throws {
        let examples = try Self.examples(below: "Snapshot")
        #expect(!examples.isEmpty)
        for example in examples { #expect(try OrderSnapshot.decode(example).lines.count == 1) }
    }

    @Test("progress and stock that docs/messages.md shows are valid, and show every field that there is")
    func states() throws {
        let progress = try #require(try Self.examples(below: "Progress").first)
        let stock = try #require(try Self.examples(below: "Stock").first)
        #expect(try SchemaTests.complaints(topic: Topic.orderProgressed.name, payload: progress) == "")
        #expect(try SchemaTests.complaints(topic: Topic.inventoryCounted.name, payload: stock) == "")
        // What our own encoder writes of it is the same document: no name is misspelt and none is left out.
        let (decoded, counted) = (try OrderProgress.decode(progress), try StockCount.decode(stock))
        #expect(try JSONValue.parse(decoded.encode()) == JSONValue.parse(progress))
        #expect(try JSONValue.parse(counted.encode()) == JSONValue.parse(stock))
    }

    @Test("docs/messages.md names each state, each topic and each field of both systems")
    func names() throws {
        let page = try Self.page()
        for state in OrderState.allCases { #expect(page.contains("\n| \(state.words) |"), "\(state.words)") }
        let topics = [
            Topic.orderSubmitted.name, Topic.orderSettled.name, Topic.orderProgressed.name, Topic.inventoryCounted.name,
        ]
        let folder = ForeignProgram.packageFolder.appending(path: "deploy/topics/topics.txt")
        let made = try String(contentsOf: folder, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: " ").map(String.init) }
        #expect(made == topics.map { [$0, "12", "604800000", "1", "1"] })
        let fields =
            CustomField.Order.settlementFields + CustomField.Order.progressFields + CustomField.OrderItem.progressFields
            + CustomField.Product.stockFields
        for topic in topics { #expect(page.contains("\n| `\(topic)` |"), "\(topic)") }
        for field in fields {
            let row = page.split(separator: "\n").first { $0.hasPrefix("| `") && $0.contains("`\(field.name)`") }
            #expect(row != nil, "\(field.name)")
            if let length = field.length { #expect(row?.contains(" \(length)") == true, "\(field.name)") }
        }
    }
}
