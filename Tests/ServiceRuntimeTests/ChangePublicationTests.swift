import Contracts
import EventLoop
import Foundation
import Ledger
import Postgres
import ServiceRuntime
import Telemetry
import TestSupport
import Testing

@Suite("What a watch publishes")
struct ChangePublicationTests {
    private static func progress(of number: Int, packages: Int) throws -> OrderProgress {
        var progress = OrderProgress(
            orderId: try SalesforceId("80100000000000\(number)AAA"), netSuite: .init(id: "\(4_710 + number)"),
            state: .shipped, asOf: UTCInstant(millisecondsSinceEpoch: 1_800_000_000_000))
        var shipment = OrderProgress.Shipment(id: "1", number: "IF1", status: "shipped")
        shipment.trackingNumbers = (0..<packages).map { "1Z9999999999\($0)" }
        progress.shipments = [shipment]
        return progress
    }

    @Test("a state whose message is larger than Kafka takes is left out, and stands in nobody's way")
    func tooLarge() async throws {
        try await onLoop {
            let pool = PostgresPool(
                configuration: try await PostgresCluster.shared().newLedgerDatabase(), logger: .silent)
            let ledger = Ledger(pool: pool, logger: .silent)
            let leadership = try #require(
                try await ledger.acquireLeadership(of: "test", holder: "first", lease: .seconds(60)))
            let troubles = Troubles(health: Health(), metrics: MetricsRegistry(), logger: .silent)
            var sent: [String] = []
            let publication = ChangePublication<OrderProgress>(
                topic: .orderProgressed, keepsHistory: true, ledger: ledger,
                patience: DatabasePatience(troubles: troubles, time: LoopTime.shared), logger: .silent,
                time: LoopTime.shared
            ) { (value, headers) async throws(Trouble) in
                guard value.count <= EventProducer.maximumValueBytes else { throw Trouble(.kafka, "too large") }
                sent.append(headers.subject)
            }
            let states = [
                try Self.progress(of: 1, packages: 60_000), try Self.progress(of: 2, packages: 3),
            ]
            #expect(try await publication.publish(states, under: leadership) == 1)
            #expect(sent == ["801000000000002AAA"])
            #expect(try await publication.finishOpen(under: leadership) == 0)
            await pool.close()
        }
    }
}
