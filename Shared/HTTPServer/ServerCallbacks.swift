import CLibmicrohttpd
import EventLoop

// MARK: C callbacks: libmicrohttpd calls them from MHD_run, so on the loop's thread.

/// Pointers from C, which never leave the callback's thread; the compiler cannot see that.
private struct FromC<Value>: @unchecked Sendable {
    let value: Value
}

func beginExchange(context: UnsafeMutableRawPointer?, target: UnsafePointer<CChar>?) -> UnsafeMutableRawPointer? {
    guard let context, let target else { return nil }
    let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    let text = String(cString: target)
    return EventLoop.shared.assumeIsolated {
        FromC(value: Unmanaged.passRetained(server.begin(target: text)).toOpaque())
    }.value
}

func receiveExchange(
    context: UnsafeMutableRawPointer?, request: UnsafeMutableRawPointer?, connection: OpaquePointer?,
    method: UnsafePointer<CChar>?, upload: UnsafePointer<CChar>?, uploadSize: UnsafeMutablePointer<Int>?
) -> Int32 {
    guard let context, let request, let connection, let method, let uploadSize else { return 0 }
    let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    let exchange = Unmanaged<Exchange>.fromOpaque(request).takeUnretainedValue()
    let bytes = UnsafeRawBufferPointer(start: upload, count: upload == nil ? 0 : uploadSize.pointee)
    uploadSize.pointee = 0
    let pointers = FromC(value: (connection: connection, method: method, bytes: bytes))
    let goesOn = EventLoop.shared.assumeIsolated {
        let (connection, method, bytes) = pointers.value
        return server.receive(
            exchange, connection, method: method, upload: bytes.bindMemory(to: UInt8.self))
    }
    return goesOn ? 1 : 0
}

func finishExchange(context: UnsafeMutableRawPointer?, request: UnsafeMutableRawPointer?) {
    guard let context, let request else { return }
    let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    let exchange = Unmanaged<Exchange>.fromOpaque(request).takeRetainedValue()
    EventLoop.shared.assumeIsolated { server.finished(exchange) }
}

func appendField(
    list: UnsafeMutableRawPointer?, name: UnsafePointer<CChar>?, nameSize: Int, value: UnsafePointer<CChar>?,
    valueSize: Int
) {
    guard let list, let name, let value else { return }
    list.assumingMemoryBound(to: HTTPHeaders.self).pointee.append(text(name, nameSize), text(value, valueSize))
}

private func text(_ start: UnsafePointer<CChar>, _ count: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
}
