import CLibrdkafka
import EventLoop
import Glibc

/// Why the broker does not run.
enum EmbeddedBrokerError: Error, CustomStringConvertible {
    case library(String)
    case topic(String, reason: String)
    case file(path: String, code: Int32)

    var description: String {
        switch self {
        case .library(let reason): "the mock cluster could not be made: \(reason)"
        case .topic(let name, let reason): "the topic \(name) could not be made: \(reason)"
        case .file(let path, let code):
            "the file \(path) could not be written: \(String(cString: strerror(code))); name one in a folder that exists"
        }
    }
}

/// librdkafka's mock cluster: one broker, reached over TCP by any client on this machine.
@Loop
final class EmbeddedCluster {
    nonisolated static let defaultPartitionCount = 12

    private let handle: OpaquePointer
    private let cluster: OpaquePointer

    /// `host:port` of the broker, chosen by the system.
    let bootstrapServers: String

    init() throws(EmbeddedBrokerError) {
        var text = [CChar](repeating: 0, count: 512)
        let configuration = rd_kafka_conf_new()
        // The handle only hosts the cluster: without this it would warn that it has no brokers.
        rd_kafka_conf_set(configuration, "log_level", "3", &text, text.count)
        guard let handle = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, &text, text.count) else {
            rd_kafka_conf_destroy(configuration)
            throw .library(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        guard let cluster = rd_kafka_mock_cluster_new(handle, 1) else {
            rd_kafka_destroy(handle)
            throw .library("no port could be opened on 127.0.0.1")
        }
        self.handle = handle
        self.cluster = cluster
        bootstrapServers = rd_kafka_mock_cluster_bootstraps(cluster).map { String(cString: $0) } ?? ""
    }

    func createTopic(_ name: String, partitionCount: Int) throws(EmbeddedBrokerError) {
        let result = rd_kafka_mock_topic_create(cluster, name, Int32(partitionCount), 1)
        guard result == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw .topic(name, reason: String(cString: rd_kafka_err2str(result)))
        }
    }

    /// Ends the broker; its connections are cut.
    func close() {
        rd_kafka_mock_cluster_destroy(cluster)
        rd_kafka_destroy(handle)
    }
}
