/// One request that is to be made.
public struct HTTPCall: Sendable {
    /// The method, such as `GET` or `PATCH`.
    public var method: String
    /// The absolute URL, percent-encoded as it is to be sent; without user information.
    public var url: String
    /// The header fields in the order in which they are sent.
    public var headers: [(String, String)]
    /// The body; `nil` sends none.
    public var body: [UInt8]?
    /// How long the whole call may take, the name look-up included.
    public var deadline: Duration
    /// The most bytes of the answer's body; more makes the outcome unknown.
    public var maximumAnswerBytes: Int

    /// Makes a call.
    public init(
        method: String, url: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        deadline: Duration = .seconds(60), maximumAnswerBytes: Int = 16_777_216
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.deadline = deadline
        self.maximumAnswerBytes = maximumAnswerBytes
    }
}

/// A whole answer.
public struct HTTPAnswer: Sendable {
    /// The status code.
    public let status: Int
    /// The header fields.
    public let headers: HTTPAnswerHeaders
    /// The body; empty where there is none.
    public let body: [UInt8]

    /// Makes an answer, as tests of an interpreter do.
    public init(status: Int, headers: HTTPAnswerHeaders = HTTPAnswerHeaders([]), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// The header fields of an answer, in order; names are found without regard to letter case.
public struct HTTPAnswerHeaders: Sendable {
    /// The fields in the order and letters in which they came.
    public private(set) var fields: [(name: String, value: String)]

    /// Makes a list of these fields.
    public init(_ fields: [(String, String)]) {
        self.fields = fields.map { (name: $0.0, value: $0.1) }
    }

    /// The value of the first field with this name.
    public subscript(name: String) -> String? {
        fields.first { Self.isSame($0.name, name) }?.value
    }

    /// The value of the one field with this name; nil where there is none, or several that differ.
    public func only(_ name: String) -> String? {
        let values = fields.filter { Self.isSame($0.name, name) }.map(\.value)
        return values.allSatisfy { $0 == values.first } ? values.first : nil
    }

    static func isSame(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8) { Self.lowercased($0) == Self.lowercased($1) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }
}

/// Why there is no answer, and what is known of the request's effect.
public enum HTTPFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Nothing left this machine: name not found, refused, TLS not agreed, or a call that cannot be made.
    case notSent(reason: String)
    /// The request was sent, or perhaps sent, and no whole answer came: cut, deadline, too large, unreadable.
    case unknownOutcome(reason: String)

    /// The failure in words; never holds URL, headers or bodies.
    public var description: String {
        switch self {
        case .notSent(let reason): "not sent: \(reason)"
        case .unknownOutcome(let reason): "no answer: \(reason)"
        }
    }
}

/// What a transport presents, trusts and permits.
public struct HTTPTransportConfiguration: Sendable {
    /// Where requests may go without TLS.
    public enum PlainHTTP: Sendable {
        /// Nowhere.
        case refused
        /// To this machine only.
        case loopback
        /// Anywhere, for sandboxes in a private container network.
        case anywhere
    }

    /// The `User-Agent` of every request.
    public var userAgent: String
    /// A PEM file with the authorities to trust in place of the system's.
    public var certificateAuthorityFile: String?
    /// The most connections at a time; further calls wait for one, within their deadline.
    public var maximumConnections: Int
    /// Where requests may go without TLS.
    public var plainHTTP: PlainHTTP

    /// Makes a configuration.
    public init(
        userAgent: String, certificateAuthorityFile: String? = nil, maximumConnections: Int = 64,
        plainHTTP: PlainHTTP = .loopback
    ) {
        self.userAgent = userAgent
        self.certificateAuthorityFile = certificateAuthorityFile
        self.maximumConnections = maximumConnections
        self.plainHTTP = plainHTTP
    }
}
