/// Where a server listens and how much it accepts.
public struct HTTPServerConfiguration: Sendable {
    /// The numeric address to bind; IPv6 where it holds a colon.
    public var address: String
    /// The port to bind; 0 takes a free one.
    public var port: UInt16
    /// The most bytes of a request's body; more is answered with 413.
    public var maximumBodyBytes: Int
    /// The most memory of a connection for request line, headers and the answer's headers; more is refused.
    public var maximumHeaderBytes: Int
    /// The most connections at a time; further ones are closed at once.
    public var maximumConnections: Int
    /// The most connections of one address at a time.
    public var maximumConnectionsPerAddress: Int
    /// How long a connection may be silent, in whole seconds. Time spent in a handler does not count.
    public var idleTimeout: Duration

    /// Makes a configuration; without arguments a small one on the loopback address and a free port.
    public init(
        address: String = "127.0.0.1", port: UInt16 = 0, maximumBodyBytes: Int = 1_048_576,
        maximumHeaderBytes: Int = 32_768, maximumConnections: Int = 256, maximumConnectionsPerAddress: Int = 256,
        idleTimeout: Duration = .seconds(30)
    ) {
        self.address = address
        self.port = port
        self.maximumBodyBytes = maximumBodyBytes
        self.maximumHeaderBytes = maximumHeaderBytes
        self.maximumConnections = maximumConnections
        self.maximumConnectionsPerAddress = maximumConnectionsPerAddress
        self.idleTimeout = idleTimeout
    }
}

/// Why a server could not start.
public enum HTTPServerError: Error, Sendable, CustomStringConvertible {
    /// The address cannot be bound: in use, not ours, not an address, or not permitted.
    case cannotListen(address: String, port: UInt16, reason: String)
    /// The server runs already.
    case alreadyStarted

    /// The error in words.
    public var description: String {
        switch self {
        case .cannotListen(let address, let port, let reason):
            "cannot listen on \(address) port \(port): \(reason); choose another address or port"
        case .alreadyStarted: "the server runs already"
        }
    }
}
