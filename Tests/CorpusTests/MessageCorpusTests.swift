import Contracts
import Foundation
import Kafka
import Ledger
import Telemetry
import TestSupport
import Testing

@testable import NetSuiteWriter
@testable import ServiceRuntime

@Suite("Poison messages through the decoders")
struct MessageCorpusTests {
    /// Messages and answers must be enough to mean something.
    @Test("the corpus has at least a hundred messages, each of another name")
    func size() throws {
        let messages = try PoisonMessage.all(first: 1)
        #expect(messages.count >= 100)
        #expect(Set(messages.map(\.name)).count == messages.count)
    }

    @Test("every message is read as its file says, in a time bound by its size")
    func decode() throws {
        for poison in try PoisonMessage.all(first: 1) {
            let started = ContinuousClock.now
            let result = Decoding.decode(Self.delivery(poison.message), now: Date())
            let took = ContinuousClock.now - started
            let size =
                (poison.message.value?.count ?? 0) + poison.message.headers.reduce(0) { $0 + ($1.value?.count ?? 0) }
            // Of a debug build on a busy machine; what grows with the square of the size takes minutes.
            #expect(took < .seconds(1) + .microseconds(size), "\(poison.name) took \(took) for \(size) bytes")
            check(result, of: poison)
        }
    }

    private func check(_ result: Decoding.Result, of poison: PoisonMessage) {
        switch (result, poison.end) {
        case (.order(let order), _):
            #expect(poison.isDecodable, "\(poison.name) was read")
            #expect(order.snapshot.orderId.text == poison.message.orderId, "\(poison.name)")
        case (.unreadable(let letter), .letter(let letterClass, let field)):
            #expect(!poison.isDecodable, "\(poison.name): \(letter.content.sentence)")
            #expect(letter.content.letterClass == letterClass.rawValue, "\(poison.name): \(letter.content.sentence)")
            #expect(letter.content.field == field, "\(poison.name): \(letter.content.sentence)")
            #expect((letter.orderId != nil) == poison.namesOrder, "\(poison.name)")
            #expect(letter.content.message?.value == poison.message.value, "\(poison.name)")
            #expect(!letter.content.sentence.contains(OrderMessage.mark), "\(poison.name) is quoted")
        case (.unreadable(let letter), _):
            Issue.record("\(poison.name) was not read: \(letter.content.sentence)")
        }
    }

    private static func delivery(_ message: OrderMessage) -> Delivery {
        Delivery(
            KafkaMessage(
                topic: Topic.orderSubmitted.name, partition: 0, offset: 0, key: message.key, value: message.value,
                headers: message.headers, timestamp: .unavailable),
            clusterId: "cluster", assignment: 1, logger: .silent)
    }
}
