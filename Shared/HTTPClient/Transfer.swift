import CLibcurl
import EventLoop

/// One call under way: what libcurl reads from and writes to.
@Loop
final class Transfer {
    let easyHandle: EasyHandle
    let handle: UnsafeMutableRawPointer
    let maximumAnswerBytes: Int
    var outgoing: [UInt8]
    var sentBytes = 0
    var headers: [(String, String)] = []
    /// Whether the head's last line has come: libcurl takes a connection that ends within the head for an answer.
    var isHeadWhole = false
    var body: [UInt8] = []
    var isTooLarge = false
    var deadline: ScheduledWork?
    var completion: (@Loop (Result<HTTPAnswer, HTTPFailure>) -> Void)?
    #if DEBUG
        var crashing: CrashingTransfer?
    #endif

    init(_ easyHandle: EasyHandle, call: HTTPCall) {
        self.easyHandle = easyHandle
        handle = easyHandle.pointer
        maximumAnswerBytes = call.maximumAnswerBytes
        outgoing = call.body ?? []
    }

    /// - Returns: whether the bytes were taken; else libcurl ends the transfer.
    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard body.count + bytes.count <= maximumAnswerBytes else {
            isTooLarge = true
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }

    /// Takes a line of the header; a status line (of the answer after a 100) begins anew.
    func takeHeaderLine(_ bytes: UnsafeRawBufferPointer) {
        if bytes.starts(with: "HTTP/".utf8) {
            headers.removeAll(keepingCapacity: true)
            isHeadWhole = false
            return
        }
        // A line that begins with a blank goes on with the field before it (RFC 9112, section 5.2).
        if let first = bytes.first, first == 0x20 || first == 0x09, let last = headers.indices.last {
            headers[last].1 += " " + trimmed(bytes[...])
            return
        }
        if bytes.allSatisfy({ $0 == 0x0D || $0 == 0x0A }) { isHeadWhole = true }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return }
        headers.append((String(decoding: bytes[..<colon], as: UTF8.self), trimmed(bytes[(colon + 1)...])))
    }

    /// Copies the next part of the request's body.
    func give(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(largestPart(buffer.count), outgoing.count - sentBytes)
        guard count > 0 else { return 0 }
        outgoing.withUnsafeBytes {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[sentBytes..<sentBytes + count]))
        }
        sentBytes += count
        return count
    }

    private func largestPart(_ room: Int) -> Int {
        #if DEBUG
            if sentBytes == 0, let part = crashing?.firstPart { return min(room, part) }
        #endif
        return room
    }

    /// What libcurl's result means. "Not sent" is said only where no byte of a request went out.
    func result(_ code: CURLcode) -> Result<HTTPAnswer, HTTPFailure> {
        let status = crossdock_curl_get_long(handle, CURLINFO_RESPONSE_CODE)
        if code == CURLE_OK, status >= 200 {
            guard isHeadWhole else { return .failure(.unknownOutcome(reason: "the answer's head was cut off")) }
            return .success(HTTPAnswer(status: status, headers: HTTPAnswerHeaders(headers), body: body))
        }
        if isTooLarge { return .failure(.unknownOutcome(reason: "the answer is larger than allowed")) }
        if code == CURLE_SEND_FAIL_REWIND {
            return .failure(.unknownOutcome(reason: "the connection was closed before an answer came"))
        }
        if code == CURLE_PEER_FAILED_VERIFICATION, let reason = reasonOfDistrust { return .failure(failure(reason)) }
        return .failure(failure(String(cString: curl_easy_strerror(code))))
    }

    /// Why the server's certificate was refused; libcurl itself has the same words for all of these.
    private var reasonOfDistrust: String? {
        // The codes of OpenSSL's X509_verify_cert_error_string(3).
        switch crossdock_curl_get_long(handle, CURLINFO_SSL_VERIFYRESULT) {
        // The chain was found good, or not yet looked at: libcurl compares the name first.
        case 0, 1: "the server's certificate is for another name"
        case 9: "the server's certificate is not valid yet"
        case 10: "the server's certificate has expired"
        case 2, 18, 19, 20, 21: "the server's certificate is not from an authority that is trusted here"
        default: nil
        }
    }

    func failure(_ reason: String) -> HTTPFailure {
        let nothingSent = crossdock_curl_get_long(handle, CURLINFO_REQUEST_SIZE) == 0
        return nothingSent ? .notSent(reason: reason) : .unknownOutcome(reason: reason)
    }

    /// The text without blanks and the line's end around it.
    private func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        var rest = bytes
        while let last = rest.last, last == 0x20 || (0x09...0x0D).contains(last) { rest.removeLast() }
        while let first = rest.first, first == 0x20 || (0x09...0x0D).contains(first) { rest.removeFirst() }
        return String(decoding: rest, as: UTF8.self)
    }
}

/// A pointer from C that stays on the loop's thread; the compiler cannot see that.
struct FromC<Value>: @unchecked Sendable {
    let value: Value
}

// MARK: C callbacks: libcurl calls them from curl_multi_socket_action, so on the loop's thread.

func receiveBody(
    bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let context else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    let part = FromC(value: UnsafeRawBufferPointer(start: bytes, count: size * count))
    return EventLoop.shared.assumeIsolated { transfer.take(part.value) } ? size * count : 0
}

func receiveHeader(bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?) -> Int
{
    guard let bytes, let context else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    let part = FromC(value: UnsafeRawBufferPointer(start: bytes, count: size * count))
    EventLoop.shared.assumeIsolated { transfer.takeHeaderLine(part.value) }
    return size * count
}

func sendBody(bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?) -> Int {
    guard let bytes, let context else { return crossdock_curl_abort_read() }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    let room = FromC(value: UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
    return EventLoop.shared.assumeIsolated { transfer.give(room.value) }
}

/// A body is never rewound: libcurl would send the request a second time on a new connection when a reused one breaks
/// without an answer, and the first may have taken effect.
func refuseRewind(context: UnsafeMutableRawPointer?, offset: curl_off_t, origin: Int32) -> Int32 {
    crossdock_curl_refuse_seek()
}
