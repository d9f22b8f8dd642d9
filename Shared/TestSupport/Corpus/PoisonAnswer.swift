/// An answer of the corpus: what NetSuite or Salesforce might say to one of our requests.
public struct PoisonAnswer: Sendable {
    /// Which request it answers.
    public enum Request: String, Sendable, CaseIterable {
        case netSuiteToken = "netsuite-token"
        /// The query for items by SKU.
        case items
        case createCustomer = "create-customer"
        case createOrder = "create-order"
        /// The look for a customer by external id.
        case probeCustomer = "probe-customer"
        /// The look for an order by external id.
        case probeOrder = "probe-order"
        /// The query for numbers and states of new orders.
        case readBack = "read-back"
        /// The read of an order by internal id, before a change.
        case readOrder = "read-order"
        case changeOrder = "change-order"
        case salesforceToken = "salesforce-token"
        case salesforceQuery = "salesforce-query"
        /// The update of many records in one call.
        case salesforceUpdate = "salesforce-update"

        /// Whether it creates or changes something, so that its answer can be lost after the effect as well.
        public var changesRecords: Bool {
            [.createCustomer, .createOrder, .changeOrder, .salesforceUpdate].contains(self)
        }
    }

    /// What a client may make of an answer.
    public enum Meaning: String, Sendable, CaseIterable {
        /// A value, or the change as made.
        case good
        /// Nothing is there: no such record, no such item.
        case nothing
        /// The remote system's own no.
        case refused
        /// Nobody knows whether it was done.
        case unknown
        /// The system as a whole does not serve.
        case trouble
    }

    /// What the file is called.
    public let name: String
    /// Each of these requests is answered so.
    public let requests: [Request]
    /// What the client makes of it: one of these.
    public let meanings: Set<Meaning>
    /// The class of the dead letter that the order becomes; nil where it must be written in the end.
    public let letterClass: String?
    /// Whether the running services are spared it.
    public let isForDecodersOnly: Bool
    /// The status.
    public let status: Int
    /// The header fields.
    public let headers: [(String, String)]
    /// The body, or all bytes on the wire.
    public let bytes: [UInt8]
    /// Whether the bytes are the whole answer on the wire.
    public let isWire: Bool

    private static let words: Set<String> = [
        "to", "means", "ends", "only-decoders", "status", "header", "wire",
    ]

    /// All answers of the corpus.
    ///
    /// - Parameter base: the URL of the server that gives them, for `{{base}}`.
    public static func all(base: String) throws -> [PoisonAnswer] {
        try CorpusFile.all(in: "Answers", ending: "answer").map { try PoisonAnswer($0, base: base) }
    }

    init(_ file: CorpusFile, base: String) throws {
        try file.allow(Self.words)
        let text = CorpusText { word in
            switch word {
            case "base": Array(base.utf8)
            case "mark": Array(OrderMessage.mark.utf8)
            default: nil
            }
        }
        let filled = { (value: String) throws in try text.bytes(value, in: file) }
        name = file.name
        requests = try Self.list(file, "to", Request.init(rawValue:))
        meanings = Set(try Self.list(file, "means", Meaning.init(rawValue:)))
        letterClass = file.value("ends")
        isForDecodersOnly = file.has("only-decoders")
        isWire = file.has("wire")
        status = file.value("status").flatMap { Int($0) } ?? 200
        headers = try file.directives.filter { $0.word == "header" }
            .map { ($0.argument, String(decoding: try filled($0.value), as: UTF8.self)) }
        // On the wire a line ends with carriage return and line feed; a file has line feeds only.
        let body = file.body ?? ""
        bytes = try filled(isWire ? Self.withWireLines(body) : body)
    }

    private static func list<Element>(
        _ file: CorpusFile, _ word: String, _ element: (String) -> Element?
    ) throws -> [Element] {
        let words = (file.value(word) ?? "").split(separator: " ").map(String.init)
        let elements = words.compactMap(element)
        guard !words.isEmpty, elements.count == words.count else { throw file.error("\(word) has a word not known") }
        return elements
    }

    private static func withWireLines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
    }
}
