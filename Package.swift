// swift-tools-version:6.0
import PackageDescription

/// One folder a target. Who may import whom is kept by Tests/ArchitectureTests; docs/architecture.md says why.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .unsafeFlags(["-warnings-as-errors"]),
]

func cLibrary(_ name: String) -> Target {
    .systemLibrary(name: name, path: "Shared/CLibraries/\(name)")
}

func shared(_ name: String, _ dependencies: [String] = [], exclude: [String] = []) -> Target {
    .target(
        name: name, dependencies: dependencies.map { .init(stringLiteral: $0) }, path: "Shared/\(name)",
        exclude: exclude, swiftSettings: strict)
}

func service(_ name: String, at folder: String = "", _ dependencies: [String]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies.map { .init(stringLiteral: $0) }, path: "Services/\(folder)\(name)",
        swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [String], exclude: [String] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: (dependencies + ["TestSupport"]).map { .init(stringLiteral: $0) },
        path: "Tests/\(name)Tests", exclude: exclude, swiftSettings: strict)
}

let cLibraries = [
    "CLinux", "CLibrdkafka", "CLibpq", "CLibcurl", "CLibmicrohttpd", "CLibcrypto", "CLibyaml",
].map(cLibrary)

let sharedModules: [Target] = [
    shared("CrashPoints"),
    shared("EventLoop", ["CLinux"]),
    shared("Telemetry"),
    shared("JSONText"),
    shared("CommandLineGrammar"),
    shared("Signing", ["CLibcrypto"]),
    shared("YAML", ["CLibyaml"]),
    shared("HTTPClient", ["CrashPoints", "EventLoop", "Telemetry", "CLibcurl"]),
    shared("HTTPServer", ["EventLoop", "Telemetry", "CLibmicrohttpd"]),
    shared("Kafka", ["EventLoop", "Telemetry", "CLibrdkafka", "CLinux"], exclude: ["README.md"]),
    shared("Postgres", ["EventLoop", "Telemetry", "CLibpq"]),
    shared("Contracts", ["JSONText"], exclude: ["Schemas"]),
    shared("Ledger", ["Postgres", "Contracts", "CrashPoints", "JSONText", "EventLoop", "Telemetry"]),
    shared("Salesforce", ["HTTPClient", "JSONText", "Signing", "EventLoop", "Telemetry", "Contracts"]),
    shared("NetSuite", ["HTTPClient", "JSONText", "Signing", "EventLoop", "Telemetry", "Contracts"]),
    shared("OrderMapping", ["Contracts", "NetSuite", "YAML", "JSONText"]),
    shared(
        "ServiceRuntime",
        [
            "Kafka", "Ledger", "Postgres", "Contracts", "CrashPoints", "JSONText", "HTTPServer", "CommandLineGrammar",
            "EventLoop", "Telemetry",
        ]),
    shared(
        "NetSuiteAccess", ["NetSuite", "ServiceRuntime", "Ledger", "Contracts", "Signing", "EventLoop", "Telemetry"]),
    shared("TestSupport", ["EventLoop", "Kafka", "Postgres", "Ledger", "Contracts", "Telemetry"]),
]

let services: [Target] = [
    service(
        "OrderPublisher",
        [
            "ServiceRuntime", "EventLoop", "Contracts", "CrashPoints", "Ledger", "JSONText", "Telemetry", "Salesforce",
            "Signing",
        ]),
    service(
        "NetSuiteWriter",
        [
            "ServiceRuntime", "EventLoop", "Contracts", "CrashPoints", "Ledger", "JSONText", "Telemetry", "NetSuite",
            "NetSuiteAccess", "OrderMapping", "Signing",
        ]),
    service(
        "InventoryPoller",
        [
            "ServiceRuntime", "EventLoop", "Contracts", "CrashPoints", "Ledger", "JSONText", "Telemetry", "NetSuite",
            "NetSuiteAccess",
        ]),
    service(
        "StatusFeedback",
        [
            "ServiceRuntime", "EventLoop", "Contracts", "CrashPoints", "Ledger", "JSONText", "Telemetry", "Salesforce",
            "NetSuite", "NetSuiteAccess",
        ]),
    service(
        "Crossdock",
        [
            "ServiceRuntime", "EventLoop", "Contracts", "Ledger", "JSONText", "Telemetry", "Salesforce", "NetSuite",
            "OrderMapping", "YAML", "CommandLineGrammar",
        ]),
    .target(
        name: "SandboxFaults", dependencies: ["HTTPServer", "JSONText", "Signing", "EventLoop"],
        path: "Services/Sandboxes/SandboxFaults", swiftSettings: strict),
    service(
        "SalesforceSandbox", at: "Sandboxes/",
        ["SandboxFaults", "HTTPServer", "JSONText", "Signing", "CommandLineGrammar", "EventLoop", "Telemetry"]),
    service(
        "NetSuiteSandbox", at: "Sandboxes/",
        ["SandboxFaults", "HTTPServer", "JSONText", "Signing", "CommandLineGrammar", "EventLoop", "Telemetry"]),
    service(
        "EmbeddedBroker", at: "Sandboxes/",
        ["CLibrdkafka", "Contracts", "CommandLineGrammar", "EventLoop", "Telemetry"]),
]

/// What `make bench` measures netsuite-writer between; in no image.
let benches: [Target] = [
    .executableTarget(
        name: "WriterBench",
        dependencies: ["HTTPServer", "Kafka", "Contracts", "JSONText", "CommandLineGrammar", "EventLoop", "Telemetry"],
        path: "Tests/Bench/WriterBench", swiftSettings: strict)
]

let allTests: [Target] = [
    tests("CrashPoints", ["CrashPoints"]),
    tests("EventLoop", ["EventLoop"]),
    tests("Telemetry", ["Telemetry"]),
    tests("JSONText", ["JSONText"]),
    tests("CommandLineGrammar", ["CommandLineGrammar"]),
    tests("Signing", ["Signing"]),
    tests("YAML", ["YAML"]),
    tests("HTTPClient", ["HTTPClient", "HTTPServer", "EventLoop", "Telemetry"]),
    tests("HTTPServer", ["HTTPServer", "HTTPClient", "EventLoop", "Telemetry"]),
    tests("Kafka", ["Kafka", "EventLoop", "Telemetry"]),
    tests("Postgres", ["Postgres", "EventLoop", "Telemetry"]),
    tests("Contracts", ["Contracts", "JSONText"]),
    tests("Ledger", ["Ledger", "Postgres", "Contracts", "JSONText", "EventLoop", "Telemetry"]),
    tests(
        "Salesforce",
        ["Salesforce", "Contracts", "JSONText", "HTTPClient", "HTTPServer", "Signing", "EventLoop", "Telemetry"]),
    tests(
        "NetSuite",
        ["NetSuite", "Contracts", "JSONText", "HTTPClient", "HTTPServer", "Signing", "EventLoop", "Telemetry"]),
    tests("OrderMapping", ["OrderMapping", "Contracts", "JSONText", "NetSuite", "YAML"]),
    tests(
        "ServiceRuntime",
        [
            "ServiceRuntime", "Kafka", "Ledger", "Postgres", "Contracts", "JSONText", "EventLoop", "Telemetry",
            "HTTPServer",
        ]),
    tests(
        "OrderPublisher",
        [
            "OrderPublisher", "Contracts", "JSONText", "Salesforce", "Ledger", "Postgres", "ServiceRuntime",
            "EventLoop", "Telemetry",
        ]),
    tests(
        "NetSuiteWriter",
        [
            "NetSuiteWriter", "Contracts", "JSONText", "NetSuite", "NetSuiteAccess", "OrderMapping", "Ledger",
            "Postgres", "ServiceRuntime", "EventLoop", "HTTPClient", "Signing", "Telemetry",
        ]),
    tests(
        "InventoryPoller",
        [
            "InventoryPoller", "Contracts", "JSONText", "NetSuite", "NetSuiteAccess", "Ledger", "Postgres", "Kafka",
            "ServiceRuntime", "HTTPClient", "HTTPServer", "Signing", "EventLoop", "Telemetry",
        ]),
    tests(
        "StatusFeedback",
        [
            "StatusFeedback", "Contracts", "JSONText", "Salesforce", "NetSuite", "NetSuiteAccess", "Ledger",
            "ServiceRuntime", "Kafka", "Postgres", "HTTPClient", "HTTPServer", "Signing", "EventLoop", "Telemetry",
        ]),
    tests(
        "Crossdock",
        [
            "Crossdock", "Contracts", "JSONText", "Ledger", "Postgres", "OrderMapping", "CommandLineGrammar",
            "Telemetry",
            "EventLoop",
        ]),
    tests("SandboxFaults", ["SandboxFaults", "JSONText", "HTTPServer", "HTTPClient", "EventLoop", "Telemetry"]),
    tests(
        "SalesforceSandbox", ["SalesforceSandbox", "SandboxFaults", "JSONText", "HTTPServer", "Signing", "EventLoop"]),
    tests("NetSuiteSandbox", ["NetSuiteSandbox", "SandboxFaults", "JSONText", "HTTPServer", "Signing", "EventLoop"]),
    tests("Architecture", ["CrashPoints"]),
    tests(
        "WriterBench",
        ["WriterBench", "Contracts", "JSONText", "HTTPServer", "HTTPClient", "Kafka", "EventLoop", "Telemetry"]),
    tests(
        "Corpus",
        [
            "NetSuiteWriter", "NetSuite", "Salesforce", "Contracts", "JSONText", "ServiceRuntime", "Kafka", "Ledger",
            "HTTPServer", "HTTPClient", "Signing", "EventLoop", "Telemetry",
        ]),
    .testTarget(
        name: "IntegrationTests",
        dependencies: [
            "TestSupport", "Kafka", "Postgres", "Ledger", "Contracts", "JSONText", "EventLoop", "Telemetry",
            "HTTPClient", "Signing", "YAML",
        ],
        path: "Tests/IntegrationTests", swiftSettings: strict),
]

/// `CROSSDOCK_TEST_TARGETS=LedgerTests,KafkaTests swift test` builds these test targets only.
let wantedTests = Context.environment["CROSSDOCK_TEST_TARGETS"].map { $0.split(separator: ",").map(String.init) }
/// Set and empty, it leaves out all that is in Tests: images are built without this folder.
let isWithoutTests = wantedTests?.isEmpty == true

func executable(_ product: String, _ target: String) -> Product {
    .executable(name: product, targets: [target])
}

let package = Package(
    name: "crossdock",
    products: [
        executable("order-publisher", "OrderPublisher"),
        executable("netsuite-writer", "NetSuiteWriter"),
        executable("status-feedback", "StatusFeedback"),
        executable("inventory-poller", "InventoryPoller"),
        executable("crossdock", "Crossdock"),
        executable("salesforce-sandbox", "SalesforceSandbox"),
        executable("netsuite-sandbox", "NetSuiteSandbox"),
        executable("embedded-broker", "EmbeddedBroker"),
    ] + (isWithoutTests ? [] : [executable("writer-bench", "WriterBench")]),
    targets: cLibraries + sharedModules + services + (isWithoutTests ? [] : benches)
        + allTests.filter { target in wantedTests.map { $0.contains(target.name) } ?? true }
)
