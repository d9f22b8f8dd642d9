import Contracts
import FoundationEssentials
import Kafka
import TestSupport
import Testing

@testable import WriterBench

@Suite("Orders of the bench")
struct OrderFactoryTests {
    static let factory = Result { try OrderFactory(seed: 1, accounts: 500, skus: 2_000, repeatShare: 0.1) }

    @Test("each is valid against the topic's JSON Schema, and headers, key and payload agree")
    func valid() throws {
        let factory = try Self.factory.get()
        let messages = try [0, 1, 499, 500, 19_999, 1_999_999].map { try factory.message($0) }
        let script = """
            import json, sys, jsonschema
            schema = json.load(open(sys.argv[1]))
            for line in sys.stdin:
                for error in jsonschema.Draft202012Validator(schema).iter_errors(json.loads(line)):
                    print(error.json_path, error.message)
            """
        let schema = ForeignProgram.packageFolder.appending(
            path: "Shared/Contracts/Schemas/salesforce.order.submitted.v1.schema.json")
        let lines = messages.map { String(decoding: $0.value, as: UTF8.self) + "\n" }.joined()
        let ending = try ForeignProgram.run("/usr/bin/python3", ["-c", script, schema.path()], input: lines)
        #expect(ending.output == "")
        #expect(ending.status == 0)
        for message in messages {
            let read = try Topic.orderSubmitted.read(
                key: message.key, headers: message.headers.map { (name: $0.name, value: $0.value) },
                value: message.value)
            #expect(OrderFactory.number(endingWith: read.message.orderId.text.utf8) == message.number)
            #expect((3...6).contains(read.message.lines.count))
        }
    }

    @Test("they have 2 KB on average, within a tenth")
    func size() throws {
        let factory = try Self.factory.get()
        let bytes = try (0..<1_000).map { try factory.message($0).value.count }.reduce(0, +)
        #expect((1_843...2_253).contains(bytes / 1_000))
    }

    @Test("the same seed and number give the same bytes, another seed or number others")
    func determined() throws {
        let (one, again) = (try Self.factory.get(), try OrderFactory(seed: 1, accounts: 500, skus: 2_000))
        let other = try OrderFactory(seed: 2, accounts: 500, skus: 2_000)
        for number in [0, 7, 4_711] {
            let message = try one.message(number)
            #expect(try again.message(number).value == message.value)
            #expect(try again.message(number).headers == message.headers)
            #expect(try other.message(number).value != message.value)
            #expect(try one.message(number + 1).headers != message.headers)
        }
    }

    @Test("a bench that was changed still makes the orders that earlier figures were of")
    func sameAsEver() throws {
        let message = try Self.factory.get().message(0)
        #expect(String(decoding: message.key, as: UTF8.self) == "801Ln0000000000IAA")
        #expect(message.headers.first { $0.name == "ce_id" }?.text == "d9e48427-2f67-4712-a9bd-10db6bcd372f")
    }

    @Test("keys are Salesforce ids with the suffix that fits, each order's its own")
    func keys() throws {
        let factory = try Self.factory.get()
        let keys = try (0..<2_000).map { String(decoding: try factory.message($0).key, as: UTF8.self) }
        #expect(Set(keys).count == keys.count)
        for key in keys { #expect(try SalesforceId(complete: key).namesOrder) }
    }

    @Test("the first so many orders are of so many accounts, and SKUs are of the given count")
    func accounts() throws {
        let factory = try OrderFactory(seed: 3, accounts: 50, skus: 10)
        let snapshots = try (0..<200).map { try OrderSnapshot.decode(factory.message($0).value) }
        #expect(Set(snapshots.prefix(50).map(\.account.id)).count == 50)
        #expect(Set(snapshots.map(\.account.id)).count == 50)
        #expect(Set(snapshots.flatMap(\.lines).map(\.sku)).count == 10)
    }

    @Test("about the wanted part of the orders comes twice", arguments: [0, 0.1, 1])
    func repeats(share: Double) throws {
        let factory = try OrderFactory(seed: 1, accounts: 500, skus: 2_000, repeatShare: share)
        let count = try (0..<2_000).count { try factory.message($0).isRepeated }
        #expect(abs(Double(count) - share * 2_000) <= 40)
    }

    @Test(
        "an order's number is read from an id of ours only",
        arguments: [
            ("801Ln0000000012IAA", 12), ("SF-801Ln0000000012IAA", 12), ("801Ln00000000X2IAA", nil),
            ("001Ln0000000012IAA", nil), ("801xx0000000012IAA", nil), ("12IAA", nil),
        ] as [(String, Int?)])
    func numbers(text: String, number: Int?) {
        #expect(OrderFactory.number(endingWith: text.utf8) == number)
    }

    @Test("a SKU's number is read from a SKU of ours only")
    func skus() {
        #expect(OrderFactory.number(ofSKU: OrderFactory.sku(17)) == 17)
        #expect(OrderFactory.number(ofSKU: "crossdock") == nil)
        #expect(OrderFactory.number(ofSKU: "LOAD-17") == nil)
    }
}
