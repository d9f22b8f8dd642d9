import Glibc

/// Two ports bound together, so that they differ, and freed at once.
public func freePorts() throws -> (UInt16, UInt16) {
    let sockets = (0..<2).map { _ in socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
    defer { for descriptor in sockets { close(descriptor) } }
    let ports = sockets.map { descriptor -> UInt16 in
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(descriptor, generic, size) == 0, getsockname(descriptor, generic, &size) == 0 else {
                    return false
                }
                return true
            }
        } ? UInt16(bigEndian: address.sin_port) : 0
    }
    guard !ports.contains(0) else { throw ChildProcessError(description: "no port is free on 127.0.0.1") }
    return (ports[0], ports[1])
}
