import Contracts
import EventLoop
import Glibc
import JSONText
import Kafka
import TestSupport
import Testing

/// Two pollers as processes over the NetSuite sandbox, a private PostgreSQL and a broker.
@Suite("Inventory pollers as processes", .serialized)
struct InventoryProcessTests {
    @Test(
        "killed at any boundary, the one that stands by takes over, and the change arrives as one event",
        arguments: ["state-stored", "state-produced", "state-acknowledged", "cursor-moved"])
    func killed(boundary: String) async throws {
        try await onLoop(within: .seconds(90)) {
            try await ServiceStack.with { stack in
                stack.environment["LEADER_LEASE_SECONDS"] = "2"
                let reader = try TopicReader(stack.broker, group: "test", topic: Topic.inventoryCounted.name)
                let first = try stack.start(.inventoryPoller)
                try await first.untilLogged("all items are counted")
                #expect(await first.stop() == 0)
                let known = reader.messages.count
                let second = try stack.start(.inventoryPoller, with: ["CROSSDOCK_CRASH_POINT": boundary])
                try await second.untilLogged("leading holder=")
                let third = try stack.start(.inventoryPoller)
                try await third.untilLogged("standing by")
                // Stamps have minutes: a change of a later one moves the mark.
                try await stack.netSuite.control.patch("/clock", ["advanceSeconds": 120])
                try await stack.netSuite.control.patch(
                    "/items/SKU-RED", ["stock": [["location": "1", "onHand": "7"]]])
                try await eventually("the leader ends") { !second.process.isRunning }
                try await third.untilLogged("leading holder=", within: .seconds(15))
                try await eventually("the change arrives") {
                    try !changes(reader, behind: known).isEmpty
                }
                let found = try changes(reader, behind: known)
                #expect(Set(found.map(\.eventId)).count == 1)
                #expect(found.allSatisfy { $0.count.locations.first?.onHand.text == "7" })
                #expect(await third.stop() == 0)
                await reader.close()
            }
        }
    }

    /// Counts of the changed item behind what was there before, each read as a consumer reads it.
    @Loop
    private func changes(
        _ reader: TopicReader, behind known: Int
    ) throws -> [(eventId: String, count: StockCount)] {
        try reader.messages.dropFirst(known).map { message in
            let read = try Topic.inventoryCounted.read(
                key: message.key, headers: message.headers.map { ($0.name, $0.value) }, value: message.value)
            return (read.headers.id.text, read.message)
        }.filter { $0.count.sku == "SKU-RED" && $0.count.locations.first?.onHand.text == "7" }
    }
}
