import Contracts
import EventLoop
import JSONText
import Kafka
import Postgres
import TestSupport
import Testing

/// Faults of a sandbox by their ids there, to see which have struck.
@Loop
final class PlayedAnswers {
    private let sandbox: SandboxProcess
    private var waiting: [String: AnswerPlay] = [:]

    init(_ sandbox: SandboxProcess) { self.sandbox = sandbox }

    func add(_ play: AnswerPlay) async throws {
        waiting[try await sandbox.control.make("/faults", play.fault)] = play
    }

    /// Forgets those that have struck; gives the names of the others.
    func missing() async throws -> [String] {
        for fault in try await sandbox.control.get("/faults")["faults"]?.array ?? [] {
            guard let id = fault["id"]?.string, fault["struck"]?.int64 ?? 0 > 0 else { continue }
            waiting[id] = nil
            try await sandbox.control.delete("/faults/\(id)")
        }
        return waiting.values.map(\.name).sorted()
    }
}

/// Orders on their way through the writer while NetSuite gives the answers of the corpus.
@Loop
final class AnswerTable {
    private let stack: ServiceStack
    private let producer: KafkaProducer
    private let settlements: TopicReader
    private let answers: PlayedAnswers
    private var lastNumber = 1_000
    /// The newest message of each order, and whether it is a change of an order that was written.
    private var sent: [(message: OrderMessage, isChange: Bool)] = []

    init(_ stack: ServiceStack) throws {
        self.stack = stack
        answers = PlayedAnswers(stack.netSuite)
        producer = try KafkaProducer(
            configuration: KafkaProducerConfiguration(connection: stack.broker.connection()), logger: .silent)
        settlements = try TopicReader(stack.broker, group: "bad-answers", topic: Topic.orderSettled.name)
    }

    func close() async {
        await settlements.close()
        await producer.close(within: .seconds(1))
    }

    // MARK: Rounds

    /// New orders with accounts of their own, and changes of some that are there.
    private static let newOrders = 8
    private static let changedOrders = 2

    /// Gives a few answers to each kind of request, while orders flow that must be written all the same.
    func play(_ plays: [AnswerPlay]) async throws {
        var rest = Dictionary(grouping: plays, by: \.request)
        while rest.values.contains(where: { !$0.isEmpty }) {
            for (request, left) in rest {
                // Five orders that fail before one goes through would be NetSuite's trouble, and pause all for seconds.
                let count = request == .createOrder ? 2 : 1
                for play in left.prefix(count) { try await answers.add(play) }
                if request == .netSuiteToken, !left.isEmpty { try await expireToken() }
                rest[request] = Array(left.dropFirst(count))
            }
            try await sendOrders()
        }
        // Some answer what is asked only after another went wrong: a few more rounds bring them all.
        for _ in 0..<6 where !(try await answers.missing()).isEmpty {
            for path in ["/salesOrder", "/customer"] {
                let cut: JSONValue = ["kind": "cut", "method": "POST", "path": .string(path)]
                try await stack.netSuite.control.post("/faults", cut)
            }
            try await sendOrders()
        }
        #expect(try await answers.missing() == [])
    }

    /// Has the next create answered with 401 and all tokens ended, so that one must be asked for.
    private func expireToken() async throws {
        try await stack.netSuite.control.post(
            "/faults", ["kind": "unauthorized", "expires": true, "method": "POST", "path": "/salesOrder"])
    }

    private func sendOrders() async throws {
        let changed = sent.filter { !$0.isChange }.suffix(Self.changedOrders).map(\.message)
        for var message in changed {
            message.setVersion(message.version + 1)
            message.set("lines[0].quantity", to: "\"3\"")
            try await send(message, isChange: true)
        }
        for _ in 0..<Self.newOrders {
            lastNumber += 1
            try await send(try OrderMessage(number: lastNumber), isChange: false)
        }
        try await waitForEnds()
        _ = try await answers.missing()
    }

    private func send(_ message: OrderMessage, isChange: Bool) async throws {
        _ = try await producer.send(
            topic: Topic.orderSubmitted.name, key: message.key, value: message.value, headers: message.headers)
        sent.removeAll { $0.message.orderId == message.orderId }
        sent.append((message, isChange))
    }

    /// Waits until each order's newest version is written, or dead.
    private func waitForEnds() async throws {
        var missing: [String] = []
        do {
            try await eventually("every order has its end", within: .seconds(40)) {
                let settled = try newestSettlements()
                missing = sent.filter { sent in
                    guard let settlement = settled[sent.message.orderId] else { return true }
                    return settlement.version != sent.message.version || settlement.outcome == .held
                }.map(\.message.orderId)
                return missing.isEmpty
            }
        } catch let error as ConditionNotMet {
            let waiting = try await answers.missing()
            throw ConditionNotMet(description: "\(error): \(missing); answers not given: \(waiting)")
        }
    }

    private var seenCount = 0
    private var newest: [String: Settlement] = [:]

    private func newestSettlements() throws -> [String: Settlement] {
        for message in settlements.messages.dropFirst(seenCount) {
            let settlement = try Settlement.decode(message.value ?? [])
            let id = settlement.orderId.text
            if (newest[id]?.sequence ?? 0) < settlement.sequence { newest[id] = settlement }
        }
        seenCount = settlements.messages.count
        return newest
    }

    // MARK: Ends

    /// Each order and each customer is there once, with one line, as the newest version says; the dead are those that
    /// NetSuite refused in so many words.
    func check(refusals: Int) async throws {
        let orders = try await stack.salesOrders()
        var dead = 0
        for sent in sent {
            let id = sent.message.orderId
            let settlement = try #require(newest[id], "\(id)")
            let records = orders["SF-\(id)"] ?? []
            if settlement.outcome == .dead {
                dead += 1
                #expect(settlement.letter?.deadLetterClass == .refused, "\(id): \(settlement.letter?.sentence ?? "")")
                continue
            }
            #expect([.written, .unchanged].contains(settlement.outcome), "\(id): \(settlement.outcome)")
            #expect(records.count == 1, "\(id) is \(records.count) times in NetSuite")
            let record = records.first
            #expect(record?["custbody_crossdock_version"]?.string == String(sent.message.version), "\(id)")
            #expect(record?["lines"]?.array?.count == 1, "\(id)")
            #expect(record?["lines"]?[0]?["quantity"]?.string == (sent.isChange ? "3" : "2"), "\(id)")
            #expect(settlement.netSuite?.number == record?["tranId"]?.string, "\(id)")
            #expect(settlement.netSuite?.id == record?["id"]?.string, "\(id)")
        }
        #expect(dead == refusals)
        #expect(orders.values.allSatisfy { $0.count == 1 })
        let customers = try await stack.netSuite.control.get("/customers")["customers"]?.array ?? []
        let byAccount = Dictionary(grouping: customers.compactMap { $0["externalId"]?.string }) { $0 }
        for (account, records) in byAccount where records.count > 1 {
            Issue.record("\(account) has \(records.count) customers")
        }
        let letters = try await stack.query(
            "select class, octet_length(sentence) as length, sentence from crossdock.dead_letters where origin = 'writer'"
        )
        #expect(letters.count == refusals)
        for letter in letters {
            #expect(try letter.string("class") == "refused")
            #expect(try letter.string("sentence").unicodeScalars.allSatisfy { $0.value >= 0x20 })
            #expect(try letter.int64("length") < 4_000)
        }
    }
}
