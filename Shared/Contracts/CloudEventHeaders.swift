/// The headers of a message: CloudEvents 1.0 in Kafka's binary mode, and W3C Trace Context.
public struct CloudEventHeaders: Sendable, Equatable {
    /// The event's id; a repeated event carries the same.
    public var id: EventId
    /// What produced it, such as `/crossdock/order-publisher`.
    public var source: String
    /// The topic's name.
    public var type: String
    /// The message's key.
    public var subject: String
    /// When it happened.
    public var time: UTCInstant
    /// What orders the events of one subject: a snapshot's version, a settlement's sequence.
    public var ordering: Int64
    /// On a replay only: the id of the dead letter.
    public var replayOf: String?
    /// W3C Trace Context, version 1.
    public var traceparent: String?

    /// Makes headers.
    public init(
        id: EventId, source: String, type: String, subject: String, time: UTCInstant, ordering: Int64,
        replayOf: String? = nil, traceparent: String? = nil
    ) {
        self.id = id
        self.source = source
        self.type = type
        self.subject = subject
        self.time = time
        self.ordering = ordering
        self.replayOf = replayOf
        self.traceparent = traceparent
    }

    /// Names and values as they stand in the message.
    public func encode() -> [(String, String)] {
        var headers = [
            (Name.contentType, Name.json), (Name.specVersion, "1.0"), (Name.id, id.text), (Name.source, source),
            (Name.type, type), (Name.subject, subject), (Name.time, time.text), (Name.ordering, String(ordering)),
        ]
        if let replayOf { headers.append((Name.replayOf, replayOf)) }
        if let traceparent { headers.append((Name.traceparent, traceparent)) }
        return headers
    }

    /// Reads headers; names that are not ours are ignored.
    public static func parse(_ headers: [(name: String, value: [UInt8]?)]) throws(ContractError) -> CloudEventHeaders {
        let found = try values(of: headers)
        let contentType = try required(found, Name.contentType)
        let isJSON = contentType == Name.json || contentType.split(separator: ";").first?.lowercased() == Name.json
        guard isJSON else {
            throw refusal(Name.contentType, "the payload is not declared as JSON", "send application/json")
        }
        guard try required(found, Name.specVersion) == "1.0" else {
            throw refusal(Name.specVersion, "this is not CloudEvents 1.0", "send 1.0")
        }
        guard let ordering = digits(try required(found, Name.ordering)) else {
            throw refusal(
                Name.ordering, "a whole number above zero is expected", "send the version or sequence of the payload")
        }
        let idText = try required(found, Name.id)
        let timeText = try required(found, Name.time)
        let id: EventId
        do { id = try EventId(idText) } catch { throw error.under("header \(Name.id)") }
        let time: UTCInstant
        do { time = try UTCInstant(timeText) } catch { throw error.under("header \(Name.time)") }
        return CloudEventHeaders(
            id: id, source: try required(found, Name.source), type: try required(found, Name.type),
            subject: try required(found, Name.subject), time: time, ordering: ordering, replayOf: found[Name.replayOf],
            traceparent: found[Name.traceparent])
    }

    /// The dead letter that a message replays and the message's id, also where its other headers cannot be read.
    public static func replay(
        in headers: [(name: String, value: [UInt8]?)]
    ) -> (letterId: String, eventId: String)? {
        func text(_ name: String) -> String? {
            headers.first { $0.name == name }?.value.flatMap { String(validating: $0, as: UTF8.self) }
        }
        guard let letterId = text(Name.replayOf), let eventId = text(Name.id) else { return nil }
        return (letterId, eventId)
    }

    /// Makes sure that headers, key and payload say the same.
    public func check(type: String, key: [UInt8]?, subject: String, ordering: Int64) throws(ContractError) {
        let mend = "the sender must fill headers, key and payload from one order"
        guard self.type == type else {
            throw CloudEventHeaders.refusal(Name.type, "the header names another topic than the message's", mend)
        }
        guard let key, key.elementsEqual(subject.utf8) else {
            throw ContractError(path: "key", reason: "the key is not the payload's id", mend: mend)
        }
        guard self.subject == subject else {
            throw CloudEventHeaders.refusal(Name.subject, "header and payload name different ids", mend)
        }
        guard self.ordering == ordering else {
            throw CloudEventHeaders.refusal(Name.ordering, "header and payload give different numbers", mend)
        }
    }
}

extension CloudEventHeaders {
    /// The headers' names.
    public enum Name {
        /// Media type of the payload.
        public static let contentType = "content-type"
        /// Version of CloudEvents.
        public static let specVersion = "ce_specversion"
        /// The event's id.
        public static let id = "ce_id"
        /// What produced it.
        public static let source = "ce_source"
        /// The topic.
        public static let type = "ce_type"
        /// The key.
        public static let subject = "ce_subject"
        /// When it happened.
        public static let time = "ce_time"
        /// Version or sequence.
        public static let ordering = "ce_ordering"
        /// The dead letter that is replayed.
        public static let replayOf = "ce_replayof"
        /// W3C Trace Context.
        public static let traceparent = "traceparent"

        static let json = "application/json"
        /// All of them; others are a producer's own.
        public static let all: Set<String> = [
            contentType, specVersion, id, source, type, subject, time, ordering, replayOf, traceparent,
        ]
    }

    private static func refusal(_ name: String, _ reason: String, _ mend: String) -> ContractError {
        ContractError(path: "header \(name)", reason: reason, mend: mend)
    }

    private static func required(_ found: [String: String], _ name: String) throws(ContractError) -> String {
        guard let value = found[name], !value.isEmpty else {
            throw refusal(name, "the required header is missing", "the sender must send it")
        }
        return value
    }

    private static func digits(_ text: String) -> Int64? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(text), number > 0 else {
            return nil
        }
        return number
    }

    private static func values(
        of headers: [(name: String, value: [UInt8]?)]
    ) throws(ContractError) -> [String: String] {
        var found: [String: String] = [:]
        found.reserveCapacity(headers.count)
        for header in headers where Name.all.contains(header.name) {
            guard let bytes = header.value, bytes.count <= 1024, !bytes.contains(0),
                let value = String(validating: bytes, as: UTF8.self)
            else {
                throw refusal(header.name, "the header is empty, too long or not UTF-8", "send plain text")
            }
            guard found.updateValue(value, forKey: header.name) == nil else {
                throw refusal(header.name, "the header occurs twice", "send it once")
            }
        }
        return found
    }
}
