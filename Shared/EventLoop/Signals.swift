import CLinux
import Glibc

/// SIGTERM and SIGINT as calls on the loop.
///
/// Make it before any library starts a thread: the signals are blocked in this thread, and threads inherit that.
@Loop
public final class SignalWatch {
    private let descriptor: Int32
    private var watch: DescriptorWatch?

    /// Calls `handler` with the signal's name each time one arrives.
    public init(_ handler: @escaping @Loop (_ name: String) -> Void) throws(EventLoopError) {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        let descriptor = signalfd(-1, &signals, crossdock_signalfd_flags())
        guard descriptor >= 0 else { throw EventLoopError(call: "signalfd", code: errno) }
        self.descriptor = descriptor
        watch = try EventLoop.shared.watch(descriptor, for: .readable) { _ in
            var information = signalfd_siginfo()
            let size = MemoryLayout<signalfd_siginfo>.size
            while read(descriptor, &information, size) == size {
                handler(information.ssi_signo == UInt32(SIGTERM) ? "SIGTERM" : "SIGINT")
            }
        }
    }

    /// Ends the process without ceremony after so many whole seconds, whatever hangs by then.
    ///
    /// An alarm and not a timer: it also fires when the loop itself is blocked inside a library.
    public static func exitAfter(seconds: UInt32) {
        signal(SIGALRM) { _ in _exit(75) }
        alarm(seconds)
    }
}
