/// What a handler answers.
public struct HTTPResponse: Sendable {
    /// The status code, 200 to 599.
    public var status: Int
    /// The header fields; their names go out in the letters given here. `Content-Length`, `Date` and
    /// `Connection: keep-alive` are the server's own and not taken from here.
    public var headers: [(String, String)]
    /// The body. For `HEAD` only its length is sent.
    public var body: [UInt8]
    /// Whether the connection is closed without any answer.
    let disconnects: Bool

    /// Makes an answer.
    public init(status: Int, headers: [(String, String)] = [], body: [UInt8] = []) {
        self.init(status: status, headers: headers, body: body, disconnects: false)
    }

    private init(status: Int, headers: [(String, String)], body: [UInt8], disconnects: Bool) {
        self.status = status
        self.headers = headers
        self.body = body
        self.disconnects = disconnects
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
    public static let disconnect = HTTPResponse(status: 0, headers: [], body: [], disconnects: true)
}
