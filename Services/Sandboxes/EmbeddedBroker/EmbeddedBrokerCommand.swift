import CommandLineGrammar
import EventLoop
import Glibc

/// Hosts an embedded Kafka broker in a process of its own, for demo, tests and trial.
@main
struct EmbeddedBrokerCommand {
    static func main() {
        exit(EventLoop.shared.run { await command.main() })
    }

    static let command = Command(
        name: "embedded-broker",
        summary: "Hosts an embedded Kafka broker on 127.0.0.1, for demo, tests and trial",
        discussion: """
            librdkafka's mock cluster behind a port that the system chooses. It keeps nothing on disk: topics, messages
            and offsets end with the process, and a partition keeps its newest 5 MiB only. Clients need the settings
            for it: set KAFKA_EMBEDDED=true in the services. It runs until SIGTERM or SIGINT.
            """,
        options: [
            .integer(
                "partitions", in: 1...1000, help: "Partitions of each topic",
                default: EmbeddedCluster.defaultPartitionCount),
            .text("topic", placeholder: "NAME", help: "A topic besides Crossdock's own", isRepeatable: true),
            .text("bootstrap-file", placeholder: "FILE", help: "Write the broker's address into this file once ready"),
        ],
        run: { arguments in
            await EmbeddedBrokerService.run(
                topics: Set(EmbeddedBrokerService.crossdockTopics + arguments.values("topic")),
                partitionCount: arguments.integer("partitions") ?? EmbeddedCluster.defaultPartitionCount,
                bootstrapFile: arguments.value("bootstrap-file"))
        })
}
