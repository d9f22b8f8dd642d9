public import EventLoop
import FoundationEssentials
import Glibc
public import Kafka
public import Telemetry

/// The two brokers that every suite of ours runs on.
public enum KafkaBrokerKind: String, Sendable, CaseIterable, CustomStringConvertible {
    /// librdkafka's mock cluster in a process of its own.
    case embedded
    /// Apache Kafka, from the installation that KAFKA_HOME names.
    case real

    /// The kinds that can run here.
    public static var available: [KafkaBrokerKind] { allCases.filter { $0.whyUnavailable == nil } }

    /// Why this kind cannot run here, in words for a skipped test; nil when it can.
    public var whyUnavailable: String? {
        guard self == .real else { return nil }
        guard let home = RealKafka.home else {
            return "KAFKA_HOME names no installation of Apache Kafka, so its half of the suite is not run"
        }
        guard FileManager.default.fileExists(atPath: "\(home)/libs") else { return "there is no \(home)/libs" }
        guard RealKafka.hasJava else { return "no java is on the path (Debian: openjdk-17-jre-headless)" }
        return nil
    }

    /// Its name.
    public var description: String { rawValue }
}

/// A Kafka broker for tests, ended with the test process at the latest.
@Loop
public final class KafkaBroker {
    /// Which one it is.
    public nonisolated let kind: KafkaBrokerKind
    /// `host:port`.
    public nonisolated let bootstrapServers: String

    private let process: ChildProcess
    private let directory: String
    private var isShared = false

    init(kind: KafkaBrokerKind, bootstrapServers: String, process: ChildProcess, directory: String) {
        self.kind = kind
        self.bootstrapServers = bootstrapServers
        self.process = process
        self.directory = directory
    }

    /// How to reach it.
    public nonisolated func connection(clientId: String = "test") -> KafkaConnection {
        KafkaConnection(bootstrapServers: bootstrapServers, clientId: clientId, embedded: kind == .embedded)
    }

    // MARK: - Start and end

    /// A broker of the test's own with these topics: for tests that stop or freeze it.
    public static func start(
        _ kind: KafkaBrokerKind, topics: [String], partitionCount: Int = 12
    ) async throws -> KafkaBroker {
        switch kind {
        case .embedded:
            return try await startEmbedded(topics: topics, partitionCount: partitionCount)
        case .real:
            let broker = try await RealKafka.start()
            try await broker.createTopics(topics, partitionCount: partitionCount)
            return broker
        }
    }

    private static var sharedReal: Task<KafkaBroker, any Error>?

    /// A broker with these topics, which no other test may use: an embedded one of its own, or the one real broker
    /// that all tests of this process share.
    public static func ready(
        _ kind: KafkaBrokerKind, topics: [String], partitionCount: Int = 12
    ) async throws -> KafkaBroker {
        guard kind == .real else { return try await start(kind, topics: topics, partitionCount: partitionCount) }
        let starting = sharedReal ?? EventLoop.shared.start { try await RealKafka.start() }
        sharedReal = starting
        let broker = try await starting.value
        broker.isShared = true
        try await broker.createTopics(topics, partitionCount: partitionCount)
        return broker
    }

    private static func startEmbedded(topics: [String], partitionCount: Int) async throws -> KafkaBroker {
        let directory = try Leftovers.shared.makeDirectory("broker")
        let file = "\(directory)/bootstrap"
        let words = [
            try BuiltProduct.path("embedded-broker"), "--bootstrap-file", file, "--partitions", "\(partitionCount)",
        ]
        let process = try ChildProcess.start(
            words + topics.flatMap { ["--topic", $0] }, output: "\(directory)/broker.log")
        var address: String?
        try await eventually("the embedded broker's address") {
            address = FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) }
            guard process.isRunning else {
                throw ChildProcessError(description: "the embedded broker ended: see \(directory)/broker.log")
            }
            return address != nil
        }
        let bootstrap = (address ?? "").prefix { $0 != "\n" }
        return KafkaBroker(
            kind: .embedded, bootstrapServers: String(bootstrap), process: process, directory: directory)
    }

    private func createTopics(_ topics: [String], partitionCount: Int) async throws {
        guard !topics.isEmpty else { return }
        try await KafkaTopics.create(
            topics, partitionCount: partitionCount, connection: connection(clientId: "test-topics"),
            within: .seconds(20), logger: .silent)
        // A broker tells of a new topic only a moment after it was made.
        let observer = try KafkaProducer(
            configuration: KafkaProducerConfiguration(connection: connection(clientId: "test-observer")),
            logger: .silent)
        try await eventually("the new topics") {
            for topic in topics {
                let count = try await observer.partitionCount(of: topic, within: .seconds(5))
                if count != partitionCount { return false }
            }
            return true
        }
        await observer.close(within: .zero)
    }

    /// Ends it; the shared one stays for the other tests.
    public func release() async {
        if !isShared { await stop() }
    }

    /// Ends it now and removes its files.
    public func stop() async {
        await process.stop(within: kind == .embedded ? .seconds(2) : .milliseconds(100))
        Leftovers.shared.removeDirectory(directory)
    }

    /// Black-holes it: TCP still acknowledges, nothing answers.
    public func freeze() { process.send(signal: SIGSTOP) }

    /// Black-holes it, and returns when no thread of it runs any more.
    public func freezeWholly() async throws { try await process.freeze() }

    /// Lets it go on after ``freeze()``.
    public func thaw() { process.send(signal: SIGCONT) }
}

/// Where the executables of this build lie.
public enum BuiltProduct {
    /// The path of an executable of this package, built beside the tests.
    public static func path(_ name: String) throws -> String {
        let beside = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            .map { $0.split(separator: "/").dropLast().map { "/\($0)" }.joined() }
        let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
        let folders = [ProcessInfo.processInfo.environment["CROSSDOCK_BINARIES"], beside, "\(root)/.build/debug"]
        for folder in folders.compactMap({ $0 }) where access("\(folder)/\(name)", X_OK) == 0 {
            return "\(folder)/\(name)"
        }
        throw ChildProcessError(description: "the executable \(name) is not built: run swift build first")
    }
}

extension Logger {
    /// Writes nothing.
    public static var silent: Logger { Logger(label: "test", level: .error, sink: { _ in }) }
}
