import Contracts
import EventLoop
import Kafka
import Postgres
import TestSupport
import Testing

/// Kafka loses messages that nobody has read.
@Suite("Lost messages")
struct LostMessagesTests {
    @Test("orders that Kafka deleted unread are sent again by themselves, and the writer says what happened")
    func sentAgain() async throws {
        try await onLoop(within: .seconds(90)) {
            try await ServiceStack.with(.embedded, partitionCount: 1) { stack in
                let desk = OrderDesk(stack)
                try await desk.addAccounts(2)
                try await desk.addOrders(3)
                _ = try stack.start(.orderPublisher)
                try await eventually("the orders are published") {
                    try await stack.query("select 1 from publications where acknowledged_at is not null").count == 3
                }
                // The embedded broker keeps the newest 5 MiB of a partition.
                try await fill(stack, messages: 7)
                let writer = try stack.start(.netSuiteWriter)
                try await eventually("NetSuite has the orders", within: .seconds(30)) {
                    let written = try await stack.salesOrders()
                    return desk.orders.allSatisfy { written["SF-\($0)"]?.count == 1 }
                }
                let readiness = await writer.readiness()
                #expect(readiness?.status == 200)
                #expect(readiness?.text.contains("the group has no offset") == true, "\(readiness?.text ?? "")")
                let metrics = try await writer.get("/metrics").text
                #expect(metrics.contains(#"kind="offsets-lost"} 1"#))
                #expect(writer.log.contains("kafka_gap"))
            }
        }
    }

    /// Puts large messages, which are no orders, behind what is there.
    @Loop
    private func fill(_ stack: ServiceStack, messages: Int) async throws {
        let producer = try KafkaProducer(
            configuration: KafkaProducerConfiguration(connection: stack.broker.connection()), logger: .silent)
        // Random, so that compression does not make it small.
        let value = (0..<900_000).map { _ in UInt8.random(in: 0...255) }
        for _ in 0..<messages {
            _ = try await producer.send(topic: Topic.orderSubmitted.name, key: nil, value: value)
        }
        await producer.close(within: .seconds(2))
    }
}
