import CLibcurl
import EventLoop

/// libcurl's handle of one call after the other, with the headers that it sent last.
@Loop
final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    private(set) var headerList: UnsafeMutablePointer<curl_slist>?
    private var headers: [(String, String)] = []
    private var hasBody = false

    init(_ pointer: UnsafeMutableRawPointer) { self.pointer = pointer }

    /// Whether the list is the one that this call needs.
    func fits(_ call: HTTPCall) -> Bool {
        headerList != nil && hasBody == (call.body != nil) && headers.count == call.headers.count
            && zip(headers, call.headers).allSatisfy { $0.0 == $1.0 && $0.1 == $1.1 }
    }

    /// Keeps the header lines of a call; the handle must be told of the new list at once.
    func keep(_ lines: [String], of call: HTTPCall) {
        freeHeaders()
        for line in lines { headerList = curl_slist_append(headerList, line) }
        headers = call.headers
        hasBody = call.body != nil
    }

    /// Ends the handle, which must not be under way.
    func free() {
        curl_easy_cleanup(pointer)
        freeHeaders()
    }

    private func freeHeaders() {
        if let list = headerList { curl_slist_free_all(list) }
        headerList = nil
    }
}
