import CLibcurl
import EventLoop

extension HTTPTransport {
    /// A handle with what is the same for all calls; it keeps that over calls.
    func makeHandle() -> EasyHandle? {
        guard let handle = curl_easy_init() else { return nil }
        set(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        set(handle, CURLOPT_USERAGENT, configuration.userAgent)
        set(handle, CURLOPT_NOSIGNAL, 1)
        set(handle, CURLOPT_TCP_NODELAY, 1)
        set(handle, CURLOPT_FOLLOWLOCATION, 0)
        // One request a connection: a broken one then costs one answer, not all those multiplexed on it.
        set(handle, CURLOPT_HTTP_VERSION, crossdock_curl_http11())
        set(handle, CURLOPT_QUICK_EXIT, 1)
        set(handle, CURLOPT_SSL_VERIFYPEER, 1)
        set(handle, CURLOPT_SSL_VERIFYHOST, 2)
        set(handle, CURLOPT_SSLVERSION, crossdock_curl_tls12())
        if let file = configuration.certificateAuthorityFile {
            set(handle, CURLOPT_CAINFO, file)
            // The directory of the system's authorities would be searched as well.
            crossdock_curl_set_pointer(handle, CURLOPT_CAPATH, nil)
        }
        crossdock_curl_set_connections(
            handle, Unmanaged.passUnretained(self).toOpaque(), socketOpened, closeSocket)
        return EasyHandle(handle)
    }

    /// Sets everything of a call, whatever the handle's call before was. Nothing has been sent when this throws.
    func prepare(_ transfer: Transfer, for call: HTTPCall) throws(HTTPFailure) {
        let handle = transfer.handle
        let isLoopback = try checkURL(call.url)
        try setHeaders(transfer.easyHandle, of: call)
        crossdock_curl_set_transfer(
            handle, Unmanaged.passUnretained(transfer).toOpaque(), receiveBody, receiveHeader)
        set(handle, CURLOPT_URL, call.url)
        if isLoopback { set(handle, CURLOPT_PROXY, "") } else { crossdock_curl_set_pointer(handle, CURLOPT_PROXY, nil) }
        // The deadline itself is the loop's timer; without this, connecting would end after 300 s.
        set(handle, CURLOPT_CONNECTTIMEOUT_MS, call.deadline.wholeMilliseconds)
        setMethodAndBody(transfer, of: call)
        #if DEBUG
            watchCrashPoints(of: transfer, for: call)
        #endif
    }

    private func setMethodAndBody(_ transfer: Transfer, of call: HTTPCall) {
        let handle = transfer.handle
        let isSafe = call.method == "GET" || call.method == "HEAD" || call.method == "OPTIONS"
        if let body = call.body {
            set(handle, CURLOPT_POST, 1)
            crossdock_curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
            crossdock_curl_set_upload(
                handle, Unmanaged.passUnretained(transfer).toOpaque(), sendBody, refuseRewind)
        } else if call.method == "HEAD" {
            set(handle, CURLOPT_NOBODY, 1)
        } else {
            set(handle, CURLOPT_HTTPGET, 1)
        }
        set(handle, CURLOPT_CUSTOMREQUEST, call.method)
        // Without a body there is nothing to rewind, so what changes something must not meet a dead connection.
        set(handle, CURLOPT_FRESH_CONNECT, !isSafe && (call.body?.isEmpty ?? true) ? 1 : 0)
    }

    /// The list of the handle's last call serves again where this one has the same headers, as most have.
    private func setHeaders(_ handle: EasyHandle, of call: HTTPCall) throws(HTTPFailure) {
        try checkMethod(call.method)
        if handle.fits(call) { return }
        try checkHeaders(call)
        var lines = call.headers.map { $0.1.isEmpty ? "\($0.0);" : "\($0.0): \($0.1)" }
        lines.append("Expect:")
        if call.body != nil, !call.headers.contains(where: { HTTPAnswerHeaders.isSame($0.0, "Content-Type") }) {
            lines.append("Content-Type:")
        }
        handle.keep(lines, of: call)
        crossdock_curl_set_pointer(handle.pointer, CURLOPT_HTTPHEADER, handle.headerList)
    }

    private static let badCharacter = HTTPFailure.notSent(
        reason: "the method or a header field holds a character that is not allowed there")

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }
    }

    private func checkMethod(_ method: String) throws(HTTPFailure) {
        guard Self.isToken(method) else { throw Self.badCharacter }
    }

    private func checkHeaders(_ call: HTTPCall) throws(HTTPFailure) {
        guard call.headers.allSatisfy({ Self.isToken($0.0) }),
            call.headers.allSatisfy({ $0.1.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 } })
        else { throw Self.badCharacter }
    }

    /// - Returns: whether the host is this machine. Scheme and host are looked at once; what follows them libcurl reads
    ///   itself before it sends anything.
    private func checkURL(_ text: String) throws(HTTPFailure) -> Bool {
        guard let origin = Self.origin(of: text) else { return try checkWholeURL(text) }
        if let known = origins[origin] { return known }
        let isLoopback = try checkWholeURL(text)
        origins[origin] = isLoopback
        return isLoopback
    }

    /// All before path, query and fragment; nil where there is no host.
    private static func origin(of text: String) -> String? {
        let bytes = text.utf8
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8) else {
            return nil
        }
        let host = bytes.index(colon, offsetBy: 3)
        let end = bytes[host...].firstIndex {
            $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#")
        }
        return String(text[..<(end ?? bytes.endIndex)])
    }

    private func checkWholeURL(_ text: String) throws(HTTPFailure) -> Bool {
        guard let url = curl_url() else { throw .notSent(reason: "out of memory") }
        defer { curl_url_cleanup(url) }
        guard curl_url_set(url, CURLUPART_URL, text, crossdock_curl_disallow_user()) == CURLUE_OK,
            let scheme = part(CURLUPART_SCHEME, of: url), let host = part(CURLUPART_HOST, of: url)
        else { throw .notSent(reason: "the URL is malformed, or holds user information") }
        let isLoopback = ["localhost", "[::1]"].contains(host) || host.hasPrefix("127.")
        switch (scheme, configuration.plainHTTP) {
        case ("https", _), ("http", .anywhere): return isLoopback
        case ("http", .loopback) where isLoopback: return true
        case ("http", _): throw .notSent(reason: "plain HTTP is not permitted to this host; use https")
        default: throw .notSent(reason: "the URL's scheme is neither https nor http")
        }
    }

    private func part(_ part: CURLUPart, of url: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &text, 0) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }

    private func set(_ handle: UnsafeMutableRawPointer, _ option: CURLoption, _ value: Int) {
        crossdock_curl_set_long(handle, option, value)
    }

    private func set(_ handle: UnsafeMutableRawPointer, _ option: CURLoption, _ value: String) {
        crossdock_curl_set_text(handle, option, value)
    }
}

extension Duration {
    /// Rounded up, and at least one: libcurl takes 0 for "no limit".
    fileprivate var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let milliseconds = Int(seconds) * 1_000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
        return max(1, milliseconds)
    }
}
