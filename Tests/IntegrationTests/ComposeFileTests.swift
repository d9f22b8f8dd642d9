import EventLoop
import Foundation
import TestSupport
import Testing
import YAML

/// docker-compose.yml gives each service what its own table of settings asks for, and nothing else.
@Suite("The compose file", .enabled(if: ComposeFile.isComposeThere, "needs docker-compose"))
struct ComposeFileTests {
    @Test("each service has the settings of its table, secrets as files; it is confined, watched and started in order")
    func services() throws {
        let file = try ComposeFile()
        for service in Service.allCases { #expect(try Self.breaches(service.rawValue, in: file) == []) }
    }

    @Test("the job of migrations and the operator's command have their settings too, and are confined")
    func operatorAndMigrations() throws {
        let file = try ComposeFile(text: try Self.text().replacingOccurrences(of: "profiles: [\"operator\"]", with: ""))
        let migrate = try #require(file.service("migrate"))
        let ofMigrate = ComposeRules(
            file: file, service: migrate, table: try SettingsOfService(ofHelp: ["crossdock", "migrate"]))
        #expect(ofMigrate.breachesOfSettings + ofMigrate.breachesOfConfinement == [])
        #expect(migrate.words("command") == ["migrate"])
        #expect(migrate.waitsFor == ["postgres": "service_healthy"])
        #expect(migrate.node["restart"]?.text == "no")

        let command = try #require(file.service("crossdock"))
        let every = SettingsOfService.union(Array(try Self.tables.get().values))
        let ofCommand = ComposeRules(file: file, service: command, table: every)
        #expect(ofCommand.breachesOfConfinement == [])
        #expect(ofCommand.breachesOfSettings.filter { !$0.hasSuffix(" cannot be set") } == [])
    }

    @Test("Kafka and PostgreSQL keep their data and have health checks; the topics' job runs the script over its list")
    func ground() throws {
        let file = try ComposeFile()
        for (name, path) in [("kafka", "/var/lib/kafka/data"), ("postgres", "/var/lib/postgresql/data")] {
            let service = try #require(file.service(name))
            #expect(service.mounts == [path])
            #expect(service.node["healthcheck"]?["test"]?.elements?.isEmpty == false)
            #expect(service.node["restart"]?.text == "unless-stopped")
            for limit in ["mem_limit", "cpus", "stop_grace_period", "logging"] {
                #expect(service.node[limit] != nil, "\(name) has no \(limit)")
            }
            #expect(service.node["ports"] == nil)
            #expect(file.root["volumes"]?["\(name)-data"] != nil)
        }
        let topics = try #require(file.service("topics"))
        #expect(topics.waitsFor == ["kafka": "service_healthy"])
        #expect(topics.words("entrypoint") == ["/bin/sh", "/crossdock/create-topics"])
        #expect(topics.mounts == ["/crossdock"])
        #expect(topics.environment["KAFKA_BOOTSTRAP_SERVERS"] == "kafka:9092")
        let brokers = Service.allCases.map { file.service($0.rawValue)?.environment["KAFKA_BOOTSTRAP_SERVERS"] }
        #expect(Set(brokers) == ["kafka:9092"])
    }

    /// One mistake in the file, and the sentence that it must lead to.
    struct Mistake: Sendable, CustomTestStringConvertible {
        let says: String
        let old: String
        let new: String
        var testDescription: String { says }

        init(_ says: String, _ old: String, _ new: String) {
            self.says = says
            self.old = old
            self.new = new
        }
    }

    static let mistakes = [
        Mistake(
            "netsuite-writer: HELD_RETRY_SECOND is none of its settings", "HELD_RETRY_SECONDS:", "HELD_RETRY_SECOND:"),
        Mistake("netsuite-writer: HELD_RETRY_SECONDS cannot be set", "      HELD_RETRY_SECONDS:\n", ""),
        Mistake(
            "order-publisher: NETSUITE_URL is none of its settings", "POLL_INTERVAL_SECONDS:", "NETSUITE_URL: \"x\""),
        Mistake(
            "status-feedback: NETSUITE_TIME_ZONE is missing", "  NETSUITE_TIME_ZONE: \"${NETSUITE_TIME_ZONE:",
            "  IGNORED: \"${NETSUITE_TIME_ZONE:"),
        Mistake(
            "inventory-poller: NETSUITE_PRIVATE_KEY_FILE is missing", "NETSUITE_PRIVATE_KEY_FILE: \"/run",
            "IGNORED: \"/run"),
        Mistake(
            "order-publisher: POSTGRES_PASSWORD is a secret in the environment: give it as a file",
            "POSTGRES_PASSWORD_FILE: \"/run/secrets/postgres-password\"\n  #", "POSTGRES_PASSWORD: \"x\"\n  #"),
        Mistake(
            "order-publisher: SALESFORCE_PRIVATE_KEY_FILE names no secret of the service",
            "secrets: [\"postgres-password\", \"salesforce-private-key\"]", "secrets: [\"postgres-password\"]"),
        Mistake(
            "netsuite-writer: MAPPING_FILE is no file of a volume", "}:/etc/crossdock/mapping", "}:/etc/crossdock/map"),
        Mistake(
            "netsuite-writer: its health check is not its own program", "/usr/bin/netsuite-writer\", \"health",
            "/usr/bin/netsuite-writer\", \"check"),
        Mistake("netsuite-writer: its health is asked on no fixed port", "HEALTH_PORT: \"8080\"", "HEALTH_PORT: \"0\""),
        Mistake("order-publisher: it is not restarted", "  restart: unless-stopped\n  networks", "  networks"),
        Mistake(
            "order-publisher: it does not wait for what it needs",
            "    migrate: {condition: service_completed_successfully}\n", ""),
        Mistake("order-publisher: its memory has no limit", "  mem_limit: 256m\n  cpus: 1.0\n  #", "  cpus: 1.0\n  #"),
        Mistake("order-publisher: its processors have no limit", "  cpus: 1.0\n  # SIGTERM", "  # SIGTERM"),
        Mistake("order-publisher: its root may be written", "  read_only: true\n", ""),
        Mistake("order-publisher: it may run as root", "  user: \"10001:10001\"\n", ""),
        Mistake("order-publisher: it may gain privileges", "  security_opt: [\"no-new-privileges:true\"]\n", ""),
        Mistake("order-publisher: it keeps capabilities", "  cap_drop: [\"ALL\"]\n", ""),
        Mistake(
            "netsuite-writer: it cannot be scaled", "  netsuite-writer:\n    <<: *service",
            "  netsuite-writer:\n    <<: *service\n    container_name: \"writer\""),
        Mistake(
            "status-feedback: its image is built of another target", "target: status-feedback",
            "target: netsuite-writer"),
    ]

    @Test("a mistake in the file is found", arguments: mistakes)
    func mistakeFound(mistake: Mistake) throws {
        let text = try Self.text()
        try #require(text.contains(mistake.old))
        let file = try ComposeFile(text: text.replacingOccurrences(of: mistake.old, with: mistake.new))
        let found = try Service.allCases.flatMap { try Self.breaches($0.rawValue, in: file) }
        #expect(found.contains(mistake.says), "\(found)")
    }

    @Test(
        "without something that the installer must give Compose stops, and names it", arguments: ComposeFile.given.keys)
    func missing(variable: String) throws {
        let ending = try ComposeFile.config(variables: ComposeFile.given.filter { $0.key != variable })
        #expect(ending.status != 0)
        #expect(ending.output.contains("set \(variable) in .env: "), "\(ending.output)")
    }

    @Test("deploy/example.env has each variable of the compose file, those that must be given without a value")
    func example() throws {
        let example = try String(
            contentsOf: ForeignProgram.packageFolder.appending(path: "deploy/example.env"), encoding: .utf8)
        let lines = example.split(separator: "\n").filter { !$0.hasPrefix("# ") && $0.contains("=") }
        let empty = lines.filter { $0.hasSuffix("=") && !$0.hasPrefix("#") }.map { String($0.dropLast()) }
        #expect(empty.sorted() == ComposeFile.given.keys.sorted())
        let optional = lines.filter { $0.hasPrefix("#") }.compactMap { $0.dropFirst().split(separator: "=").first }
        let text = try Self.text()
        for part in text.components(separatedBy: "${").dropFirst() {
            let name = String(part.prefix { $0.isUppercase || $0 == "_" })
            #expect(empty.contains(name) || optional.contains(Substring(name)), "\(name) is not in the example")
        }
        for name in optional {
            let isThere = text.contains("${\(name):-") || text.contains("  \(name):\n")
            #expect(isThere, "\(name) of the example is nowhere in the compose file")
        }
    }

    @Test("what .env has goes to the services that know it, before the default")
    func passedOn() throws {
        let variables = ComposeFile.given.merging([
            "WATCH_INTERVAL_SECONDS": "20", "NETSUITE_WRITER_CONCURRENCY": "4", "START_FROM": "2026-05-28T00:00:00Z",
        ]) { _, new in new }
        let file = try ComposeFile(variables: variables)
        let environment = { (service: Service) in file.service(service.rawValue)?.environment ?? [:] }
        #expect(environment(.statusFeedback)["WATCH_INTERVAL_SECONDS"] == "20")
        #expect(environment(.inventoryPoller)["WATCH_INTERVAL_SECONDS"] == "20")
        #expect(environment(.netSuiteWriter)["NETSUITE_CONCURRENCY"] == "4")
        #expect(environment(.inventoryPoller)["NETSUITE_CONCURRENCY"] == "1")
        #expect(environment(.orderPublisher)["START_FROM"] == "2026-05-28T00:00:00Z")
        #expect(try ComposeFile().service("netsuite-writer")?.environment["NETSUITE_CONCURRENCY"] == "5")
    }

    @Test(
        "each service starts with the file's environment and secrets as files; while the database is away it is alive, not ready",
        arguments: Service.allCases)
    func starts(service: Service) async throws {
        let file = try ComposeFile()
        let composed = try #require(file.service(service.rawValue)).environment
        try await onLoop {
            let folder = try Leftovers.shared.makeDirectory("composed")
            defer { Leftovers.shared.removeDirectory(folder) }
            let environment = try Self.onThisMachine(composed, folder: folder)
            let process = try ServiceProcess(service, environment: environment, logFile: "\(folder)/log")
            try await process.untilNotReady(because: "PostgreSQL")
            let alive = try await Self.health(service, [], environment)
            #expect(alive.status == 0 && alive.output == "\(service): alive\n", "\(alive)")
            let ready = try await Self.health(service, ["--ready"], environment)
            #expect(ready.status == 1, "\(ready)")
            #expect(
                ready.output.hasPrefix("\(service): not ready: ") && ready.output.contains("PostgreSQL"), "\(ready)")
            #expect(await process.stop() == 0, "\(process.log)")
            let ended = try await Self.health(service, [], environment)
            #expect(ended.status == 1 && ended.output.contains("not alive"), "\(ended)")
            await process.killHard()
        }
    }

    /// What a container would see, seen from here: secrets and the mapping where they lie, and nobody at the addresses.
    private static func onThisMachine(_ composed: [String: String], folder: String) throws -> [String: String] {
        try ServiceEnvironment.writeKeys(to: folder)
        let secrets = [
            "salesforce-private-key": "salesforce-sandbox-key.pem", "netsuite-private-key": "netsuite-sandbox-key.pem",
            "postgres-password": "postgres-password",
        ]
        try Data("secret\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/postgres-password"))
        var environment = composed.mapValues { value in
            secrets.first { value == "/run/secrets/\($0.key)" }.map { "\(folder)/\($0.value)" } ?? value
        }
        if environment["MAPPING_FILE"] != nil {
            environment["MAPPING_FILE"] = ForeignProgram.packageFolder.appending(path: "deploy/mapping.yaml").path
        }
        environment["HEALTH_PORT"] = "\(try freePorts().0)"
        environment.merge(
            ["KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": "1"]
        ) { _, here in here }
        return environment
    }

    /// The service's own check, which gets the port and nothing else.
    @Loop
    private static func health(
        _ service: Service, _ options: [String], _ environment: [String: String]
    ) async throws -> ForeignProgram.Ending {
        let program = try BuiltProduct.path(service.rawValue)
        let port = environment["HEALTH_PORT"] ?? ""
        return try await EventLoop.shared.runOnHelperThread {
            try ForeignProgram.run(program, ["health"] + options, environment: ["HEALTH_PORT": port])
        }
    }

    static func breaches(_ service: String, in file: ComposeFile) throws -> [String] {
        let found = try #require(file.service(service))
        let table = try #require(try tables.get()[service])
        let rules = ComposeRules(file: file, service: found, table: table)
        return rules.breachesOfSettings + rules.breachesOfConfinement + rules.breachesOfLife
    }

    /// Each service's own, asked once.
    private static let tables = Result {
        try Dictionary(
            uniqueKeysWithValues: Service.allCases.map {
                ($0.rawValue, try SettingsOfService(ofHelp: [$0.rawValue]))
            })
    }

    static func text() throws -> String { try String(contentsOfFile: ComposeFile.path, encoding: .utf8) }
}
