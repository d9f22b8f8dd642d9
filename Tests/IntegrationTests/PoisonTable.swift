import Contracts
import EventLoop
import Foundation
import JSONText
import Kafka
import Postgres
import TestSupport
import Testing

/// Where a message stands.
struct MessagePlace: Hashable, Sendable {
    let partition: Int32
    let offset: Int64

    init(partition: Int32, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }

    init(_ message: KafkaMessage) { self.init(partition: message.partition, offset: message.offset) }
}

/// All poison with a good order before, between and behind, as sent, and what came of each.
@Loop
final class PoisonTable {
    struct Sent: Sendable {
        let name: String
        let message: OrderMessage
        let end: PoisonMessage.End
        let namesOrder: Bool
        let place: MessagePlace
    }

    private struct Letter: Sendable {
        let letterClass: String
        let field: String?
        let sentence: String
        let orderId: String?
        let key: [UInt8]?
        let value: [UInt8]?
        let headers: String
        let isWhole: Bool
    }

    private(set) var sent: [Sent] = []
    let settlements: TopicReader
    private let stack: ServiceStack
    private let producer: KafkaProducer
    private var nextNumber = 1

    init(_ stack: ServiceStack) throws {
        self.stack = stack
        settlements = try TopicReader(stack.broker, group: "bad-input-settlements", topic: Topic.orderSettled.name)
        producer = try KafkaProducer(
            configuration: KafkaProducerConfiguration(connection: stack.broker.connection()), logger: .silent)
    }

    func close() async {
        await settlements.close()
        await producer.close(within: .seconds(1))
    }

    // MARK: Sending

    func send() async throws {
        try await sendGood()
        for poison in PoisonMessage.all {
            var message = try OrderMessage(number: take())
            try poison.spoil(&message)
            try await send(message, poison.name, poison.end, namesOrder: poison.namesOrder)
            try await sendGood()
        }
    }

    private func take() -> Int {
        nextNumber += 1
        return 1_000 + nextNumber
    }

    private func sendGood() async throws {
        // All of one account: the customer is made once.
        try await send(try OrderMessage(number: take(), accountNumber: 1), "a good order", .written)
    }

    private func send(
        _ message: OrderMessage, _ name: String, _ end: PoisonMessage.End, namesOrder: Bool = true
    ) async throws {
        let delivery = try await producer.send(
            topic: Topic.orderSubmitted.name, key: message.key, value: message.value, headers: message.headers)
        guard let offset = delivery.offset else { throw ConditionNotMet(description: "an offset for \(name)") }
        let place = MessagePlace(partition: delivery.partition, offset: offset)
        sent.append(Sent(name: name, message: message, end: end, namesOrder: namesOrder, place: place))
    }

    // MARK: Ends

    /// Orders of which a settlement came.
    var settledOrders: [String] {
        settlements.messages.compactMap { $0.key.map { String(decoding: $0, as: UTF8.self) } }
    }

    /// The settlements of an order in their order.
    private func settlements(of orderId: String) throws -> [Settlement] {
        try settlements.messages.filter { $0.key.map { $0.elementsEqual(orderId.utf8) } ?? false }
            .map { try Settlement.decode($0.value ?? []) }
    }

    private func letters() async throws -> [MessagePlace: Letter] {
        let rows = try await stack.query(
            """
            select l.partition, l.message_offset, l.class, l.field, l.sentence, l.order_id, m.key, m.value, m.headers,
                m.is_whole from crossdock.dead_letters l join crossdock.dead_letter_messages m using (letter_id)
            where l.origin = 'writer'
            """)
        var letters: [MessagePlace: Letter] = [:]
        for row in rows {
            let place = MessagePlace(
                partition: Int32(try row.int64("partition")), offset: try row.int64("message_offset"))
            letters[place] = Letter(
                letterClass: try row.string("class"), field: try row.optionalString("field"),
                sentence: try row.string("sentence"), orderId: try row.optionalString("order_id"),
                key: try row.optionalBytes("key"), value: try row.optionalBytes("value"),
                headers: try row.string("headers"), isWhole: try row.bool("is_whole"))
        }
        return letters
    }

    /// Waits until each message is a letter or settled as written.
    func waitForEnds() async throws {
        var missing: [String] = []
        do {
            try await eventually("every message has its end", within: .seconds(60)) {
                let letters = try await letters()
                let settled = Set(settledOrders)
                missing = sent.filter { sent in
                    if case .written = sent.end { return !settled.contains(sent.message.orderId) }
                    return letters[sent.place] == nil || sent.namesOrder && !settled.contains(sent.message.orderId)
                }.map(\.name)
                return missing.isEmpty
            }
        } catch let error as ConditionNotMet {
            throw ConditionNotMet(description: "\(error): \(missing)")
        }
    }

    func check() async throws {
        let letters = try await letters()
        let orders = try await stack.salesOrders()
        for sent in sent {
            let settled = try settlements(of: sent.message.orderId)
            switch sent.end {
            case .written:
                #expect(letters[sent.place] == nil, "\(sent.name): \(letters[sent.place]?.sentence ?? "")")
                #expect(settled.map(\.outcome) == [.written], "\(sent.name)")
                let order = orders["SF-\(sent.message.orderId)"]?.first
                #expect(order?["custbody_crossdock_version"]?.string == String(sent.message.version), "\(sent.name)")
                #expect(settled.first?.netSuite?.number == order?["tranId"]?.string, "\(sent.name)")
            case .letter(let letterClass, let field):
                #expect(orders["SF-\(sent.message.orderId)"] == nil, "\(sent.name)")
                let letter = try #require(letters[sent.place], "\(sent.name)")
                #expect(letter.letterClass == letterClass.rawValue, "\(sent.name): \(letter.sentence)")
                #expect(letter.field == field, "\(sent.name): \(letter.sentence)")
                check(letter, of: sent)
                try check(settled, letter, of: sent)
            }
        }
        let ours = Set(sent.map(\.place)).intersection(letters.keys)
        #expect(ours == Set(sent.filter { $0.end != .written }.map(\.place)))
        let wide = orders.values.joined().filter { $0["customer"]?["name"]?.string == PoisonMessage.wideName }
        #expect(wide.count == 1)
    }

    /// The message is kept as it came, to the byte.
    private func check(_ letter: Letter, of sent: Sent) {
        #expect(letter.value == sent.message.value, "\(sent.name)")
        #expect(letter.key == sent.message.key, "\(sent.name)")
        #expect(letter.isWhole, "\(sent.name)")
        #expect(letter.orderId == (sent.namesOrder ? sent.message.orderId : nil), "\(sent.name)")
        let names = letter.headers.split(separator: "\n").map { String($0.prefix { $0 != "=" }) }
        #expect(names == sent.message.headers.map(\.name), "\(sent.name)")
        #expect(letter.sentence.count > 40 && letter.sentence.count <= 1_000, "\(sent.name): \(letter.sentence)")
    }

    private func check(_ settled: [Settlement], _ letter: Letter, of sent: Sent) throws {
        guard sent.namesOrder else {
            #expect(settled.isEmpty, "\(sent.name)")
            return
        }
        #expect(settled.map(\.outcome) == [.dead], "\(sent.name)")
        #expect(settled.first?.letter?.sentence == letter.sentence, "\(sent.name)")
        #expect(settled.first?.letter?.deadLetterClass.rawValue == letter.letterClass, "\(sent.name)")
    }

    // MARK: Versions

    /// Another content under a written version, the same message again, an older version; and good orders behind poison.
    func checkVersions() async throws {
        let first = try OrderMessage(number: take())
        try await send(first, "a first version", .written)
        try await waitForSettlements(1, of: first)
        var other = first
        other.setLine("quantity", "3")
        try await send(other, "another content", .letter(.invalidMessage, field: "version"))
        try await waitForSettlements(2, of: first)
        var older = first
        older.setVersion(first.version - 1_000)
        try await send(older, "an older version", .written)
        try await waitForSettlements(3, of: first)
        var newer = first
        newer.setVersion(first.version + 1_000)
        newer.setLine("quantity", "5")
        try await send(newer, "a newer version", .written)
        try await waitForSettlements(4, of: first)
        let settled = try settlements(of: first.orderId)
        #expect(settled.map(\.outcome) == [.written, .dead, .superseded, .written])
        #expect(settled.map { $0.letter?.deadLetterClass } == [nil, .invalidMessage, .invalidMessage, nil])
        let order = try await stack.salesOrders()["SF-\(first.orderId)"]?.first
        #expect(order?["custbody_crossdock_version"]?.string == String(newer.version))
        #expect(order?["lines"]?[0]?["quantity"]?.string == "5")
        try await checkMends()
    }

    /// Whatever poison came under an order's id, a good message of the order is written behind it and closes its letter.
    private func checkMends() async throws {
        let poison = sent.filter { $0.end != .written && $0.namesOrder }
        let before = Dictionary(
            uniqueKeysWithValues: try poison.map { ($0.message.orderId, try settlements(of: $0.message.orderId).count) }
        )
        for poison in poison where before[poison.message.orderId] == 1 {
            guard let number = Int(poison.message.orderId.dropFirst(6).prefix(9)) else { continue }
            let good = try OrderMessage(number: number, accountNumber: 1)
            try await send(good, "a good version behind: \(poison.name)", .written)
        }
        for sent in sent where sent.name.hasPrefix("a good version behind") {
            try await waitForSettlements(2, of: sent.message)
            let last = try settlements(of: sent.message.orderId).last
            #expect(last?.outcome == .written && last?.letter == nil, "\(sent.name): \(last?.letter?.sentence ?? "")")
        }
    }

    private func waitForSettlements(_ count: Int, of message: OrderMessage) async throws {
        try await eventually("settlement \(count) of \(message.orderId)") {
            try settlements(of: message.orderId).count >= count
        }
    }

    // MARK: Offsets

    /// The group's next member begins behind all that was sent.
    func checkOffsets() async throws {
        let before = Set(sent.map(\.place))
        for _ in 0..<12 { try await sendGood() }
        let late = Set(sent.map(\.place)).subtracting(before)
        #expect(Set(late.map(\.partition)).count == 3)
        let reader = try TopicReader(stack.broker, group: "netsuite-writer", topic: Topic.orderSubmitted.name)
        try await eventually("the last messages") { reader.messages.count >= late.count }
        #expect(Set(reader.messages.map { MessagePlace($0) }) == late)
        await reader.close()
    }
}
