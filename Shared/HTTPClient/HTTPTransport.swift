import CLibcurl
public import EventLoop
import Glibc
public import Telemetry

/// Makes HTTP calls from the event loop, over libcurl's multi interface.
///
/// Connections are reused. There are no redirects, no cookies and no second sending of what changes something: such a call
/// goes out at most once, and its failure says whether it can have taken effect. (libcurl sends a GET
/// again where a kept connection turns out to be closed.)
@Loop
public final class HTTPTransport {
    let configuration: HTTPTransportConfiguration
    private let time: any TimeSource
    private let logger: Logger
    private let multi: UnsafeMutableRawPointer?
    private var idleHandles: [EasyHandle] = []
    /// Scheme and host of addresses that were looked at, and whether that is this machine; a few, since they are settings.
    var origins: [String: Bool] = [:]
    private var transfers: [UnsafeMutableRawPointer: Transfer] = [:]
    private var watches: [curl_socket_t: Watched] = [:]
    private var connections: Set<curl_socket_t> = []
    /// Sockets of kept connections that no call uses now.
    private var idleSockets: Set<curl_socket_t> = []
    private var timer: ScheduledWork?
    private var isClosed = false
    private var isBeginning = false
    private var isDue = false

    /// How many connections have been opened so far.
    public private(set) var openedConnections = 0

    /// Makes a transport; its first call opens the first connection.
    public init(
        configuration: HTTPTransportConfiguration, time: any TimeSource = LoopTime.shared, logger: Logger
    ) {
        self.configuration = configuration
        self.time = time
        self.logger = logger
        _ = Self.library
        multi = curl_multi_init()
        configureMulti()
    }

    /// The library is set up once in a process, before its first use.
    private static let library = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    /// Makes one call and gives its answer, whatever its status.
    ///
    /// Cancelling the task aborts the call; the failure then says what is known of it.
    public func send(_ call: HTTPCall) async throws(HTTPFailure) -> HTTPAnswer {
        guard !isClosed, let multi else { throw .notSent(reason: "the transport is closed") }
        guard !Task.isCancelled else { throw .notSent(reason: "cancelled") }
        guard let handle = idleHandles.popLast() ?? makeHandle() else { throw .notSent(reason: "out of memory") }
        let transfer = Transfer(handle, call: call)
        do {
            try prepare(transfer, for: call)
        } catch {
            recycle(transfer)
            throw error
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.completion = { continuation.resume(returning: $0) }
                begin(transfer, on: multi, deadline: call.deadline)
            }
        } onCancel: {
            EventLoop.shared.perform { [weak self] in self?.abort(transfer, reason: "cancelled") }
        }
        return try result.get()
    }

    /// Aborts what is under way and closes all connections; calls made later are not sent. A transport that is given up
    /// without this keeps its connections open.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        for transfer in Array(transfers.values) { abort(transfer, reason: "the transport was closed") }
        for handle in idleHandles { handle.free() }
        idleHandles = []
        timer?.cancel()
        for watched in watches.values { watched.watch.cancel() }
        watches = [:]
        if let multi { curl_multi_cleanup(multi) }
    }

    // MARK: Transfers

    private func begin(_ transfer: Transfer, on multi: UnsafeMutableRawPointer, deadline: Duration) {
        transfers[transfer.handle] = transfer
        transfer.deadline = time.schedule(after: deadline) { [weak self] in
            self?.abort(transfer, reason: "no whole answer before the deadline")
        }
        // libcurl asks to be called at once: that is done here, and not by way of a timer.
        isBeginning = true
        let code = curl_multi_add_handle(multi, transfer.handle)
        isBeginning = false
        if isDue {
            isDue = false
            act(on: CURL_SOCKET_TIMEOUT, [])
        }
        if code != CURLM_OK { finish(transfer, .failure(.notSent(reason: String(cString: curl_multi_strerror(code))))) }
    }

    private func abort(_ transfer: Transfer, reason: String) {
        guard transfers[transfer.handle] === transfer else { return }
        finish(transfer, .failure(transfer.failure(reason)))
    }

    private func finish(_ transfer: Transfer, _ result: Result<HTTPAnswer, HTTPFailure>) {
        guard transfers.removeValue(forKey: transfer.handle) != nil else { return }
        transfer.deadline?.cancel()
        openedConnections += crossdock_curl_get_long(transfer.handle, CURLINFO_NUM_CONNECTS)
        if let multi { curl_multi_remove_handle(multi, transfer.handle) }
        if case .success = result { recycle(transfer) } else { discard(transfer) }
        #if DEBUG
            if case .success = result { transfer.crashing?.answered() }
        #endif
        let completion = transfer.completion
        transfer.completion = nil
        completion?(result)
    }

    private func recycle(_ transfer: Transfer) {
        guard !isClosed, idleHandles.count < configuration.maximumConnections else { return discard(transfer) }
        #if DEBUG
            crossdock_curl_set_long(transfer.handle, CURLOPT_VERBOSE, 0)
        #endif
        idleHandles.append(transfer.easyHandle)
    }

    /// A handle whose call failed is not used again: in libcurl 8.14 a refused rewind outlives the reset, and every later
    /// body on that handle would fail.
    private func discard(_ transfer: Transfer) {
        transfer.easyHandle.free()
    }

    private func collectFinished() {
        guard let multi else { return }
        var code = CURLE_OK
        while let handle = crossdock_curl_next_done(multi, &code) {
            guard let transfer = transfers[handle] else { continue }
            finish(transfer, transfer.result(code))
        }
    }

    // MARK: The loop's side of libcurl

    private func configureMulti() {
        guard let multi else { return }
        // Not retained: only this object's own calls make libcurl call back.
        crossdock_curl_set_loop(multi, Unmanaged.passUnretained(self).toOpaque(), socketChanged, timerChanged)
        crossdock_curl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, configuration.maximumConnections)
        crossdock_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, configuration.maximumConnections)
    }

    fileprivate func watch(_ socket: curl_socket_t, for what: Int32) {
        guard what != CURL_POLL_REMOVE, !isClosed else {
            // A connection stays watched while it is open, since the next call will want it: see closed(_:). Other
            // sockets are libcurl's own, for looking names up, and it closes them without a word.
            if connections.contains(socket), !isClosed { idleSockets.insert(socket) } else { closed(socket) }
            return
        }
        idleSockets.remove(socket)
        var readiness: Readiness = []
        if what & CURL_POLL_IN != 0 { readiness.insert(.readable) }
        if what & CURL_POLL_OUT != 0 { readiness.insert(.writable) }
        if let watched = watches[socket] {
            if watched.readiness != readiness {
                watches[socket]?.readiness = readiness
                watched.watch.change(to: readiness)
            }
            return
        }
        do {
            let watch = try EventLoop.shared.watch(socket, for: readiness) { [weak self] ready in
                self?.act(on: socket, ready)
            }
            watches[socket] = Watched(watch: watch, readiness: readiness)
        } catch {
            logger.error(
                "a connection cannot be watched; its call will run into the deadline", .reason(error.description))
        }
    }

    fileprivate func opened(_ socket: curl_socket_t) { connections.insert(socket) }

    /// A socket that libcurl closes, or that is no longer to be watched.
    fileprivate func closed(_ socket: curl_socket_t) {
        connections.remove(socket)
        idleSockets.remove(socket)
        watches.removeValue(forKey: socket)?.watch.cancel()
    }

    fileprivate func wake(after milliseconds: Int) {
        if isBeginning, milliseconds == 0 {
            isDue = true
            return
        }
        timer?.cancel()
        timer = nil
        guard milliseconds >= 0, !isClosed else { return }
        // Even for 0 by a timer: libcurl must not be entered from its own callback.
        timer = EventLoop.shared.schedule(after: .milliseconds(milliseconds)) { [weak self] in
            self?.timer = nil
            self?.act(on: CURL_SOCKET_TIMEOUT, [])
        }
    }

    private struct Watched {
        let watch: DescriptorWatch
        var readiness: Readiness
    }

    private func act(on socket: curl_socket_t, _ ready: Readiness) {
        guard let multi, !isClosed else { return }
        // The server ended a connection that is not in use: libcurl finds out when it would use it again.
        if idleSockets.contains(socket) {
            watches.removeValue(forKey: socket)?.watch.cancel()
            return
        }
        var events: Int32 = 0
        if ready.contains(.readable) { events |= CURL_CSELECT_IN }
        if ready.contains(.writable) { events |= CURL_CSELECT_OUT }
        if ready.contains(.hangup) { events |= CURL_CSELECT_ERR }
        var running: Int32 = 0
        curl_multi_socket_action(multi, socket, events, &running)
        collectFinished()
    }
}

private func socketChanged(
    handle: UnsafeMutableRawPointer?, socket: curl_socket_t, what: Int32, context: UnsafeMutableRawPointer?,
    ofSocket: UnsafeMutableRawPointer?
) -> Int32 {
    guard let context else { return 0 }
    let transport = Unmanaged<HTTPTransport>.fromOpaque(context).takeUnretainedValue()
    EventLoop.shared.assumeIsolated { transport.watch(socket, for: what) }
    return 0
}

/// Called when libcurl has made a connection's socket.
func socketOpened(context: UnsafeMutableRawPointer?, socket: curl_socket_t, purpose: curlsocktype) -> Int32 {
    if let context {
        let transport = Unmanaged<HTTPTransport>.fromOpaque(context).takeUnretainedValue()
        EventLoop.shared.assumeIsolated { transport.opened(socket) }
    }
    return 0
}

/// Called when libcurl closes a connection: its descriptor must leave the epoll before its number is another's.
func closeSocket(context: UnsafeMutableRawPointer?, socket: curl_socket_t) -> Int32 {
    if let context {
        let transport = Unmanaged<HTTPTransport>.fromOpaque(context).takeUnretainedValue()
        EventLoop.shared.assumeIsolated { transport.closed(socket) }
    }
    return close(socket)
}

private func timerChanged(multi: UnsafeMutableRawPointer?, milliseconds: Int, context: UnsafeMutableRawPointer?)
    -> Int32
{
    guard let context else { return 0 }
    let transport = Unmanaged<HTTPTransport>.fromOpaque(context).takeUnretainedValue()
    EventLoop.shared.assumeIsolated { transport.wake(after: milliseconds) }
    return 0
}
