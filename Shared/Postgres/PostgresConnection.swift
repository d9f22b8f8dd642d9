import CLibpq
import EventLoop
import Glibc
import Telemetry

/// One libpq connection on the loop; one statement at a time.
///
/// Never reused after a deadline, a loss or a cancellation: then it is closed, and what was sent is unknown.
@Loop
final class PostgresConnection {
    /// How a statement goes over the wire and what its loss means.
    enum Mode {
        /// Inside a transaction: a loss rolls back.
        case inTransaction
        /// Commits by itself, or is the commit: after a loss it may have happened.
        case committing
    }

    private enum Phase {
        case connecting(CheckedContinuation<PostgresError?, Never>)
        case idle
        case busy(Statement)
        case closed
    }

    private struct Statement {
        let number: UInt64
        let mode: Mode
        let timer: ScheduledWork
        let whenSent: (@Sendable () -> Void)?
        let continuation: CheckedContinuation<Result<PostgresRows, PostgresError>, Never>
        var isFlushed = false
        var rows: PostgresRows?
        var error: PostgresError?
    }

    /// Called once when the connection ends for whatever reason.
    var onClose: (() -> Void)?
    private let time: any TimeSource
    private let logger: Logger
    private let notices = NoticeBox()
    private var handle: OpaquePointer?
    private var watch: SocketWatch?
    private var phase = Phase.closed
    private var statements: UInt64 = 0

    private init(time: any TimeSource, logger: Logger) {
        self.time = time
        self.logger = logger
    }

    var isUsable: Bool {
        if case .idle = phase { true } else { false }
    }

    // MARK: Connecting

    static func open(
        _ configuration: PostgresConfiguration, time: any TimeSource, logger: Logger
    ) async throws(PostgresError) -> PostgresConnection {
        let end = time.now + configuration.connectDeadline
        var addresses: [String] = []
        if !configuration.host.hasPrefix("/") {
            addresses = try await resolve(configuration.host, within: configuration.connectDeadline, time: time)
        }
        InheritedEnvironment.clear()
        let connection = PostgresConnection(time: time, logger: logger)
        let parameters = ConnectionParameters(configuration, addresses: addresses)
        if let error = await connection.connect(parameters, within: end - time.now) { throw error }
        return connection
    }

    private static func resolve(
        _ host: String, within limit: Duration, time: any TimeSource
    ) async throws(PostgresError) -> [String] {
        let addresses: [String]
        do {
            addresses = try await withDeadline(limit, time: time) {
                try await EventLoop.shared.runOnHelperThread { numericAddresses(of: host) }
            }
        } catch is CancellationError {
            throw PostgresError(.cancelled, "cancelled while connecting")
        } catch {
            throw PostgresError(.unavailable, "the server's name was not resolved in time")
        }
        if addresses.isEmpty { throw PostgresError(.unavailable, "the server's name is not known") }
        return addresses
    }

    private func connect(_ parameters: ConnectionParameters, within limit: Duration) async -> PostgresError? {
        handle = parameters.withCArrays { PQconnectStartParams($0, $1, 0) }
        guard let handle else { return PostgresError(.unavailable, "libpq is out of memory") }
        PQsetNoticeReceiver(handle, NoticeBox.receiver, Unmanaged.passUnretained(notices).toOpaque())
        PQsetErrorVerbosity(handle, PQERRORS_SQLSTATE)
        let timer = time.schedule(after: limit) { [weak self] in
            self?.close(PostgresError(.unavailable, "the server did not answer in time"))
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                phase = .connecting(continuation)
                if PQstatus(handle) == CONNECTION_BAD {
                    connectingFailed()
                } else {
                    rewatch(for: .writable)
                }
            }
        } onCancel: {
            EventLoop.shared.perform { [weak self] in self?.cancelConnecting() }
        }
    }

    private func cancelConnecting() {
        guard case .connecting = phase else { return }
        close(PostgresError(.cancelled, "cancelled while connecting"))
    }

    /// The socket may be another one after each poll, so it is watched anew each time.
    private func rewatch(for readiness: Readiness) {
        watch?.cancel()
        watch = nil
        guard let handle, PQsocket(handle) >= 0 else { return connectingFailed() }
        watch = SocketWatch(PQsocket(handle), for: readiness) { [weak self] in self?.becameReady($0) }
        if watch == nil { close(PostgresError(.unavailable, "the process is out of descriptors")) }
    }

    private func continueConnecting(_ continuation: CheckedContinuation<PostgresError?, Never>) {
        switch PQconnectPoll(handle) {
        case PGRES_POLLING_READING: rewatch(for: .readable)
        case PGRES_POLLING_WRITING: rewatch(for: .writable)
        case PGRES_POLLING_OK:
            PQsetnonblocking(handle, 1)
            phase = .idle
            rewatch(for: .readable)
            if isUsable { continuation.resume(returning: nil) }
        default: connectingFailed()
        }
    }

    /// Only text says why. It names host, role and database, and never a value.
    private func connectingFailed() {
        close(.connecting(failedWith: handle.flatMap { PQerrorMessage($0) }.map { String(cString: $0) } ?? ""))
    }

    // MARK: Statements

    /// Runs one statement with bound parameters; the connection is closed when it is not answered within `limit`.
    func execute(_ sql: SQL, within limit: Duration, mode: Mode) async throws(PostgresError) -> PostgresRows {
        try await run(within: limit, mode: mode, whenSent: sql.whenSent) { handle in
            withCParameters(sql.parameters) { types, values, lengths, formats in
                PQsendQueryParams(
                    handle, sql.text, Int32(clamping: sql.parameters.count), types, values, lengths, formats, 1)
            }
        }
    }

    /// Runs text with several statements and no parameters, by the simple protocol.
    func executeScript(_ text: String, within limit: Duration) async throws(PostgresError) {
        _ = try await run(within: limit, mode: .inTransaction) { PQsendQuery($0, text) }
    }

    private func run(
        within limit: Duration, mode: Mode, whenSent: (@Sendable () -> Void)? = nil,
        _ send: (OpaquePointer) -> Int32
    ) async throws(PostgresError) -> PostgresRows {
        guard isUsable, let handle else { throw PostgresError(.unavailable, "the connection is closed") }
        if Task.isCancelled { throw PostgresError(.cancelled, "cancelled before the statement was sent") }
        statements += 1
        let number = statements
        let timer = time.schedule(after: limit) { [weak self] in
            self?.abandon(number, .deadline, "no answer within \(limit.inMilliseconds) ms")
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                phase = .busy(
                    Statement(
                        number: number, mode: mode, timer: timer, whenSent: whenSent, continuation: continuation))
                if send(handle) == 0 { abandon(number, .unavailable, "the connection is lost") } else { flush() }
            }
        } onCancel: {
            EventLoop.shared.perform { [weak self] in
                self?.abandon(number, .cancelled, "cancelled while the statement ran")
            }
        }
        return try result.get()
    }

    private func becameReady(_ readiness: Readiness) {
        switch phase {
        case .connecting(let continuation): continueConnecting(continuation)
        case .idle: readWhileIdle()
        case .busy: receive()
        case .closed: break
        }
    }

    /// The server ends idle connections by a message and a closed socket; libpq then closes its own.
    private func readWhileIdle() {
        guard let handle else { return }
        let isAlive = PQconsumeInput(handle) == 1 && PQstatus(handle) == CONNECTION_OK && PQsocket(handle) >= 0
        while let notification = PQnotifies(handle) { PQfreemem(notification) }
        if !isAlive { close(PostgresError(.unavailable, "the server closed the connection")) }
    }

    /// Both directions are watched until all is sent, else two full buffers would wait for each other.
    private func flush() {
        guard case .busy(var statement) = phase else { return }
        switch PQflush(handle) {
        case 0:
            statement.isFlushed = true
            phase = .busy(statement)
            watch?.change(to: .readable)
            statement.whenSent?()
        case 1: watch?.change(to: [.readable, .writable])
        default: abandon(statement.number, .unavailable, "the connection is lost")
        }
    }

    private func receive() {
        guard let handle, case .busy(let statement) = phase else { return }
        let isAlive = PQconsumeInput(handle) == 1
        if isAlive && !statement.isFlushed { flush() }
        // All results are taken now: what TLS has decrypted does not make the socket readable again.
        while PQisBusy(handle) == 0 {
            guard let result = PQgetResult(handle) else { return finish() }
            collect(StatementResult(result))
            guard case .busy = phase else { return }
        }
        if !isAlive || PQstatus(handle) == CONNECTION_BAD || PQsocket(handle) < 0 {
            abandon(statement.number, .unavailable, "the server closed the connection")
        }
    }

    private func collect(_ result: consuming StatementResult) {
        guard case .busy(var statement) = phase else { return }
        switch result.outcome() {
        case .rows(let rows):
            statement.rows = rows
            if statement.mode == .committing && result.commandTag == "ROLLBACK" {
                statement.error = PostgresError(.refused, "the transaction had failed before", sqlState: "25P02")
            }
        case .refused(let error): statement.error = statement.error ?? error
        case .lost: return abandon(statement.number, .unavailable, "the server closed the connection")
        case .unexpected: return abandon(statement.number, .refused, "the statement is of a kind not supported")
        }
        phase = .busy(statement)
    }

    private func finish() {
        guard case .busy(let statement) = phase else { return }
        if PQstatus(handle) != CONNECTION_OK || PQsocket(handle) < 0 {
            return abandon(statement.number, .unavailable, "the server closed the connection")
        }
        phase = .idle
        statement.timer.cancel()
        reportNotices()
        if let error = statement.error {
            statement.continuation.resume(returning: .failure(error))
        } else {
            let nothing = PostgresRows(columns: [], bytes: [], cells: [], affected: 0)
            statement.continuation.resume(returning: .success(statement.rows ?? nothing))
        }
    }

    private func reportNotices() {
        for state in notices.states where !state.hasPrefix("00") {
            logger.debug("PostgreSQL sent a notice", .errorCode(state))
        }
        notices.states.removeAll()
    }

    // MARK: Ending

    /// Gives up on a statement, and with it on the connection.
    private func abandon(_ number: UInt64, _ kind: PostgresError.Kind, _ reason: String) {
        guard case .busy(let statement) = phase, statement.number == number else { return }
        close(PostgresError(kind, reason))
    }

    /// Ends the connection; whoever waits on it gets `error`, or "unknown" where a commit was under way.
    func close(_ error: PostgresError = PostgresError(.cancelled, "the pool was closed")) {
        let ended = phase
        phase = .closed
        watch?.cancel()
        watch = nil
        if let handle {
            // A statement in flight may have bytes unsent, which PQfinish must not wait to get rid of.
            if case .busy = ended, PQsocket(handle) >= 0 { shutdown(PQsocket(handle), Int32(SHUT_RDWR)) }
            PQfinish(handle)
        }
        handle = nil
        switch ended {
        case .connecting(let continuation): continuation.resume(returning: error)
        case .busy(let statement):
            statement.timer.cancel()
            statement.continuation.resume(returning: .failure(Self.meaning(of: error, for: statement)))
        case .idle, .closed: break
        }
        if case .closed = ended { return }
        onClose?()
        onClose = nil
    }

    private static func meaning(of error: PostgresError, for statement: Statement) -> PostgresError {
        let state = statement.error?.sqlState
        guard statement.mode == .committing, error.kind != .cancelled, error.kind != .refused else {
            return PostgresError(error.kind, error.reason, sqlState: state)
        }
        return PostgresError(
            .outcomeUnknown, "\(error.reason); whether it was committed is not known", sqlState: state)
    }
}
