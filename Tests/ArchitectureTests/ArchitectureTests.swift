import Testing

/// The house rules, each applied to the whole tree and, so that it is known to be able to fail, to a sample that breaks it.
@Suite("Architecture")
struct ArchitectureTests {
    @Test("the tree is found and read")
    func treeIsRead() {
        #expect(SourceTree.productFiles.count > 20)
        #expect(
            Set(SourceTree.productFiles.compactMap(\.target))
                == Set(ImportRules.allowed.keys).subtracting(["TestSupport"]))
    }

    @Test("every import is in the table")
    func imports() {
        #expect(SourceTree.swiftFiles.flatMap(ImportRules.violations) == [])
    }

    @Test(
        "an import outside the table is reported",
        arguments: [
            ("Services/OrderPublisher/A.swift", "import StatusFeedback"),
            ("Services/NetSuiteWriter/A.swift", "import Kafka"),
            ("Services/Sandboxes/NetSuiteSandbox/A.swift", "import NetSuite"),
            ("Services/Sandboxes/SalesforceSandbox/A.swift", "import Contracts"),
            ("Shared/Ledger/A.swift", "public import CLibpq"), ("Shared/Kafka/A.swift", "import TestSupport"),
            ("Shared/JSONText/A.swift", "import struct Foundation.Date"), ("Shared/Unheard/A.swift", "import Glibc"),
            ("Tests/KafkaTests/A.swift", "@testable import CLibrdkafka"),
            ("Tests/Bench/WriterBench/A.swift", "import NetSuite"), ("Tests/Bench/Unheard/A.swift", "import Glibc"),
        ])
    func importOutsideTheTable(path: String, text: String) {
        #expect(ImportRules.violations(in: SourceFile(path: path, text: text)).count == 1)
    }

    @Test("a service imports no other service")
    func servicesAreApart() {
        let services: Set = [
            "OrderPublisher", "NetSuiteWriter", "StatusFeedback", "InventoryPoller", "Crossdock", "SalesforceSandbox",
            "NetSuiteSandbox", "EmbeddedBroker", "WriterBench",
        ]
        for (target, allowed) in ImportRules.allowed {
            #expect(allowed.isDisjoint(with: services), "\(target)")
        }
    }

    @Test("files and functions keep to their size")
    func sizes() {
        #expect(SourceTree.swiftFiles.flatMap(SizeRules.violations) == [])
    }

    @Test("a long file and a long function are reported, SQL text is not counted")
    func sizesReported() {
        let body = String(repeating: "    work()\n", count: 71)
        let long = SourceFile(path: "Shared/Ledger/A.swift", text: "func long(\n    a: Int\n) {\n\(body)}\n")
        #expect(SizeRules.violations(in: long) == ["Shared/Ledger/A.swift:1: long has 75 lines; at most 70"])
        let file = SourceFile(path: "Shared/Ledger/A.swift", text: String(repeating: "let a = 1\n", count: 401))
        #expect(SizeRules.violations(in: file) == ["Shared/Ledger/A.swift: 401 lines; at most 400"])
        let select = "func short() {\n    sql(\"\"\"\n\(String(repeating: "select {\n", count: 420))\"\"\")\n}\n"
        #expect(SizeRules.violations(in: SourceFile(path: "Shared/Ledger/A.swift", text: select)) == [])
    }

    @Test("functions are found by their braces")
    func functionsFound() {
        let text = SwiftText(
            """
            protocol P {
                func required() async throws -> Int
                init()
            }
            func first(_ a: () -> Void = { }) -> [Int]
            where A == B {
                if a { b("}") /* } */ }  // }
            }
            """)
        #expect(SizeRules.functions(in: text).map(\.name) == ["first"])
        #expect(SizeRules.functions(in: text).map { $0.last - $0.first } == [3])
    }

    @Test("no banned call is made")
    func bannedCalls() {
        let files = SourceTree.swiftFiles.filter { $0.target != nil && $0.target != "ArchitectureTests" }
        #expect(files.flatMap(WordRules.bannedCalls) == [])
    }

    @Test("each banned call is reported", arguments: WordRules.bannedInProduct.map(\.text))
    func bannedCallReported(call: String) {
        let file = SourceFile(
            path: "Shared/Ledger/A.swift", text: "let a = \(call) b\n// \(call) in a comment is none\n")
        #expect(WordRules.bannedCalls(in: file).count == 1)
        #expect(WordRules.bannedCalls(in: SourceFile(path: "Shared/Ledger/A.swift", text: "let a = \"\(call)\"")) == [])
    }

    @Test("public names are spelled in Contracts only")
    func publicNames() {
        #expect(SourceTree.productFiles.flatMap(WordRules.misplacedNames) == [])
    }

    @Test(
        "a public name elsewhere is reported",
        arguments: [
            "salesforce.order.submitted.v1", "netsuite.order.settled.v1", "SF-\\(id)", "SFACC-1", "NetSuite_Status__c",
            "custbody_crossdock_version", "custcol_crossdock_line_id",
        ])
    func publicNameReported(name: String) {
        let text = "let a = \"\(name)\""
        #expect(
            WordRules.misplacedNames(in: SourceFile(path: "Services/NetSuiteWriter/A.swift", text: text)).count == 1)
        #expect(WordRules.misplacedNames(in: SourceFile(path: "Shared/Contracts/A.swift", text: text)) == [])
    }

    @Test("each topic is spelled once in Contracts")
    func topicsOnce() {
        let names = SourceTree.productFiles.filter { $0.target == "Contracts" }.flatMap { file in
            file.swift.literals.flatMap { WordRules.publicNames(in: $0.text) }.filter { $0.hasSuffix(".v1") }
        }
        #expect(
            names.sorted() == [
                "netsuite.inventory.counted.v1", "netsuite.order.progressed.v1", "netsuite.order.settled.v1",
                "salesforce.order.submitted.v1",
            ])
    }

    @Test("each crash point is passed at one place")
    func crashPoints() {
        #expect(CrashPointRules.violations(in: SourceTree.productFiles) == [])
    }

    @Test("a crash point that is passed twice, never, or under another name is reported")
    func crashPointsReported() {
        let file = SourceFile(path: "Services/NetSuiteWriter/A.swift", text: "crashPoint(\"t0-sent\")\n")
        let other = SourceFile(path: "Services/NetSuiteWriter/A.swift", text: "crashPoint(\"t9\")\n")
        let found = CrashPointRules.violations(in: SourceTree.productFiles + [file, other])
        #expect(
            found == ["Services/NetSuiteWriter/A.swift:1: t9 is not in the table", "t0-sent is passed at 2 places"])
        let without = CrashPointRules.violations(in: SourceTree.productFiles.filter { $0.target != "Ledger" })
        #expect(without == ["t0-sent is passed at 0 places", "t1-sent is passed at 0 places"])
    }

    @Test("no file names a path of the machine it was written on")
    func foreignPaths() {
        #expect(SourceTree.files.flatMap(WordRules.foreignPaths) == [])
        for path in WordRules.foreignPaths {
            #expect(WordRules.foreignPaths(in: SourceFile(path: "README.md", text: "see \(path)x")).count >= 1)
        }
    }
}
