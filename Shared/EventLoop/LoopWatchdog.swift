import Glibc
import Synchronization

/// Ends the process when its loop stands still: in a call that blocks or a computation that does not end, where no
/// deadline on the loop can help. Whoever runs the process starts it again.
///
/// A process that was stopped as a whole (SIGSTOP, a paused machine) is not ended: its watchdog stood still as well.
public enum LoopWatchdog {
    private static let turns = Atomic<UInt64>(0)

    /// Watches from a thread of its own until the process ends.
    /// - Parameters:
    ///   - limit: whole seconds without a turn of the loop.
    ///   - report: called on the watching thread, right before the process ends with status 70.
    @Loop
    public static func start(limit: Duration = .seconds(30), report: @escaping @Sendable (String) -> Void) {
        turn()
        startThread(Watched(limitSeconds: max(1, limit.components.seconds), report: report))
    }

    /// Apart from the loop, whose isolation the thread's body would inherit.
    private static func startThread(_ watched: Watched) {
        let context = Unmanaged.passRetained(watched)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Watched>.fromOpaque(context).takeRetainedValue().watch() }
                return nil
            }, context.toOpaque())
        guard code == 0 else { return context.release() }
        pthread_detach(thread)
    }

    @Loop
    private static func turn() {
        turns.wrappingAdd(1, ordering: .relaxed)
        LoopTime.shared.schedule(after: .milliseconds(500)) { turn() }
    }

    private struct Seen {
        var turns: UInt64 = 0
        var silentSeconds: Int64 = 0
    }

    private final class Watched: Sendable {
        private let limitSeconds: Int64
        private let report: @Sendable (String) -> Void

        init(limitSeconds: Int64, report: @escaping @Sendable (String) -> Void) {
            self.limitSeconds = limitSeconds
            self.report = report
        }

        func watch() {
            var seen = Seen()
            while seen.silentSeconds < limitSeconds {
                // Seconds are counted, not measured: those in which this thread did not run either do not count.
                poll(nil, 0, 1_000)
                let now = turns.load(ordering: .relaxed)
                seen.silentSeconds = now == seen.turns ? seen.silentSeconds + 1 : 0
                seen.turns = now
            }
            report("the event loop has stood still for \(limitSeconds) s")
            _exit(70)
        }
    }
}
