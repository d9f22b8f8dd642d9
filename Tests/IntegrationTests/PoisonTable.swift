import Contracts
import EventLoop
import Foundation
import JSONText
import Kafka
import Postgres
import Signing
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

/// All poison of the corpus with a good order before, between and behind, as sent, and what came of each.
@Loop
final class PoisonTable {
    struct Sent: Sendable {
        let name: String
        let message: OrderMessage
        let end: PoisonMessage.End
        /// What the letter's sentence must say.
        var says: String?
        var namesOrder = true
        /// The good message of the same order that was sent before it.
        var before: OrderMessage?
        /// Whether another message of the same order follows, which is looked at in its place.
        var isFollowed = false
        var place = MessagePlace(partition: -1, offset: -1)

        /// How the order's settlements follow one another; none where the message names no order.
        var outcomes: [Settlement.Outcome] {
            guard namesOrder else { return [] }
            return (before == nil ? [] : [.written]) + [outcome]
        }

        private var outcome: Settlement.Outcome {
            switch end {
            case .written, .repeated: .written
            case .superseded: .superseded
            case .letter: .dead
            }
        }

        var isDead: Bool { outcomes.last == .dead || !namesOrder }

        /// The version that NetSuite shows in the end.
        var writtenVersion: Int64? { end == .written ? message.version : before?.version }
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
        let length: Int64
        let digest: [UInt8]?
    }

    private(set) var sent: [Sent] = []
    let settlements: TopicReader
    private let stack: ServiceStack
    private let producer: KafkaProducer
    private let poison: [PoisonMessage]
    private var nextNumber = 1

    init(_ stack: ServiceStack) throws {
        self.stack = stack
        poison = try PoisonMessage.all(first: 200_000)
        settlements = try TopicReader(stack.broker, group: "bad-input-settlements", topic: Topic.orderSettled.name)
        var configuration = KafkaProducerConfiguration(connection: stack.broker.connection())
        configuration.maximumMessageBytes = 32 << 20
        producer = try KafkaProducer(configuration: configuration, logger: .silent)
    }

    func close() async {
        await settlements.close()
        await producer.close(within: .seconds(1))
    }

    // MARK: Sending

    /// The messages that a topic takes, each with a good order behind it.
    func send() async throws {
        try await sendGood()
        for poison in poison where !poison.isLarge { try await send(poison) }
    }

    /// Those that a topic takes with raised limits only, one after the other: the embedded broker keeps 5 MiB a
    /// partition, so a message that is not read yet would give way to the next.
    func sendLarge() async throws {
        for poison in poison where poison.isLarge {
            try await send(poison)
            try await waitForEnds()
        }
    }

    private func send(_ poison: PoisonMessage) async throws {
        if let before = poison.before {
            try await send(Sent(name: "before \(poison.name)", message: before, end: .written, isFollowed: true))
        }
        try await send(
            Sent(
                name: poison.name, message: poison.message, end: poison.end, says: poison.says,
                namesOrder: poison.namesOrder, before: poison.before))
        try await sendGood()
    }

    private func take() -> Int {
        nextNumber += 1
        return 1_000 + nextNumber
    }

    private func sendGood() async throws {
        // All of one account: the customer is made once.
        try await send(
            Sent(name: "a good order", message: try OrderMessage(number: take(), accountNumber: 1), end: .written))
    }

    private func send(_ message: Sent) async throws {
        var sent = message
        let delivery = try await producer.send(
            topic: Topic.orderSubmitted.name, key: sent.message.key, value: sent.message.value,
            headers: sent.message.headers)
        guard let offset = delivery.offset else { throw ConditionNotMet(description: "an offset for \(sent.name)") }
        sent.place = MessagePlace(partition: delivery.partition, offset: offset)
        self.sent.append(sent)
    }

    // MARK: Ends

    /// The settlements by the order of their key.
    private var settlementsByOrder: [String: [KafkaMessage]] {
        Dictionary(grouping: settlements.messages) { String(decoding: $0.key ?? [], as: UTF8.self) }
    }

    /// Orders of which a settlement came.
    var settledOrders: [String] { Array(settlementsByOrder.keys) }

    private func letters() async throws -> [MessagePlace: Letter] {
        let rows = try await stack.query(
            """
            select l.partition, l.message_offset, l.class, l.field, l.sentence, l.order_id, m.key, m.value, m.headers,
                m.is_whole, m.value_length, m.value_sha256
            from crossdock.dead_letters l join crossdock.dead_letter_messages m using (letter_id)
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
                headers: try row.string("headers"), isWhole: try row.bool("is_whole"),
                length: try row.int64("value_length"), digest: try row.optionalBytes("value_sha256"))
        }
        return letters
    }

    /// Waits until each message has its settlement, or its letter where it names no order.
    func waitForEnds(within limit: Duration = .seconds(60)) async throws {
        var missing: [String] = []
        do {
            try await eventually("every message has its end", within: limit) {
                let settled = settlementsByOrder.mapValues(\.count)
                missing = sent.filter { settled[$0.message.orderId, default: 0] < $0.outcomes.count }.map(\.name)
                guard missing.isEmpty else { return false }
                let letters = try await letters()
                missing = sent.filter { !$0.namesOrder && letters[$0.place] == nil }.map(\.name)
                return missing.isEmpty
            }
        } catch let error as ConditionNotMet {
            throw ConditionNotMet(description: "\(error): \(missing)")
        }
    }

    func check() async throws {
        let letters = try await letters()
        let orders = try await stack.salesOrders()
        let settlements = try settlementsByOrder.mapValues { try $0.map { try Settlement.decode($0.value ?? []) } }
        for sent in sent where !sent.isFollowed {
            let settled = settlements[sent.message.orderId] ?? []
            let saidOf = letters[sent.place]?.sentence ?? "no letter"
            #expect(settled.map(\.outcome) == sent.outcomes, "\(sent.name): \(saidOf)")
            let order = orders["SF-\(sent.message.orderId)"]
            let shown = order?.map { $0["custbody_crossdock_version"]?.string }
            #expect(shown == sent.writtenVersion.map { [String($0)] }, "\(sent.name): \(saidOf)")
            switch sent.end {
            case .written, .superseded, .repeated:
                #expect(letters[sent.place] == nil, "\(sent.name): \(saidOf)")
                #expect(settled.first?.netSuite?.number == order?.first?["tranId"]?.string, "\(sent.name)")
            case .letter(let letterClass, let field):
                guard let letter = letters[sent.place] else {
                    Issue.record("no letter of \(sent.name)")
                    continue
                }
                #expect(letter.letterClass == letterClass.rawValue, "\(sent.name): \(letter.sentence)")
                #expect(letter.field == field, "\(sent.name): \(letter.sentence)")
                check(letter, of: sent)
                check(settled.last, letter, of: sent)
            }
        }
        let ours = Set(sent.map(\.place)).intersection(letters.keys)
        #expect(ours == Set(sent.filter(\.isDead).map(\.place)))
    }

    /// The message is kept as it came, to the byte.
    private func check(_ letter: Letter, of sent: Sent) {
        let value = sent.message.value
        let isWhole = value.map { $0.count <= 1 << 20 } ?? true
        #expect(letter.isWhole == isWhole, "\(sent.name)")
        #expect(letter.value == (isWhole ? value : value.map { Array($0.prefix(65_536)) }), "\(sent.name)")
        #expect(letter.length == Int64(value?.count ?? 0), "\(sent.name)")
        #expect(letter.digest == value.map(Digest.sha256), "\(sent.name)")
        #expect(letter.key == sent.message.key, "\(sent.name)")
        #expect(letter.orderId == (sent.namesOrder ? sent.message.orderId : nil), "\(sent.name)")
        let names = letter.headers.split(separator: "\n").map { String($0.prefix { $0 != "=" }) }
        #expect(names == sent.message.headers.map(\.name), "\(sent.name)")
        #expect(letter.sentence.count > 40 && letter.sentence.count <= 1_000, "\(sent.name): \(letter.sentence)")
        if let says = sent.says { #expect(letter.sentence.contains(says), "\(sent.name): \(letter.sentence)") }
        #expect(letter.sentence.unicodeScalars.allSatisfy { $0.value >= 0x20 }, "\(sent.name): \(letter.sentence)")
    }

    private func check(_ settled: Settlement?, _ letter: Letter, of sent: Sent) {
        guard sent.namesOrder else { return }
        #expect(settled?.letter?.sentence == letter.sentence, "\(sent.name)")
        #expect(settled?.letter?.deadLetterClass.rawValue == letter.letterClass, "\(sent.name)")
        #expect(settled?.letter?.field == letter.field, "\(sent.name)")
    }

    // MARK: Versions

    /// One order's versions one after the other, each sent when the one before has settled: no file, since a file is
    /// one message. Then good orders behind poison.
    func checkVersions() async throws {
        let first = try OrderMessage(number: take())
        try await sendVersion(first, .written, nth: 1)
        var other = first
        other.set("lines[0].quantity", to: "\"3\"")
        try await sendVersion(other, .letter(.invalidMessage, field: "version"), nth: 2)
        var older = first
        older.setVersion(first.version - 1_000)
        try await sendVersion(older, .superseded, nth: 3)
        var newer = first
        newer.setVersion(first.version + 1_000)
        newer.set("lines[0].quantity", to: "\"5\"")
        try await sendVersion(newer, .written, nth: 4)
        let settled = try (settlementsByOrder[first.orderId] ?? []).map { try Settlement.decode($0.value ?? []) }
        #expect(settled.map(\.outcome) == [.written, .dead, .superseded, .written])
        #expect(settled.map { $0.letter?.deadLetterClass } == [nil, .invalidMessage, .invalidMessage, nil])
        let order = try await stack.salesOrders()["SF-\(first.orderId)"]?.first
        #expect(order?["custbody_crossdock_version"]?.string == String(newer.version))
        #expect(order?["lines"]?[0]?["quantity"]?.string == "5")
        try await checkMends()
    }

    private func sendVersion(_ message: OrderMessage, _ end: PoisonMessage.End, nth count: Int) async throws {
        try await send(Sent(name: "version \(count) of an order", message: message, end: end, isFollowed: true))
        try await waitForSettlements(count, of: message)
    }

    /// Whatever poison came under an order's id, a good message of the order is written behind it and closes its letter.
    private func checkMends() async throws {
        var mends: [Sent] = []
        for poison in sent where poison.outcomes == [.dead] && !poison.isFollowed {
            guard let number = Int(poison.message.orderId.dropFirst(6).prefix(9)) else { continue }
            mends.append(
                Sent(
                    name: "a good version behind \(poison.name)",
                    message: try OrderMessage(number: number, accountNumber: 1), end: .written))
        }
        for mend in mends { try await send(mend) }
        for mend in mends { try await waitForSettlements(2, of: mend.message) }
        let byOrder = settlementsByOrder
        for mend in mends {
            let last = try byOrder[mend.message.orderId]?.last.map { try Settlement.decode($0.value ?? []) }
            #expect(last?.outcome == .written && last?.letter == nil, "\(mend.name): \(last?.letter?.sentence ?? "")")
        }
    }

    private func waitForSettlements(_ count: Int, of message: OrderMessage) async throws {
        try await eventually("settlement \(count) of \(message.orderId)", within: .seconds(40)) {
            (settlementsByOrder[message.orderId]?.count ?? 0) >= count
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
