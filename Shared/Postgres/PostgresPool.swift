public import EventLoop
public import Telemetry

/// A few connections, each lent for one statement or one transaction at a time.
@Loop
public final class PostgresPool {
    /// How long a statement may take altogether, waiting for a connection included.
    public nonisolated static let defaultDeadline: Duration = .seconds(8)

    let configuration: PostgresConfiguration
    let time: any TimeSource
    private let logger: Logger
    private var idle: [PostgresConnection] = []
    private var open: [ObjectIdentifier: PostgresConnection] = [:]
    private var connecting = 0
    private var waiters: [Waiter] = []
    private var isClosed = false

    /// Why the last connection could not be made, in words without data; nil while all is well.
    public private(set) var trouble: String?

    /// A pool without connections yet; they are made when first needed and again after a loss.
    public init(configuration: PostgresConfiguration, logger: Logger, time: any TimeSource = LoopTime.shared) {
        self.configuration = configuration
        self.logger = logger
        self.time = time
    }

    /// Runs one statement, which commits by itself.
    ///
    /// - Throws: ``PostgresError``; `.outcomeUnknown` when the answer was lost or late, so make it safe to repeat.
    public func query(
        _ sql: SQL, deadline: Duration = PostgresPool.defaultDeadline
    ) async throws(PostgresError) -> PostgresRows {
        let end = time.now + deadline
        let connection = try await borrow(until: end)
        defer { giveBack(connection) }
        return try await connection.execute(sql, within: end - time.now, mode: .committing)
    }

    /// Runs `body` in one transaction: committed when it returns, rolled back when it throws.
    ///
    /// - Parameter deadline: For the whole of it; keep remote calls out of `body`.
    /// - Throws: What `body` throws, or ``PostgresError``; `.outcomeUnknown` when the commit's answer was lost.
    public func transaction<Result>(
        deadline: Duration = PostgresPool.defaultDeadline,
        _ body: @Loop (PostgresTransaction) async throws -> Result
    ) async throws -> Result {
        let end = time.now + deadline
        let connection = try await borrow(until: end)
        defer { giveBack(connection) }
        let transaction = PostgresTransaction(connection, end: end, time: time)
        do {
            _ = try await connection.execute("begin", within: end - time.now, mode: .inTransaction)
            let result = try await body(transaction)
            transaction.isOpen = false
            _ = try await connection.execute("commit", within: end - time.now, mode: .committing)
            return result
        } catch {
            transaction.isOpen = false
            await rollBack(connection)
            throw error
        }
    }

    private func rollBack(_ connection: PostgresConnection) async {
        guard connection.isUsable else { return }
        do {
            _ = try await connection.execute("rollback", within: .seconds(2), mode: .inTransaction)
        } catch {
            connection.close()
        }
    }

    /// Ends every connection; statements in flight and waiting callers end with `.cancelled`.
    public func close() async {
        isClosed = true
        for connection in open.values { connection.close() }
        for waiter in waiters { waiter.resume(.failure(PostgresError(.cancelled, "the pool was closed"))) }
        waiters.removeAll()
    }

    // MARK: Lending

    private func borrow(until end: MonotonicInstant) async throws(PostgresError) -> PostgresConnection {
        while true {
            if isClosed { throw PostgresError(.cancelled, "the pool was closed") }
            if let connection = idle.popLast() { return connection }
            if open.count + connecting < configuration.maximumConnections { return try await connect() }
            if let connection = try await waitForTurn(until: end) { return connection }
        }
    }

    private func connect() async throws(PostgresError) -> PostgresConnection {
        connecting += 1
        let connection: PostgresConnection
        do throws(PostgresError) {
            connection = try await PostgresConnection.open(configuration, time: time, logger: logger)
            connecting -= 1
        } catch {
            connecting -= 1
            noteTrouble(error)
            wakeOne()
            throw error
        }
        if isClosed {
            connection.close()
            throw PostgresError(.cancelled, "the pool was closed")
        }
        let key = ObjectIdentifier(connection)
        open[key] = connection
        connection.onClose = { [weak self] in self?.forget(key) }
        if trouble != nil { logger.info("PostgreSQL can be reached again") }
        trouble = nil
        return connection
    }

    private func noteTrouble(_ error: PostgresError) {
        guard error.kind != .cancelled, trouble != error.reason else { return }
        trouble = error.reason
        logger.warning("PostgreSQL cannot be reached", .reason(error.reason))
    }

    /// A closed connection leaves room for another; the caller who waits longest makes it.
    private func forget(_ key: ObjectIdentifier) {
        idle.removeAll { ObjectIdentifier($0) == key }
        open[key] = nil
        wakeOne()
    }

    private func giveBack(_ connection: PostgresConnection) {
        guard connection.isUsable else { return }
        if waiters.isEmpty {
            idle.append(connection)
        } else {
            waiters.removeFirst().resume(.success(connection))
        }
    }

    private func wakeOne() {
        if !waiters.isEmpty { waiters.removeFirst().resume(.success(nil)) }
    }

    private func waitForTurn(until end: MonotonicInstant) async throws(PostgresError) -> PostgresConnection? {
        let waiter = Waiter()
        let timer = time.schedule(after: end - time.now) { [weak self] in
            self?.drop(waiter, PostgresError(.deadline, "no connection of the pool was free in time"))
        }
        defer { timer.cancel() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiter.continuation = continuation
                waiters.append(waiter)
            }
        } onCancel: {
            EventLoop.shared.perform { [weak self] in
                self?.drop(waiter, PostgresError(.cancelled, "cancelled while waiting for a connection"))
            }
        }
        return try result.get()
    }

    private func drop(_ waiter: Waiter, _ error: PostgresError) {
        guard let position = waiters.firstIndex(where: { $0 === waiter }) else { return }
        waiters.remove(at: position)
        waiter.resume(.failure(error))
    }
}

/// A caller without a connection; nil means "make one".
@Loop
private final class Waiter {
    var continuation: CheckedContinuation<Result<PostgresConnection?, PostgresError>, Never>?

    func resume(_ result: Result<PostgresConnection?, PostgresError>) {
        continuation?.resume(returning: result)
        continuation = nil
    }
}

/// The open transaction of one caller; valid inside the closure it was given to.
@Loop
public final class PostgresTransaction {
    private let connection: PostgresConnection
    private let end: MonotonicInstant
    private let time: any TimeSource
    var isOpen = true

    init(_ connection: PostgresConnection, end: MonotonicInstant, time: any TimeSource) {
        self.connection = connection
        self.end = end
        self.time = time
    }

    /// Runs one statement inside the transaction.
    public func query(_ sql: SQL) async throws(PostgresError) -> PostgresRows {
        guard isOpen else { throw PostgresError(.refused, "the transaction is over") }
        return try await connection.execute(sql, within: end - time.now, mode: .inTransaction)
    }

    /// Runs text with several statements and no parameters, such as a migration.
    public func script(_ text: String) async throws(PostgresError) {
        guard isOpen else { throw PostgresError(.refused, "the transaction is over") }
        try await connection.executeScript(text, within: end - time.now)
    }
}
