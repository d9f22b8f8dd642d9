import CLibmicrohttpd
import EventLoop

/// One request on its way through the server.
@Loop
final class Exchange {
    enum Stage {
        case headers
        case body
        case handling
        case answered(HTTPResponse)
    }

    let target: String
    var method = ""
    var headers = HTTPHeaders()
    var body: [UInt8] = []
    var received = 0
    var isTooLarge = false
    var stage = Stage.headers
    var suspended: OpaquePointer?
    var task: Task<Void, any Error>?
    var isOver = false
    /// The socket, while the server itself sends on it or holds its answer back.
    var held: HeldConnection?
    /// Called once when the exchange is over.
    var whenOver: (@Loop () -> Void)?

    init(target: String) { self.target = target }

    func takeRequest() -> HTTPRequest {
        defer { body = [] }
        return HTTPRequest(method: method, target: target, headers: headers, body: body)
    }
}
