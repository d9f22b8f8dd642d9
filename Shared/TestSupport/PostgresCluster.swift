public import EventLoop
import FoundationEssentials
public import Glibc
import Ledger
public import Postgres
import Telemetry

/// A private PostgreSQL server in a temporary directory, reached over a Unix socket and, where asked for, over TCP; it
/// ends with the test process.
///
/// PostgreSQL refuses to run as root: then it runs as `nobody`.
@Loop
public final class PostgresCluster {
    /// Directory of the socket and the data.
    public let directory: String
    /// The server's main process.
    public private(set) var postmaster: ChildProcess
    /// Its port, of TCP on 127.0.0.1 where it listens there and of the Unix socket's name.
    public let port: UInt16
    private let programs: String
    private let listensOnLoopback: Bool
    private var databases = 0
    /// How often the settings of the running server were changed.
    var changes = 0
    private var template: Task<String, any Error>?
    private static var starting: Task<PostgresCluster, any Error>?

    private init(directory: String, programs: String, loopbackPort: UInt16?) throws {
        self.directory = directory
        self.programs = programs
        port = loopbackPort ?? 5432
        listensOnLoopback = loopbackPort != nil
        postmaster = try Self.launch(
            programs: programs, directory: directory, port: port, addresses: loopbackPort == nil ? "" : "127.0.0.1")
    }

    /// The one cluster of this test process, started when first asked for.
    public static func shared() async throws -> PostgresCluster {
        let task = starting ?? EventLoop.shared.start { try await PostgresCluster.start() }
        starting = task
        return try await task.value
    }

    /// A cluster of its own, for tests that stop, freeze or set up the server.
    /// - Parameter listensOnLoopback: whether it is reached over TCP on 127.0.0.1, too.
    public static func start(listensOnLoopback: Bool = false) async throws -> PostgresCluster {
        guard let programs = programDirectory() else {
            throw ChildProcessError(description: "PostgreSQL is not installed: apt-get install postgresql")
        }
        let directory = try Leftovers.shared.makeDirectory("postgres")
        if geteuid() == 0, chown(directory, account.user, account.group) != 0 {
            throw ChildProcessError(description: "\(directory) cannot be given to an unprivileged account")
        }
        let log = "\(directory)/initdb.log"
        let words = [
            "\(programs)/initdb", "-D", "\(directory)/data", "-U", "postgres", "--auth=trust", "--encoding=UTF8",
            "--locale=C", "--no-sync", "--no-instructions",
        ]
        let initialisation = try ChildProcess.start(unprivileged(words), output: log)
        guard await initialisation.waitForExit(within: .seconds(60)) == 0 else {
            let output = (try? String(contentsOfFile: log, encoding: .utf8)) ?? "no output"
            throw ChildProcessError(description: "initdb failed: \(output)")
        }
        let cluster = try PostgresCluster(
            directory: directory, programs: programs, loopbackPort: listensOnLoopback ? try freePorts().0 : nil)
        try await cluster.untilReady()
        return cluster
    }

    /// Ends the server; a lost one may be started again with ``restart()``.
    public func stop(signal: Int32 = SIGINT) async {
        postmaster.send(signal: signal)
        if await postmaster.waitForExit(within: .seconds(10)) == nil { await postmaster.stop() }
    }

    /// Starts the server again after ``stop(signal:)``.
    public func restart() async throws {
        postmaster = try Self.launch(
            programs: programs, directory: directory, port: port, addresses: listensOnLoopback ? "127.0.0.1" : "")
        try await untilReady()
    }

    /// A fresh, empty database.
    public func newDatabase() async throws -> PostgresConfiguration {
        try await makeDatabase(template: "template0")
    }

    /// A fresh database with the ledger's schema.
    public func newLedgerDatabase() async throws -> PostgresConfiguration {
        let task = template ?? EventLoop.shared.start { try await self.makeTemplate() }
        template = task
        return try await makeDatabase(template: try await task.value)
    }

    /// How a database of this cluster is reached.
    public func configuration(database: String) -> PostgresConfiguration {
        PostgresConfiguration(
            host: directory, port: port, database: database, user: "postgres", transportSecurity: .disabled,
            applicationName: "tests", maximumConnections: 8)
    }

    private func makeTemplate() async throws -> String {
        let configuration = try await makeDatabase(template: "template0")
        let pool = PostgresPool(configuration: configuration, logger: .silent)
        _ = try await Ledger.migrate(pool: pool, logger: .silent)
        await pool.close()
        try await withAdministration { pool in
            try await eventually("nobody uses the template") {
                let rows = try await pool.query(
                    "select count(*) as n from pg_stat_activity where datname = \(configuration.database)")
                return try rows.first?.int64("n") == 0
            }
        }
        return configuration.database
    }

    private func makeDatabase(template: String) async throws -> PostgresConfiguration {
        databases += 1
        let name = "test_\(databases)"
        try await withAdministration { pool in
            _ = try await pool.query("create database \(unsafe: name) template \(unsafe: template)")
        }
        return configuration(database: name)
    }

    func withAdministration<Result: Sendable>(
        _ body: @Loop (PostgresPool) async throws -> Result
    ) async throws -> Result {
        var configuration = configuration(database: "postgres")
        configuration.statementTimeout = .seconds(60)
        configuration.lockTimeout = .seconds(60)
        let pool = PostgresPool(configuration: configuration, logger: .silent)
        do {
            let result = try await body(pool)
            await pool.close()
            return result
        } catch {
            await pool.close()
            throw error
        }
    }

    private func untilReady() async throws {
        try await withAdministration { pool in
            try await eventually("PostgreSQL answers", within: .seconds(30)) {
                guard self.postmaster.isRunning else {
                    let path = "\(self.directory)/server.log"
                    let output = (try? String(contentsOfFile: path, encoding: .utf8)) ?? "no output"
                    throw ChildProcessError(description: "PostgreSQL did not start: \(output)")
                }
                return (try? await pool.query("select 1")) != nil
            }
        }
    }

    private static func launch(
        programs: String, directory: String, port: UInt16, addresses: String
    ) throws -> ChildProcess {
        let settings = [
            "port=\(port)", "listen_addresses=\(addresses)", "unix_socket_directories=\(directory)", "fsync=off",
            "max_connections=200", "log_connections=on",
            "shared_buffers=32MB", "log_error_verbosity=terse", "logging_collector=off",
        ]
        let words = ["\(programs)/postgres", "-D", "\(directory)/data"] + settings.flatMap { ["-c", $0] }
        return try ChildProcess.start(unprivileged(words), output: "\(directory)/server.log")
    }

    /// The newest server's programs, where Debian puts them.
    private static func programDirectory() -> String? {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return versions.compactMap(Int.init).sorted(by: >).map { "\(root)/\($0)/bin" }
            .first { access("\($0)/postgres", X_OK) == 0 }
    }

    static var account: (user: uid_t, group: gid_t) {
        guard let entry = getpwnam("nobody") else { return (65534, 65534) }
        return (entry.pointee.pw_uid, entry.pointee.pw_gid)
    }

    /// The change of account clears the kernel's "end with the parent", so it is asked for again.
    private static func unprivileged(_ words: [String]) -> [String] {
        guard geteuid() == 0 else { return words }
        let account = account
        return [
            "setpriv", "--reuid=\(account.user)", "--regid=\(account.group)", "--clear-groups", "--pdeathsig", "KILL",
            "--",
        ] + words
    }
}
