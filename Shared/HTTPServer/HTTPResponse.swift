import EventLoop

/// What a handler answers.
public struct HTTPResponse: Sendable {
    /// How an answer leaves. All but `whole` are how a server fails: for tests of what a client makes of it.
    public enum Delivery: Sendable, Equatable {
        /// As it stands.
        case whole
        /// The connection is closed without an answer.
        case disconnect
        /// The body, and behind it one byte again and again until there are so many bytes in all; made while it is sent.
        case filled(totalBytes: Int, filler: UInt8)
        /// Nothing is said; closed when the client has gone, or after so long.
        case silence(limit: Duration)
        /// These bytes in place of status, headers and body, all at once or one each `pause`, and then the end.
        case wire([UInt8], pause: Duration)
    }

    /// The status code, 200 to 599.
    public var status: Int
    /// The header fields; their names go out in the letters given here. `Content-Length`, `Date` and
    /// `Connection: keep-alive` are the server's own and not taken from here.
    public var headers: [(String, String)]
    /// The body. For `HEAD` only its length is sent.
    public var body: [UInt8]
    /// How it leaves.
    public var delivery = Delivery.whole
    /// Called once when the exchange is over: everything was sent, or the connection has ended.
    public var whenOver: (@Loop @Sendable () -> Void)?

    /// Makes an answer.
    public init(
        status: Int, headers: [(String, String)] = [], body: [UInt8] = [], delivery: Delivery = .whole
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.delivery = delivery
    }

    /// Makes an answer whose body is JSON, given as UTF-8 bytes.
    public static func json(_ body: [UInt8], status: Int = 200, headers: [(String, String)] = []) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("Content-Type", "application/json")] + headers, body: body)
    }

    /// Makes an answer of plain text.
    public static func text(_ body: String, status: Int = 200, headers: [(String, String)] = []) -> HTTPResponse {
        let type = ("Content-Type", "text/plain; charset=utf-8")
        return HTTPResponse(status: status, headers: [type] + headers, body: Array(body.utf8))
    }

    /// Closes the connection without an answer, as a server that dies does.
    public static let disconnect = HTTPResponse(status: 0, delivery: .disconnect)

    /// The answer as it stands on the wire, announcing the connection's end. Statuses without a body (204, 304) have
    /// no length.
    public var wireBytes: [UInt8] {
        var head = "HTTP/1.1 \(status) \r\n"
        for (name, value) in headers where !isSameFieldName(name, "Content-Length") {
            head += "\(name): \(value)\r\n"
        }
        if status != 204, status != 304 { head += "Content-Length: \(body.count)\r\n" }
        return Array((head + "Connection: close\r\n\r\n").utf8) + body
    }
}
