/// Who may import whom. The compiler does not keep this table: a target that is reached through another one imports
/// without complaint, so the import lines are read here. docs/architecture.md says why it is as it is.
enum ImportRules {
    static let service: Set = [
        "ServiceRuntime", "EventLoop", "Contracts", "CrashPoints", "Ledger", "JSONText", "Telemetry",
    ]
    static let remote: Set = ["HTTPClient", "JSONText", "Signing", "EventLoop", "Telemetry", "Contracts"]
    static let sandbox: Set = [
        "SandboxFaults", "HTTPServer", "JSONText", "Signing", "CommandLineGrammar", "EventLoop", "Telemetry",
    ]

    static let allowed: [String: Set<String>] = [
        "OrderPublisher": service.union(["Salesforce", "Signing"]),
        "NetSuiteWriter": service.union(["NetSuite", "NetSuiteAccess", "OrderMapping", "Signing"]),
        "InventoryPoller": service.union(["NetSuite", "NetSuiteAccess"]),
        "StatusFeedback": service.union(["Salesforce", "NetSuite", "NetSuiteAccess"]),
        "Crossdock": service.union(["Salesforce", "NetSuite", "OrderMapping", "YAML", "CommandLineGrammar"]),
        "SalesforceSandbox": sandbox,
        "NetSuiteSandbox": sandbox,
        "SandboxFaults": ["HTTPServer", "JSONText", "Signing", "EventLoop"],
        "EmbeddedBroker": ["CLibrdkafka", "Contracts", "CommandLineGrammar", "EventLoop", "Telemetry"],
        "ServiceRuntime": [
            "Kafka", "Ledger", "Postgres", "Contracts", "CrashPoints", "JSONText", "HTTPServer", "CommandLineGrammar",
            "EventLoop", "Telemetry",
        ],
        "Ledger": ["Postgres", "Contracts", "CrashPoints", "JSONText", "EventLoop", "Telemetry"],
        "Contracts": ["JSONText"],
        "Salesforce": remote,
        "NetSuite": remote,
        "NetSuiteAccess": ["NetSuite", "ServiceRuntime", "Ledger", "Contracts", "Signing", "EventLoop", "Telemetry"],
        "OrderMapping": ["Contracts", "NetSuite", "YAML", "JSONText"],
        "Kafka": ["EventLoop", "Telemetry", "CLibrdkafka"],
        "Postgres": ["EventLoop", "Telemetry", "CLibpq"],
        "HTTPClient": ["CrashPoints", "EventLoop", "Telemetry", "CLibcurl"],
        "HTTPServer": ["EventLoop", "Telemetry", "CLibmicrohttpd"],
        "Signing": ["CLibcrypto"],
        "YAML": ["CLibyaml"],
        "EventLoop": ["CLinux"],
        "WriterBench": [
            "HTTPServer", "Kafka", "Contracts", "JSONText", "CommandLineGrammar", "EventLoop", "Telemetry",
        ],
        "CrashPoints": [], "JSONText": [], "Telemetry": [], "CommandLineGrammar": [],
        "TestSupport": ["EventLoop", "Kafka", "Postgres", "Ledger", "Contracts", "JSONText", "Telemetry"],
    ]

    /// What the toolchain and the C library give. Foundation proper is for tests: it is large and slow to start.
    static let platform: Set = ["FoundationEssentials", "Glibc", "Synchronization"]
    static let platformOfTests: Set = ["Foundation", "Testing", "FoundationEssentials", "Glibc", "Synchronization"]
    static let cModules: Set = [
        "CLibrdkafka", "CLibpq", "CLibcurl", "CLibmicrohttpd", "CLibcrypto", "CLibyaml", "CLinux",
    ]

    /// Each import that its file's target may not make, as one sentence.
    static func violations(in file: SourceFile) -> [String] {
        guard let target = file.target else { return [] }
        let isTest = file.path.hasPrefix("Tests/") && !file.isBench
        guard isTest || allowed[target] != nil else { return ["\(file.path): target \(target) is not in the table"] }
        let own = isTest ? Set(allowed.keys).union(["TestSupport"]) : allowed[target] ?? []
        let platform = file.isTest ? platformOfTests : Self.platform
        return imports(of: file).compactMap { line, module in
            if own.contains(module) || platform.contains(module) { return nil }
            let reason =
                cModules.contains(module)
                ? "a C library is imported by the one module that wraps it"
                : "not among what \(target) may import"
            return "\(file.path):\(line): import \(module): \(reason)"
        }
    }

    /// The modules that a file imports, each with its line.
    static func imports(of file: SourceFile) -> [(line: Int, module: String)] {
        file.swift.codeLines.enumerated().compactMap { index, line in
            let words = line.split(separator: " ").map(String.init)
            guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.count,
                words[..<keyword].allSatisfy({ $0.hasPrefix("@") || ["public", "package", "internal"].contains($0) })
            else { return nil }
            // `import struct Module.Name` names a kind before the module.
            let kinds: Set = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let name = kinds.contains(words[keyword + 1]) ? words.last ?? "" : words[keyword + 1]
            return (index + 1, name.split(separator: ".").first.map(String.init) ?? name)
        }
    }
}
