import CommandLineGrammar
import Contracts
import EventLoop
import Glibc

/// Starts the cluster, says where it is, and waits for the signal to end.
@Loop
enum EmbeddedBrokerService {
    /// The topics that every start creates.
    nonisolated static let crossdockTopics = [
        Topic<OrderSnapshot>.orderSubmitted.name, Topic<Settlement>.orderSettled.name,
        Topic<OrderProgress>.orderProgressed.name, Topic<StockCount>.inventoryCounted.name,
    ]

    static func run(topics: Set<String>, partitionCount: Int, bootstrapFile: String?) async -> Int32 {
        let ending = Ending()
        do {
            // Before the library starts threads: they inherit the blocked signals.
            let signals = try SignalWatch { _ in ending.come() }
            let cluster = try EmbeddedCluster()
            defer { cluster.close() }
            for topic in topics.sorted() { try cluster.createTopic(topic, partitionCount: partitionCount) }
            if let bootstrapFile { try replaceFile(bootstrapFile, with: cluster.bootstrapServers + "\n") }
            TerminalOutput.standardOutput(
                """
                Embedded Kafka broker on \(cluster.bootstrapServers): \(topics.count) topics of \(partitionCount) partitions.
                It keeps nothing on disk: for demo, tests and trial only.

                """)
            await ending.wait()
            withExtendedLifetime(signals) {}
            if let bootstrapFile { unlink(bootstrapFile) }
            return ExitCode.success
        } catch {
            TerminalOutput.standardError("embedded-broker: \(error)\n")
            return ExitCode.failure
        }
    }

    /// A reader sees the whole address or no file.
    private static func replaceFile(_ path: String, with text: String) throws(EmbeddedBrokerError) {
        let draft = "\(path).\(getpid())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .file(path: path, code: errno) }
        let bytes = Array(text.utf8)
        let written = write(descriptor, bytes, bytes.count)
        close(descriptor)
        guard written == bytes.count, rename(draft, path) == 0 else {
            let code = errno
            unlink(draft)
            throw .file(path: path, code: code)
        }
    }
}

/// The end of the process, asked for once.
@Loop
private final class Ending {
    private var hasCome = false
    private var waiter: CheckedContinuation<Void, Never>?

    func come() {
        hasCome = true
        waiter?.resume()
        waiter = nil
    }

    func wait() async {
        if hasCome { return }
        await withCheckedContinuation { waiter = $0 }
    }
}
