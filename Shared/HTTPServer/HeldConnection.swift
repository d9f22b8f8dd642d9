import CLibmicrohttpd
import EventLoop

/// A connection that libmicrohttpd has been told to leave alone: its socket is ours to send on, or to stay silent on.
///
/// libmicrohttpd does not see that the peer of a suspended connection has gone, so this looks now and then.
@Loop
final class HeldConnection {
    private static let look = Duration.milliseconds(100)
    /// How long a peer that was told the end may take to close, before the connection is closed on it.
    private static let farewell = Duration.seconds(5)

    private let socket: Int32
    private let bytes: [UInt8]
    private let pause: Duration
    private let silence: Duration
    private var sent = 0
    private var nextByteAt = MonotonicInstant.now
    private var endsAt: MonotonicInstant?
    private var timer: ScheduledWork?
    private var ended: (@Loop () -> Void)?

    /// - Parameters:
    ///   - bytes: what goes out; none for silence.
    ///   - pause: the time between two bytes; zero sends all at once.
    ///   - silence: how long nothing is said, where there are no bytes.
    init(socket: Int32, sending bytes: [UInt8], pause: Duration, silence: Duration) {
        self.socket = socket
        self.bytes = bytes
        self.pause = pause
        self.silence = silence
    }

    /// Begins; `ended` is called once, when all is said or the peer is gone.
    func begin(ended: @escaping @Loop () -> Void) {
        self.ended = ended
        if bytes.isEmpty { endsAt = MonotonicInstant.now + silence }
        step()
    }

    /// Stops without calling back.
    func cancel() {
        timer?.cancel()
        timer = nil
        ended = nil
    }

    private func step() {
        timer = nil
        let now = MonotonicInstant.now
        if endsAt.map({ $0 <= now }) == true || crossdock_http_is_gone(socket) != 0 { return end() }
        if sent < bytes.count, nextByteAt <= now {
            guard send(upTo: pause > .zero ? 1 : bytes.count - sent) else { return end() }
            nextByteAt = now + pause
        }
        let delay = sent < bytes.count ? min(Self.look, max(pause, .milliseconds(1))) : Self.look
        timer = EventLoop.shared.schedule(after: delay) { [weak self] in self?.step() }
    }

    /// - Returns: whether the connection is still whole.
    private func send(upTo count: Int) -> Bool {
        let taken = bytes[sent..<sent + count].withUnsafeBytes {
            crossdock_http_send(socket, $0.baseAddress, $0.count)
        }
        guard taken >= 0 else { return false }
        sent += taken
        if sent == bytes.count {
            // Closing at once could take back what the peer has not read yet.
            crossdock_http_end_sending(socket)
            endsAt = MonotonicInstant.now + Self.farewell
        }
        return true
    }

    private func end() {
        let ended = ended
        cancel()
        ended?()
    }
}
