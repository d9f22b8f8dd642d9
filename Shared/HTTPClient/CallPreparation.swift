import CLibcurl
import EventLoop

extension HTTPTransport {
    /// Sets everything on a fresh or reset handle. Nothing has been sent when this throws.
    func prepare(_ transfer: Transfer, for call: HTTPCall) throws(HTTPFailure) {
        let handle = transfer.handle
        let isLoopback = try checkURL(call.url)
        try checkFields(call)
        crossdock_curl_set_transfer(
            handle, Unmanaged.passUnretained(transfer).toOpaque(), receiveBody, receiveHeader)
        set(handle, CURLOPT_URL, call.url)
        set(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        set(handle, CURLOPT_USERAGENT, configuration.userAgent)
        if isLoopback { set(handle, CURLOPT_PROXY, "") }
        set(handle, CURLOPT_NOSIGNAL, 1)
        set(handle, CURLOPT_TCP_NODELAY, 1)
        set(handle, CURLOPT_FOLLOWLOCATION, 0)
        // One request a connection: a broken one then costs one answer, not all those multiplexed on it.
        set(handle, CURLOPT_HTTP_VERSION, crossdock_curl_http11())
        set(handle, CURLOPT_QUICK_EXIT, 1)
        // The deadline itself is the loop's timer; without this, connecting would end after 300 s.
        set(handle, CURLOPT_CONNECTTIMEOUT_MS, call.deadline.wholeMilliseconds)
        set(handle, CURLOPT_SSL_VERIFYPEER, 1)
        set(handle, CURLOPT_SSL_VERIFYHOST, 2)
        set(handle, CURLOPT_SSLVERSION, crossdock_curl_tls12())
        if let file = configuration.certificateAuthorityFile {
            set(handle, CURLOPT_CAINFO, file)
            // The directory of the system's authorities would be searched as well.
            crossdock_curl_set_pointer(handle, CURLOPT_CAPATH, nil)
        }
        setMethodAndBody(transfer, of: call)
        setHeaders(transfer, of: call)
        #if DEBUG
            watchCrashPoints(of: transfer, for: call)
        #endif
    }

    private func setMethodAndBody(_ transfer: Transfer, of call: HTTPCall) {
        let handle = transfer.handle
        let isSafe = ["GET", "HEAD", "OPTIONS"].contains(call.method)
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
        if !isSafe, call.body?.isEmpty ?? true { set(handle, CURLOPT_FRESH_CONNECT, 1) }
    }

    private func setHeaders(_ transfer: Transfer, of call: HTTPCall) {
        var lines = call.headers.map { $0.1.isEmpty ? "\($0.0);" : "\($0.0): \($0.1)" }
        lines.append("Expect:")
        if call.body != nil, !call.headers.contains(where: { HTTPAnswerHeaders.isSame($0.0, "Content-Type") }) {
            lines.append("Content-Type:")
        }
        for line in lines { transfer.headerList = curl_slist_append(transfer.headerList, line) }
        crossdock_curl_set_pointer(transfer.handle, CURLOPT_HTTPHEADER, transfer.headerList)
    }

    private func checkFields(_ call: HTTPCall) throws(HTTPFailure) {
        let isToken = { (text: String) in !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }
        }
        guard isToken(call.method), call.headers.allSatisfy({ isToken($0.0) }),
            call.headers.allSatisfy({ $0.1.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 } })
        else { throw .notSent(reason: "the method or a header field holds a character that is not allowed there") }
    }

    /// - Returns: whether the host is this machine.
    private func checkURL(_ text: String) throws(HTTPFailure) -> Bool {
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
