import EventLoop
import Glibc

/// A duplicate of libpq's socket in the loop.
///
/// A duplicate, since libpq closes and re-opens its socket on its own: the number may then be another connection's, and
/// a closed one cannot be taken out of the epoll any more.
@Loop
final class SocketWatch {
    private let descriptor: Int32
    private let watch: DescriptorWatch
    private var wanted: Readiness

    init?(_ socket: Int32, for readiness: Readiness, _ handler: @escaping @Loop (Readiness) -> Void) {
        let duplicate = fcntl(socket, F_DUPFD_CLOEXEC, 0)
        guard duplicate >= 0 else { return nil }
        guard let watch = try? EventLoop.shared.watch(duplicate, for: readiness, handler) else {
            Glibc.close(duplicate)
            return nil
        }
        descriptor = duplicate
        self.watch = watch
        wanted = readiness
    }

    func change(to readiness: Readiness) {
        guard readiness != wanted else { return }
        wanted = readiness
        watch.change(to: readiness)
    }

    /// Must be called once, before libpq closes the socket.
    func cancel() {
        watch.cancel()
        Glibc.close(descriptor)
    }
}
