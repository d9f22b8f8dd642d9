import EventLoop
import FoundationEssentials
import Glibc

/// A private Apache Kafka: one node, KRaft, on free ports, everything in a directory of its own.
@Loop
enum RealKafka {
    nonisolated static var home: String? {
        ProcessInfo.processInfo.environment["KAFKA_HOME"].flatMap { $0.isEmpty ? nil : $0 }
    }

    nonisolated static var hasJava: Bool {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
            .contains { access("\($0)/java", X_OK) == 0 }
    }

    /// A free port may be another process's by the time that Kafka is ready to take it: then once more, on others.
    static func start() async throws -> KafkaBroker {
        for _ in 0..<3 {
            do { return try await startOnFreePorts() } catch let error as ChildProcessError {
                guard error.description.contains("SocketServer") else { throw error }
            }
        }
        return try await startOnFreePorts()
    }

    private static func startOnFreePorts() async throws -> KafkaBroker {
        guard let home else { throw ChildProcessError(description: "KAFKA_HOME is not set") }
        let directory = try Leftovers.shared.makeDirectory("kafka")
        let (port, controllerPort) = try freePorts()
        try write(properties(directory: directory, port: port, controllerPort: controllerPort), to: directory, "server")
        try write(logging, to: directory, "log4j2")
        let java = [
            "java", "-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true",
            "-Dlog4j2.configurationFile=\(directory)/log4j2.properties", "-cp", "\(home)/libs/*",
        ]
        let properties = "\(directory)/server.properties"
        let log = "\(directory)/broker.log"
        let formatting = try ChildProcess.start(
            java + [
                "kafka.tools.StorageTool", "format", "--ignore-formatted", "--cluster-id", "Y3Jvc3Nkb2NrLXRlc3QtMQ",
                "--config", properties,
            ], output: log)
        guard await formatting.waitForExit(within: .seconds(30)) == 0 else {
            throw ChildProcessError(description: "Kafka's storage could not be formatted: \(tail(of: log))")
        }
        let process = try ChildProcess.start(java + ["kafka.Kafka", properties], output: log)
        try await eventually("Apache Kafka serves", within: .seconds(45)) {
            guard process.isRunning else {
                throw ChildProcessError(description: "Apache Kafka ended while it started: \(tail(of: log))")
            }
            return text(of: log).contains("Kafka Server started")
        }
        return KafkaBroker(
            kind: .real, bootstrapServers: "127.0.0.1:\(port)", process: process, directory: directory)
    }

    private static func properties(directory: String, port: UInt16, controllerPort: UInt16) -> String {
        """
        process.roles=broker,controller
        node.id=1
        controller.quorum.voters=1@127.0.0.1:\(controllerPort)
        controller.listener.names=CONTROLLER
        listeners=PLAINTEXT://127.0.0.1:\(port),CONTROLLER://127.0.0.1:\(controllerPort)
        advertised.listeners=PLAINTEXT://127.0.0.1:\(port)
        log.dirs=\(directory)/data
        auto.create.topics.enable=false
        default.replication.factor=1
        offsets.topic.replication.factor=1
        offsets.topic.num.partitions=4
        transaction.state.log.replication.factor=1
        transaction.state.log.min.isr=1
        transaction.state.log.num.partitions=4
        share.coordinator.state.topic.replication.factor=1
        share.coordinator.state.topic.min.isr=1
        group.initial.rebalance.delay.ms=0
        log.segment.bytes=67108864
        message.max.bytes=33554432
        replica.fetch.max.bytes=33554432
        log.cleaner.dedupe.buffer.size=16777216
        broker.heartbeat.interval.ms=500
        broker.session.timeout.ms=2000

        """
    }

    /// Without a configuration Kafka says nothing, not even that it has started.
    private static let logging = """
        rootLogger.level=INFO
        rootLogger.appenderRef.stdout.ref=STDOUT
        appender.stdout.type=Console
        appender.stdout.name=STDOUT
        appender.stdout.layout.type=PatternLayout
        appender.stdout.layout.pattern=[%d] %p %m (%c)%n

        """

    private static func write(_ text: String, to directory: String, _ name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(directory)/\(name).properties"))
    }

    private static func text(of file: String) -> String {
        FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private static func tail(of file: String) -> String { String(text(of: file).suffix(2000)) }
}
