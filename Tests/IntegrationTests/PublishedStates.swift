import Contracts
import EventLoop
import JSONText
import Kafka
import TestSupport
import Testing

/// What the watches published, read from Kafka, and what must be true of it whatever befell them.
@Loop
final class PublishedStates {
    private let reader: TopicReader

    init(_ stack: ServiceStack, _ topic: String) throws {
        reader = try TopicReader(stack.broker, group: "published-states", topic: topic)
    }

    func close() async { await reader.close() }

    /// How many messages came so far.
    var count: Int { reader.messages.count }

    /// How many messages of this key came so far, repeats left out.
    func events(of key: String) -> Int { Set(messages(of: key).map(\.id)).count }

    /// Whether an event came, by its id.
    func contains(event id: String) -> Bool {
        reader.messages.contains { message in
            message.headers.contains { $0.name == "ce_id" && $0.text == id }
        }
    }

    private struct Message {
        let id: String
        let ordering: Int64
        /// The payload without its instant.
        let content: JSONValue
        let value: [UInt8]
    }

    private func messages(of key: String) -> [Message] {
        reader.messages.filter { $0.key.map { String(decoding: $0, as: UTF8.self) } == key }.compactMap { message in
            func header(_ name: String) -> String {
                message.headers.first { $0.name == name }?.text ?? ""
            }
            guard let value = message.value, var content = try? JSONValue.parse(value).object else { return nil }
            content["asOf"] = nil
            return Message(
                id: header("ce_id"), ordering: Int64(header("ce_ordering")) ?? -1, content: .object(content),
                value: value)
        }
    }

    /// What breaks a promise: an event told twice with different content, an instant that does not rise, a state told
    /// again though nothing had changed.
    ///
    /// - Parameter fullCounts: how often every key may be told unchanged, since all are counted anew.
    func problems(keys: [String], fullCounts: Int = 0) -> [String] {
        var problems: [String] = []
        for key in keys {
            var repetitions = 0
            var first: [String: Message] = [:]
            var last: Message?
            for message in messages(of: key) {
                if let known = first[message.id] {
                    if known.value != message.value { problems.append("\(key): event \(message.id) has two contents") }
                    continue
                }
                first[message.id] = message
                if let last, message.ordering <= last.ordering {
                    problems.append("\(key): \(message.ordering) follows \(last.ordering)")
                }
                if let last, message.content == last.content { repetitions += 1 }
                last = message
            }
            if repetitions > fullCounts { problems.append("\(key): told again unchanged, \(repetitions) times") }
        }
        return problems
    }
}
