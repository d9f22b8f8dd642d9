import CommandLineGrammar
import EventLoop
import Glibc
import HTTPServer
import Kafka
import Telemetry

/// `writer-bench`: what netsuite-writer's speed is measured between.
@main
struct WriterBenchCommand {
    static func main() {
        exit(EventLoop.shared.run { await command.main() })
    }

    static let command = Command(
        name: "writer-bench",
        summary: "Both neighbours of netsuite-writer in one process: orders into Kafka, and a flat NetSuite",
        discussion: """
            Kafka is reached by KAFKA_BOOTSTRAP_SERVERS; KAFKA_EMBEDDED=true where it is the embedded broker.

              POST /control/run      begins a run: {"orders":20000,"from":0,"accounts":500,"skus":2000,"seed":1,
                                     "repeatShare":0,"rate":0,"aheadBytes":0,"serviceMilliseconds":0,"slots":0,"partitions":12}
              GET  /control/figures  what was produced, and what was seen at NetSuite's door since the run began
              GET  /control/orders   every order that is there: its internal id by its external id

            Everything else is NetSuite. What was created stays over runs; it ends with the process.
            """,
        options: [.integer("port", in: 0...65_535, help: "the port on 127.0.0.1; 0 takes a free one", default: 0)],
        run: { arguments in
            do {
                return try await serve(port: UInt16(arguments.integer("port") ?? 0))
            } catch {
                TerminalOutput.standardError("writer-bench: \(error)\n")
                return ExitCode.failure
            }
        })

    @Loop
    private static func serve(port: UInt16) async throws -> Int32 {
        guard let brokers = setting("KAFKA_BOOTSTRAP_SERVERS") else {
            TerminalOutput.standardError("writer-bench: KAFKA_BOOTSTRAP_SERVERS is not set; name a broker, host:port\n")
            return ExitCode.configuration
        }
        let logger = Logger(label: "writer-bench")
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        // Before the library starts threads: they inherit the blocked signals.
        let signals = try SignalWatch { _ in end.finish() }
        let driver = OrderDriver(
            connection: KafkaConnection(
                bootstrapServers: brokers, clientId: "writer-bench", embedded: setting("KAFKA_EMBEDDED") == "true"),
            logger: logger)
        let control = BenchControl(netSuite: FlatNetSuite(), driver: driver)
        let configuration = HTTPServerConfiguration(
            port: port, maximumConnections: 1_024, maximumConnectionsPerAddress: 1_024, idleTimeout: .seconds(300))
        let server = HTTPServer(configuration: configuration, logger: logger) { await control.answer($0) }
        try server.start()
        control.netSuite.origin = "http://127.0.0.1:\(server.port)"
        TerminalOutput.standardOutput("listening on \(control.netSuite.origin)\n")
        for await _ in ended {}
        withExtendedLifetime(signals) {}
        await driver.close()
        return ExitCode.success
    }

    private static func setting(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
