import EventLoop

/// Looks at something again and again from start to stop: a service without work must say too that it could do none.
@Loop
final class Watch {
    private let look: @Loop @Sendable () async throws -> Duration
    private let time: any TimeSource
    private var task: Task<Void, any Error>?

    /// - Parameter look: looks once; gives the pause until the next look.
    init(time: any TimeSource, _ look: @escaping @Loop @Sendable () async throws -> Duration) {
        self.time = time
        self.look = look
    }

    func start() {
        task = EventLoop.shared.start { [look, time] in
            while true { try await time.sleep(for: try await look()) }
        }
    }

    func stop() { task?.cancel() }
}
