import Contracts
import EventLoop
import Foundation
import TestSupport
import Testing

/// `deploy/topics/create-topics` makes what topics.txt says, and leaves alone what is there.
@Suite("The topics' file")
struct TopicsFileTests {
    private static let script = ForeignProgram.packageFolder.appending(path: "deploy/topics/create-topics").path

    @Test(
        "a list that cannot be used is refused before Kafka is asked, with the line",
        arguments: [
            ("a.b.c.v1 12 604800000 1", "1: has 4 columns"),
            ("# fine\na.b.c.v1 12 604800000 1 1\na.b.d.v1 12 7days 1 1", "3: column 3"),
            ("a.b.c.v1 0 604800000 1 1", "1: column 2"),
            ("a.b.c.v1 12 604800000 1 2", "1: min.insync.replicas is more than there are replicas"),
        ])
    func refused(list: String, says: String) throws {
        let folder = try Leftovers.shared.makeDirectory("topics")
        defer { Leftovers.shared.removeDirectory(folder) }
        try Data("\(list)\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/list"))
        let ending = try Self.create(list: "\(folder)/list", on: "127.0.0.1:1", tool: "/bin/true")
        #expect(ending.status == 1)
        #expect(ending.output.contains(says), "\(ending.output)")
    }

    @Test("without brokers to ask it fails")
    func withoutKafka() throws {
        let list = ForeignProgram.packageFolder.appending(path: "deploy/topics/topics.txt").path
        let ending = try Self.create(list: list, on: "127.0.0.1:1", tool: "/bin/false")
        #expect(ending.status == 1)
        #expect(ending.output.contains("no answer from Kafka"), "\(ending.output)")
    }

    @Test("replicas and min.insync.replicas of each topic reach Kafka's tool as the file has them")
    func replicas() throws {
        let folder = try Leftovers.shared.makeDirectory("topics")
        defer { Leftovers.shared.removeDirectory(folder) }
        let tool = try Self.write("#!/bin/sh\nexec echo \"$@\"\n", toProgram: "\(folder)/tool")
        try Data("a.b.c.v1 12 -1 3 2\na.b.d.v1 6 60000 1 1\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/list"))
        let ending = try Self.create(list: "\(folder)/list", on: "127.0.0.1:1", tool: tool)
        #expect(ending.status == 0)
        let made = ending.output.split(separator: "\n").filter { $0.contains("--create") }
        #expect(
            made == [
                """
                --bootstrap-server 127.0.0.1:1 --create --if-not-exists --topic a.b.c.v1 --partitions 12 \
                --replication-factor 3 --config retention.ms=-1 --config min.insync.replicas=2
                """,
                """
                --bootstrap-server 127.0.0.1:1 --create --if-not-exists --topic a.b.d.v1 --partitions 6 \
                --replication-factor 1 --config retention.ms=60000 --config min.insync.replicas=1
                """,
            ])
    }

    @Test(
        "Apache Kafka gets the topics with partitions, retention and min.insync.replicas; a second run changes nothing",
        .enabled(if: KafkaBrokerKind.real.whyUnavailable == nil, "needs KAFKA_HOME"), .timeLimit(.minutes(3)))
    func onRealKafka() async throws {
        let broker = try await onLoop { try await KafkaBroker.start(.real, topics: []) }
        let folder = try Leftovers.shared.makeDirectory("topics")
        defer { Leftovers.shared.removeDirectory(folder) }
        let home = ProcessInfo.processInfo.environment["KAFKA_HOME"] ?? ""
        let java = "exec java -Xmx128m -cp '\(home)/libs/*' org.apache.kafka.tools.TopicCommand \"$@\""
        let tool = try Self.write("#!/bin/sh\n\(java)\n", toProgram: "\(folder)/kafka-topics")
        let (list, changed) = ("\(folder)/list", "\(folder)/changed")
        try Data("\(Topic.orderSubmitted.name) 5 86400000 1 1\n".utf8).write(to: URL(fileURLWithPath: list))
        try Data("\(Topic.orderSubmitted.name) 6 3600000 1 1\n".utf8).write(to: URL(fileURLWithPath: changed))

        let first = try Self.create(list: list, on: broker.bootstrapServers, tool: tool)
        let second = try Self.create(list: changed, on: broker.bootstrapServers, tool: tool)
        let made = try ForeignProgram.run(tool, ["--bootstrap-server", broker.bootstrapServers, "--describe"])
        try await onLoop { await broker.stop() }

        #expect(first.status == 0, "\(first.output)")
        #expect(second.status == 0, "\(second.output)")
        #expect(second.output.contains("partitions is 5, topics.txt says 6; left as it is"), "\(second.output)")
        #expect(second.output.contains("retention.ms is 86400000, topics.txt says 3600000; left"), "\(second.output)")
        let row = made.output.split(separator: "\n").first { $0.contains("PartitionCount") } ?? ""
        for part in ["PartitionCount: 5", "ReplicationFactor: 1", "retention.ms=86400000", "min.insync.replicas=1"] {
            #expect(row.contains(part), "\(part) is missing in: \(row)")
        }
    }

    private static func write(_ text: String, toProgram path: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    private static func create(list: String, on brokers: String, tool: String) throws -> ForeignProgram.Ending {
        let environment = ProcessInfo.processInfo.environment.merging(
            ["KAFKA_BOOTSTRAP_SERVERS": brokers, "KAFKA_TOPICS_TOOL": tool, "CROSSDOCK_TOPICS": list]
        ) { _, given in given }
        return try ForeignProgram.run("/bin/sh", [script], environment: environment)
    }
}
