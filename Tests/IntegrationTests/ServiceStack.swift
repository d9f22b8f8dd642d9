import Contracts
import EventLoop
import Foundation
import JSONText
import Kafka
import Postgres
import Signing
import Telemetry
import TestSupport

/// The services, by the names of their executables.
enum Service: String, CaseIterable, Sendable, CustomStringConvertible {
    case orderPublisher = "order-publisher"
    case netSuiteWriter = "netsuite-writer"
    case statusFeedback = "status-feedback"
    case inventoryPoller = "inventory-poller"

    /// Those through which an order goes and comes back; stock has a service of its own.
    static let ofOrders: [Service] = [.orderPublisher, .netSuiteWriter, .statusFeedback]

    var description: String { rawValue }
}

/// PostgreSQL, the embedded broker and both sandboxes as processes of one test, and services started against them.
@Loop
final class ServiceStack {
    let cluster: PostgresCluster
    let broker: KafkaBroker
    let salesforce: SandboxProcess
    let netSuite: SandboxProcess
    let database: PostgresConfiguration
    let folder: String
    /// What every service gets.
    var environment: [String: String]
    private(set) var services: [ServiceProcess] = []

    private init(
        cluster: PostgresCluster, broker: KafkaBroker, salesforce: SandboxProcess, netSuite: SandboxProcess,
        database: PostgresConfiguration, folder: String
    ) {
        self.cluster = cluster
        self.broker = broker
        self.salesforce = salesforce
        self.netSuite = netSuite
        self.database = database
        self.folder = folder
        environment = ServiceEnvironment.over(
            database: database, bootstrapServers: broker.bootstrapServers, salesforce: salesforce.url,
            netSuite: netSuite.url, folder: folder)
        environment["KAFKA_EMBEDDED"] = "\(broker.kind == .embedded)"
    }

    /// Runs `body` with a stack, and ends all its processes whatever comes of it.
    static func with<Result: Sendable>(
        _ broker: KafkaBrokerKind = .embedded, partitionCount: Int = 12, salesforceOptions: [String] = [],
        _ body: @Loop (ServiceStack) async throws -> Result
    ) async throws -> Result {
        let stack = try await start(broker, partitionCount: partitionCount, salesforceOptions: salesforceOptions)
        do {
            let result = try await body(stack)
            await stack.stop()
            return result
        } catch {
            let logs = stack.services.map { "\($0.service) (\($0.logFile)):\n\($0.tail)" }.joined(separator: "\n")
            await stack.stop()
            throw StackFailure(description: "\(error)\n\(logs)")
        }
    }

    private static func start(
        _ kind: KafkaBrokerKind, partitionCount: Int, salesforceOptions: [String]
    ) async throws -> ServiceStack {
        let folder = try Leftovers.shared.makeDirectory("stack")
        try ServiceEnvironment.writeKeys(to: folder)
        let cluster = try await PostgresCluster.start()
        let database = try await cluster.newLedgerDatabase()
        let broker = try await KafkaBroker.start(
            kind, topics: ServiceEnvironment.topics, partitionCount: partitionCount)
        let salesforce = try await SandboxProcess.start(
            "salesforce-sandbox", options: salesforceOptions, folder: folder)
        // What one writer has by default, and one request at a time for each of the two watches.
        let netSuite = try await SandboxProcess.start(
            "netsuite-sandbox", options: ["--concurrency", "7"], folder: folder)
        return ServiceStack(
            cluster: cluster, broker: broker, salesforce: salesforce, netSuite: netSuite, database: database,
            folder: folder)
    }

    private func stop() async {
        for service in services { service.process.send(signal: SIGKILL) }
        salesforce.process.send(signal: SIGKILL)
        netSuite.process.send(signal: SIGKILL)
        for process in services.map(\.process) + [salesforce.process, netSuite.process] {
            await process.waitForExit(within: .seconds(5))
        }
        broker.thaw()
        await broker.stop()
        thawDatabase()
        await cluster.stop(signal: SIGQUIT)
        Leftovers.shared.removeDirectory(folder)
    }

    // MARK: Services

    /// Starts a service; the values given go before the stack's.
    func start(_ service: Service, with changes: [String: String] = [:]) throws -> ServiceProcess {
        let process = try ServiceProcess(
            service, environment: environment.merging(changes) { _, given in given },
            logFile: "\(folder)/\(service)-\(services.count).log")
        services.append(process)
        return process
    }

    /// Starts these and waits until they are ready.
    func startAll(_ services: [Service] = Service.ofOrders) async throws -> [ServiceProcess] {
        let started = try services.map { try start($0) }
        for service in started { try await service.untilReady() }
        return started
    }

    // MARK: NetSuite

    /// NetSuite's orders by external id, each with its records.
    func salesOrders() async throws -> [String: [JSONValue]] {
        let found = try await netSuite.control.get("/orders")["orders"]?.array ?? []
        return Dictionary(grouping: found) { $0["externalId"]?.string ?? "" }
    }

    // MARK: Database

    /// Stops the server's processes where they are, as a hung disk or a paused machine would.
    func freezeDatabase() {
        for id in databaseProcesses { kill(id, SIGSTOP) }
    }

    func thawDatabase() {
        for id in databaseProcesses { kill(id, SIGCONT) }
    }

    /// The postmaster and its children.
    private var databaseProcesses: [pid_t] {
        let postmaster = cluster.postmaster.id
        guard cluster.postmaster.isRunning else { return [] }
        let ids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let children = ids.compactMap { pid_t($0) }.filter { id in
            let text = FileManager.default.contents(atPath: "/proc/\(id)/stat") ?? Data()
            let fields = String(decoding: text, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
            return fields.count > 1 && pid_t(fields[1]) == postmaster
        }
        return [postmaster] + children
    }

    /// Asks the ledger's database.
    func query(_ sql: SQL) async throws -> PostgresRows {
        let pool = PostgresPool(configuration: database, logger: .silent)
        do {
            let rows = try await pool.query(sql)
            await pool.close()
            return rows
        } catch {
            await pool.close()
            throw error
        }
    }
}

/// What went wrong, with the services' logs.
struct StackFailure: Error, CustomStringConvertible {
    let description: String
}

/// What a service reads from its environment in these tests.
enum ServiceEnvironment {
    /// Every topic of Crossdock.
    static let topics = [
        Topic.orderSubmitted.name, Topic.orderSettled.name, Topic.orderProgressed.name, Topic.inventoryCounted.name,
    ]
    /// The zone of the sandbox's account.
    static let timeZone = "America/Los_Angeles"

    static func over(
        database: PostgresConfiguration, bootstrapServers: String, salesforce: String, netSuite: String, folder: String
    ) -> [String: String] {
        let mapping = ForeignProgram.packageFolder.appendingPathComponent("deploy/mapping.yaml").path
        return [
            "KAFKA_BOOTSTRAP_SERVERS": bootstrapServers, "KAFKA_EMBEDDED": "true", "POSTGRES_HOST": database.host,
            "POSTGRES_PORT": "\(database.port)", "POSTGRES_DATABASE": database.database,
            "POSTGRES_USER": database.user, "POSTGRES_TLS": "disable",
            "SALESFORCE_LOGIN_URL": salesforce, "SALESFORCE_CLIENT_ID": "crossdock-sandbox-client",
            "SALESFORCE_USERNAME": "integration@crossdock.example",
            "SALESFORCE_PRIVATE_KEY_FILE": "\(folder)/salesforce-sandbox-key.pem", "SALESFORCE_REQUEST_SECONDS": "2",
            "NETSUITE_URL": netSuite, "NETSUITE_CLIENT_ID": "crossdock-sandbox-client",
            "NETSUITE_CERTIFICATE_ID": "crossdock-sandbox-certificate",
            "NETSUITE_PRIVATE_KEY_FILE": "\(folder)/netsuite-sandbox-key.pem", "NETSUITE_REQUEST_SECONDS": "2",
            "NETSUITE_TIME_ZONE": timeZone, "WATCH_INTERVAL_SECONDS": "1", "MAPPING_FILE": mapping,
            "POLL_INTERVAL_SECONDS": "1", "START_FROM": "2020-01-01T00:00:00Z",
            "LOG_LEVEL": "debug",
        ]
    }

    /// A key pair for each sandbox.
    static func writeKeys(to folder: String) throws {
        for sandbox in ["salesforce-sandbox", "netsuite-sandbox"] {
            let key = try PrivateKey.generateRSA(bits: 2_048)
            try Data(key.pem.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(sandbox)-key.pem"))
            try Data(key.publicKey.pem.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(sandbox)-public.pem"))
        }
    }
}
