import CLibmicrohttpd
public import EventLoop
import Glibc
public import Telemetry

/// An HTTP/1.1 server on the event loop, over libmicrohttpd without threads of its own.
///
/// The daemon's epoll lies in the loop's. A request that has come in whole suspends its connection, its handler runs
/// as a task, and the answer resumes the connection.
@Loop
public final class HTTPServer {
    /// Answers one request.
    public typealias Handler = @Loop @Sendable (HTTPRequest) async -> HTTPResponse

    private let configuration: HTTPServerConfiguration
    private let logger: Logger
    private let handler: Handler
    private var daemon: OpaquePointer?
    private var callbacks: UnsafeMutablePointer<crossdock_http_handler>?
    private var watch: DescriptorWatch?
    private var wakeUp: (at: MonotonicInstant, work: ScheduledWork)?
    private var isRunningDaemon = false
    private var isStopping = false
    private var exchanges: [ObjectIdentifier: Exchange] = [:]
    private var emptied: CheckedContinuation<Void, Never>?

    /// The port that is bound; 0 while the server does not run.
    public private(set) var port: UInt16 = 0

    /// Makes a server; nothing is bound before ``start()``.
    public init(configuration: HTTPServerConfiguration, logger: Logger, handler: @escaping Handler) {
        self.configuration = configuration
        self.logger = logger
        self.handler = handler
    }

    /// Binds the address and serves from now on. The server keeps itself alive until ``stop(within:)``.
    public func start() throws(HTTPServerError) {
        guard daemon == nil else { throw .alreadyStarted }
        let listening = crossdock_http_listen(configuration.address, configuration.port)
        guard listening >= 0 else { throw cannotListen(String(cString: strerror(errno))) }
        let boundPort = crossdock_http_port(listening)
        let callbacks = makeCallbacks()
        guard let started = crossdock_http_start(listening, limits, callbacks) else {
            release(callbacks)
            throw cannotListen("refused by libmicrohttpd")
        }
        do {
            watch = try EventLoop.shared.watch(crossdock_http_epoll(started), for: .readable) { [weak self] _ in
                self?.runDaemon()
            }
        } catch {
            MHD_stop_daemon(started)
            release(callbacks)
            throw cannotListen(error.description)
        }
        self.callbacks = callbacks
        daemon = started
        port = boundPort
        runDaemon()
    }

    /// Accepts nothing more, lets running requests end for at most `limit`, drops the rest and closes.
    public func stop(within limit: Duration) async {
        guard let daemon, !isStopping else { return }
        isStopping = true
        let listening = MHD_quiesce_daemon(daemon)
        if listening >= 0 { close(listening) }
        runDaemon()
        await waitForExchanges(atMost: limit)
        for exchange in exchanges.values { abandon(exchange) }
        runDaemon()
        wakeUp?.work.cancel()
        wakeUp = nil
        watch?.cancel()
        watch = nil
        self.daemon = nil
        port = 0
        MHD_stop_daemon(daemon)
        if let callbacks { release(callbacks) }
        callbacks = nil
        isStopping = false
    }

    // MARK: Running the daemon

    /// Lets libmicrohttpd do what is due, and asks when it wants to run next.
    private func runDaemon() {
        guard let daemon, !isRunningDaemon else { return }
        isRunningDaemon = true
        defer { isRunningDaemon = false }
        for _ in 0..<Self.runsPerTurn {
            crossdock_http_run(daemon)
            let milliseconds = crossdock_http_timeout(daemon)
            if milliseconds != 0 {
                if milliseconds > 0 { wake(after: .milliseconds(milliseconds)) }
                return
            }
        }
        wake(after: .zero)
    }

    /// So many runs in a row at most, so that one busy server does not hold up the loop.
    private static let runsPerTurn = 16

    /// An earlier wake-up that is pending suffices: running too early costs one call.
    private func wake(after delay: Duration) {
        let due = MonotonicInstant.now + delay
        if let wakeUp, wakeUp.at <= due { return }
        wakeUp?.work.cancel()
        let work = EventLoop.shared.schedule(after: delay) { [weak self] in
            self?.wakeUp = nil
            self?.runDaemon()
        }
        wakeUp = (at: due, work: work)
    }

    private func waitForExchanges(atMost limit: Duration) async {
        guard !exchanges.isEmpty else { return }
        let timer = EventLoop.shared.schedule(after: limit) { [weak self] in self?.stopWaiting() }
        await withCheckedContinuation { emptied = $0 }
        timer.cancel()
    }

    private func stopWaiting() {
        emptied?.resume()
        emptied = nil
    }

    // MARK: Called by libmicrohttpd

    func begin(target: String) -> Exchange {
        let exchange = Exchange(target: target)
        exchanges[ObjectIdentifier(exchange)] = exchange
        return exchange
    }

    func finished(_ exchange: Exchange) {
        exchange.isOver = true
        exchange.task?.cancel()
        exchange.held?.cancel()
        exchange.held = nil
        exchange.whenOver?()
        exchange.whenOver = nil
        exchanges[ObjectIdentifier(exchange)] = nil
        if exchanges.isEmpty { stopWaiting() }
    }

    /// - Returns: whether the connection goes on; else it is closed.
    func receive(
        _ exchange: Exchange, _ connection: OpaquePointer, method: UnsafePointer<CChar>,
        upload: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        switch exchange.stage {
        case .headers:
            return acceptHeaders(exchange, connection, method: String(cString: method))
        case .body where !upload.isEmpty:
            return take(upload, of: exchange)
        case .body:
            guard !exchange.isTooLarge else {
                return answer(connection, Self.tooLarge, closing: true)
            }
            exchange.stage = .handling
            startHandler(exchange, connection)
            return true
        case .handling:
            return true
        case .answered(let response):
            guard case .disconnect = response.delivery else {
                return answer(connection, response, closing: isStopping)
            }
            return false
        }
    }

    private func acceptHeaders(_ exchange: Exchange, _ connection: OpaquePointer, method: String) -> Bool {
        exchange.method = method
        exchange.headers = headers(of: connection)
        exchange.stage = .body
        let declared = exchange.headers["Content-Length"].flatMap(Int.init) ?? 0
        exchange.isTooLarge = declared > configuration.maximumBodyBytes
        if declared > configuration.maximumBodyBytes + Self.drainedBytes {
            return answer(connection, Self.tooLarge, closing: true)
        }
        return true
    }

    /// Keeps the bytes, or reads over them when they are too many: a client that is still sending reads no answer.
    private func take(_ upload: UnsafeBufferPointer<UInt8>, of exchange: Exchange) -> Bool {
        exchange.received += upload.count
        if exchange.received > configuration.maximumBodyBytes {
            exchange.isTooLarge = true
            exchange.body = []
        }
        if !exchange.isTooLarge { exchange.body.append(contentsOf: upload) }
        return exchange.received <= configuration.maximumBodyBytes + Self.drainedBytes
    }

    /// So much of a body that is too large is read, so that the client sees the 413.
    private static let drainedBytes = 8_388_608

    private static let tooLarge = HTTPResponse.text("the body is larger than this server accepts\n", status: 413)

    private func startHandler(_ exchange: Exchange, _ connection: OpaquePointer) {
        MHD_suspend_connection(connection)
        exchange.suspended = connection
        let request = exchange.takeRequest()
        let handler = handler
        exchange.task = EventLoop.shared.start { [weak self] in
            let response = await handler(request)
            self?.resume(exchange, with: response)
        }
    }

    // MARK: Answering

    private func resume(_ exchange: Exchange, with response: HTTPResponse) {
        guard !exchange.isOver, let connection = exchange.suspended else {
            response.whenOver?()
            return
        }
        exchange.whenOver = response.whenOver
        switch response.delivery {
        case .whole, .filled, .disconnect:
            exchange.suspended = nil
            exchange.stage = .answered(response)
            MHD_resume_connection(connection)
            runDaemon()
        case .silence(let limit): hold(exchange, connection, sending: [], pause: .zero, silence: limit)
        case .wire(let bytes, let pause): hold(exchange, connection, sending: bytes, pause: pause, silence: .zero)
        }
    }

    /// Keeps the connection suspended while its socket is ours, then closes it.
    private func hold(
        _ exchange: Exchange, _ connection: OpaquePointer, sending bytes: [UInt8], pause: Duration, silence: Duration
    ) {
        let held = HeldConnection(
            socket: crossdock_http_socket(connection), sending: bytes, pause: pause, silence: silence)
        exchange.held = held
        held.begin { [weak self] in self?.letGo(of: exchange) }
    }

    private func letGo(of exchange: Exchange) {
        abandon(exchange)
        runDaemon()
    }

    private func abandon(_ exchange: Exchange) {
        exchange.task?.cancel()
        exchange.held?.cancel()
        guard let connection = exchange.suspended else { return }
        exchange.suspended = nil
        exchange.stage = .answered(.disconnect)
        MHD_resume_connection(connection)
    }

    private func answer(_ connection: OpaquePointer, _ response: HTTPResponse, closing: Bool) -> Bool {
        let made = response.body.withUnsafeBytes { body in
            if case .filled(let totalBytes, let filler) = response.delivery {
                return crossdock_http_filled_response(body.baseAddress, body.count, filler, UInt64(max(0, totalBytes)))
            }
            return crossdock_http_response(body.baseAddress, body.count)
        }
        guard let made else { return false }
        defer { MHD_destroy_response(made) }
        for (name, value) in response.headers where !isSameFieldName(name, "Content-Length") {
            if crossdock_http_add_header(made, name, value) == 0 {
                logger.warning("a response header was refused", .reason("not a valid field name or value"))
            }
        }
        if closing { _ = crossdock_http_add_header(made, "Connection", "close") }
        return crossdock_http_answer(connection, UInt32(clamping: response.status), made) != 0
    }

    private func headers(of connection: OpaquePointer) -> HTTPHeaders {
        var headers = HTTPHeaders()
        withUnsafeMutablePointer(to: &headers) { list in
            var visitor = crossdock_http_field_visitor(context: list, visit: appendField)
            crossdock_http_headers(connection, &visitor)
        }
        return headers
    }

    // MARK: What C holds

    private var limits: crossdock_http_limits {
        crossdock_http_limits(
            connections: UInt32(clamping: configuration.maximumConnections),
            connections_per_address: UInt32(clamping: configuration.maximumConnectionsPerAddress),
            idle_seconds: UInt32(clamping: max(1, configuration.idleTimeout.components.seconds)),
            connection_memory: configuration.maximumHeaderBytes)
    }

    /// The daemon calls back until it has stopped, so the server is retained for it until then.
    private func makeCallbacks() -> UnsafeMutablePointer<crossdock_http_handler> {
        let callbacks = UnsafeMutablePointer<crossdock_http_handler>.allocate(capacity: 1)
        callbacks.initialize(
            to: crossdock_http_handler(
                context: Unmanaged.passRetained(self).toOpaque(), begin: beginExchange, receive: receiveExchange,
                finished: finishExchange))
        return callbacks
    }

    private func release(_ callbacks: UnsafeMutablePointer<crossdock_http_handler>) {
        Unmanaged<HTTPServer>.fromOpaque(callbacks.pointee.context).release()
        callbacks.deallocate()
    }

    private func cannotListen(_ reason: String) -> HTTPServerError {
        .cannotListen(address: configuration.address, port: configuration.port, reason: reason)
    }
}
