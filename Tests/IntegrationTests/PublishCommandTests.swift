import EventLoop
import JSONText
import TestSupport
import Testing

/// `crossdock orders publish` against running services.
@Suite("Publishing on request")
struct PublishCommandTests {
    @Test("an order that was active before the start is sent when it is asked for, and followed until it is written")
    func leftOut() async throws {
        try await onLoop(within: .seconds(90)) {
            try await ServiceStack.with { stack in
                stack.environment["START_FROM"] = nil
                let desk = OrderDesk(stack)
                try await desk.addAccounts(1)
                try await desk.addOrders(1)
                _ = try await stack.startAll()
                let id = try #require(desk.orders.first)
                let ending = try ForeignProgram.run(
                    BuiltProduct.path("crossdock"),
                    ["orders", "publish", String(id.prefix(15)), "--by", "desk", "--within", "60"],
                    environment: stack.environment)
                #expect(ending.status == 0, "\(ending.output)")
                for words in ["publication asked for", "by desk", "version found", "attempt begun", "settled  written"]
                {
                    #expect(ending.output.contains(words), "\(words) is not in \(ending.output)")
                }
                let unknown = try ForeignProgram.run(
                    BuiltProduct.path("crossdock"), ["orders", "publish", "00009999"], environment: stack.environment)
                #expect(unknown.status == 1)
                #expect(unknown.output.contains("knows no order"), "\(unknown.output)")
                #expect(try await stack.salesOrders().count == 1)
            }
        }
    }
}
