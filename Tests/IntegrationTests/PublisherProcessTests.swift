import Contracts
import EventLoop
import Glibc
import JSONText
import Kafka
import TestSupport
import Testing

/// Two publishers as processes over the Salesforce sandbox, a private PostgreSQL and a broker.
@Suite("Publishers as processes", .serialized)
struct PublisherProcessTests {
    @Test(
        "when the leader is killed the second publishes on, each order once, complete and valid",
        arguments: KafkaBrokerKind.available)
    func takeOverLosesNothing(kind: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(120)) {
            try await ServiceStack.with(kind) { stack in
                stack.environment["START_FROM"] = nil
                stack.environment["SALESFORCE_REQUEST_SECONDS"] = nil
                let reader = try TopicReader(stack.broker, group: "test", topic: Topic.orderSubmitted.name)
                // Each look at an object takes long: ready is nobody before it is durable from when orders are taken.
                try await stack.salesforce.control.post(
                    "/faults", ["kind": "latency", "milliseconds": 400, "path": "/describe", "times": nil])
                let first = try stack.start(.orderPublisher)
                try await first.untilNotReady(because: "from when orders are taken")
                try await first.untilReady()
                try await stack.salesforce.control.delete("/faults")
                let second = try stack.start(.orderPublisher)
                try await makeOrders(30, stack)
                try await eventually("the first thirty orders") { orderIds(reader).count == 30 }
                try await second.untilReady()
                try await makeOrders(20, stack)
                first.process.send(signal: SIGKILL)
                try await second.untilLogged("leading holder=", within: .seconds(15))
                try await makeOrders(5, stack)
                try await eventually("all orders", within: .seconds(60)) { orderIds(reader).count == 55 }
                try check(reader.messages)
                // SIGTERM while nothing hangs: far below the five seconds that are promised.
                #expect(await second.stop() == 0)
                await reader.close()
            }
        }
    }

    /// Makes active orders, all with one stamp.
    @Loop
    private func makeOrders(_ count: Int, _ stack: ServiceStack) async throws {
        try await stack.salesforce.control.post(
            "/orders",
            [
                "account": ["name": "Bäckerei Grün"], "count": .number(JSONNumber(count)), "activate": true,
                "lines": [
                    ["sku": "SKU-RED", "quantity": 2, "unitPrice": "49.50"], ["sku": "SKU-MAT", "quantity": 1],
                ],
            ])
    }

    @Loop
    private func orderIds(_ reader: TopicReader) -> Set<String> {
        Set(reader.messages.compactMap { $0.key.map { String(decoding: $0, as: UTF8.self) } })
    }

    /// Each message reads as a consumer reads it; repeated ones are the same event to the byte.
    private func check(_ messages: [KafkaMessage]) throws {
        var events: [String: (id: String, value: [UInt8]?)] = [:]
        for message in messages {
            let read = try Topic.orderSubmitted.read(
                key: message.key, headers: message.headers.map { ($0.name, $0.value) }, value: message.value)
            let order = read.message
            #expect(order.account.name == "Bäckerei Grün" && order.currency == "USD")
            #expect(order.lines.map(\.sku) == ["SKU-RED", "SKU-MAT"])
            #expect(order.lines.first?.unitPrice.plainText == "49.5")
            #expect(read.headers.traceparent != nil)
            let known = events[order.orderId.text]
            #expect(known == nil || (known?.id == read.headers.id.text && known?.value == message.value))
            events[order.orderId.text] = (read.headers.id.text, message.value)
        }
    }
}
