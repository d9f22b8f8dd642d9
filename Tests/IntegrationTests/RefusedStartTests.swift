import EventLoop
import Foundation
import Postgres
import TestSupport
import Testing

/// A configuration that cannot work stops the start, and says which variable, why and what to do.
@Suite("Refused starts")
struct RefusedStartTests {
    /// One mistake in a configuration that is otherwise right.
    struct Mistake: Sendable, CustomTestStringConvertible {
        let service: Service
        let variable: String
        let value: String
        /// Texts that the service must print.
        let says: [String]
        var file: String?

        var testDescription: String { "\(service): \(variable)=\(value)" }

        init(_ service: Service, _ variable: String, _ value: String, says: String..., file: String? = nil) {
            self.service = service
            self.variable = variable
            self.value = value
            self.says = says
            self.file = file
        }
    }

    /// `FILE` stands for a file with the content given.
    static let mistakes = [
        Mistake(.netSuiteWriter, "NETSUITE_URL", "", says: "NETSUITE_URL is not set: set it"),
        Mistake(.netSuiteWriter, "NETSUITE_URL", "http://netsuite.example", says: "NETSUITE_URL is no https address"),
        Mistake(.netSuiteWriter, "NETSUITE_URL", "https://", says: "NETSUITE_URL names no host"),
        Mistake(
            .netSuiteWriter, "NETSUITE_URL", "https://a.example:port", says: "NETSUITE_URL has no number as its port"),
        Mistake(.netSuiteWriter, "NETSUITE_CONCURRENCY", "0", says: "NETSUITE_CONCURRENCY", "use 1 to 500"),
        Mistake(.netSuiteWriter, "NETSUITE_CONCURRENCY", "five", says: "NETSUITE_CONCURRENCY", "use 1 to 500"),
        Mistake(.netSuiteWriter, "NETSUITE_REQUEST_SECONDS", "1.5", says: "NETSUITE_REQUEST_SECONDS", "use 1 to 900"),
        Mistake(.netSuiteWriter, "NETSUITE_SIGNATURE_ALGORITHM", "RS256", says: "use one of PS256"),
        Mistake(
            .netSuiteWriter, "NETSUITE_SIGNATURE_ALGORITHM", "ES256",
            says: "NETSUITE_SIGNATURE_ALGORITHM does not fit the key"),
        Mistake(.netSuiteWriter, "NETSUITE_PRIVATE_KEY", "x", says: "NETSUITE_PRIVATE_KEY_FILE are both set"),
        Mistake(
            .netSuiteWriter, "NETSUITE_PRIVATE_KEY_FILE", "/nowhere/key.pem",
            says: "NETSUITE_PRIVATE_KEY_FILE names a file that cannot be read"),
        Mistake(
            .netSuiteWriter, "NETSUITE_PRIVATE_KEY_FILE", "FILE", says: "NETSUITE_PRIVATE_KEY", "is no private key",
            file: "no key at all"),
        Mistake(.netSuiteWriter, "NETSUITE_CA_FILE", "/nowhere/ca.pem", says: "NETSUITE_CA_FILE"),
        Mistake(
            .netSuiteWriter, "MAPPING_FILE", "/nowhere/mapping.yaml",
            says: "MAPPING_FILE names a file that cannot be read (No such file or directory)"),
        Mistake(
            .netSuiteWriter, "MAPPING_FILE", "FILE", says: "mistake:2:", "MAPPING_FILE", file: "version: 1\nordr: {}\n"),
        Mistake(.netSuiteWriter, "MAPPING_FILE", "FILE", says: "mistake:2:1:", file: "version: [1\n"),
        Mistake(.statusFeedback, "CROSSDOCK_CRASH_POINT", "t9", says: "CROSSDOCK_CRASH_POINT names no crash point"),
        Mistake(.orderPublisher, "SALESFORCE_CLIENT_ID", "", says: "SALESFORCE_CLIENT_ID is not set"),
        Mistake(
            .orderPublisher, "SALESFORCE_PRIVATE_KEY_FILE", "FILE", says: "SALESFORCE_PRIVATE_KEY", "is no private key",
            file: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        Mistake(.orderPublisher, "SALESFORCE_API_VERSION", "67", says: "SALESFORCE_API_VERSION", "v67.0"),
        Mistake(.orderPublisher, "START_FROM", "yesterday", says: "START_FROM", "2026-05-28T00:00:00Z"),
        Mistake(.orderPublisher, "POLL_INTERVAL_SECONDS", "0", says: "POLL_INTERVAL_SECONDS", "use 1 to 3600"),
        Mistake(.orderPublisher, "SKU_FIELD", "Name", says: "SKU_FIELD", "StockKeepingUnit or ProductCode"),
        Mistake(
            .orderPublisher, "ORDER_CUSTOM_FIELDS", "Region__c;x", says: "ORDER_CUSTOM_FIELDS", "Region__c,Priority__c"),
        Mistake(
            .orderPublisher, "ORGANIZATION_CURRENCY", "usd", says: "ORGANIZATION_CURRENCY", "three capital letters"),
        Mistake(.statusFeedback, "NETSUITE_TIME_ZONE", "", says: "NETSUITE_TIME_ZONE is not set"),
        Mistake(.statusFeedback, "NETSUITE_TIME_ZONE", "GMT+1 (Paris)", says: "NETSUITE_TIME_ZONE is no name"),
        Mistake(.statusFeedback, "WATCH_OVERLAP_SECONDS", "60", says: "WATCH_OVERLAP_SECONDS", "use 120 to 86400"),
        Mistake(.statusFeedback, "STOCK_STALE_HOURS", "0", says: "STOCK_STALE_HOURS", "use 1 to 1000"),
        Mistake(.statusFeedback, "ORDER_STATUS_BY_STATE", "sent=Fulfilled", says: "ORDER_STATUS_BY_STATE"),
        Mistake(.statusFeedback, "SHOW_PRICE", "sometimes", says: "SHOW_PRICE is no flag"),
        Mistake(.inventoryPoller, "NETSUITE_URL", "", says: "NETSUITE_URL is not set"),
        Mistake(.inventoryPoller, "NETSUITE_TIME_ZONE", "", says: "NETSUITE_TIME_ZONE is not set"),
        Mistake(.inventoryPoller, "WATCH_INTERVAL_SECONDS", "0", says: "WATCH_INTERVAL_SECONDS", "use 1 to 3600"),
        Mistake(.inventoryPoller, "FULL_COUNT_HOUR", "24", says: "FULL_COUNT_HOUR", "use 0 to 23"),
        Mistake(.inventoryPoller, "LIST_PRICE_CURRENCY", "usd", says: "LIST_PRICE_CURRENCY"),
        Mistake(.statusFeedback, "KAFKA_BOOTSTRAP_SERVERS", "", says: "KAFKA_BOOTSTRAP_SERVERS is not set"),
        Mistake(.statusFeedback, "KAFKA_EMBEDDED", "yes", says: "KAFKA_EMBEDDED is no flag: use true or false"),
        Mistake(.statusFeedback, "KAFKA_SECURITY_PROTOCOL", "tls", says: "KAFKA_SECURITY_PROTOCOL", "sasl_ssl"),
        Mistake(
            .statusFeedback, "KAFKA_SASL_MECHANISM", "PLAIN", says: "KAFKA_SASL_MECHANISM", "KAFKA_SECURITY_PROTOCOL"),
        Mistake(.statusFeedback, "POSTGRES_PORT", "70000", says: "POSTGRES_PORT", "use 1 to 65535"),
        Mistake(.statusFeedback, "POSTGRES_TLS", "prefer", says: "POSTGRES_TLS", "verify-full"),
        Mistake(.statusFeedback, "HEALTH_PORT", "80000", says: "HEALTH_PORT", "use 0 to 65535"),
        Mistake(.statusFeedback, "HEALTH_ADDRESS", "localhorst", says: "HEALTH_ADDRESS"),
        Mistake(.statusFeedback, "LOG_FORMAT", "xml", says: "LOG_FORMAT", "use one of text, json"),
        Mistake(.statusFeedback, "LOG_LEVEL", "all", says: "LOG_LEVEL", "debug, info, warning, error"),
    ]

    @Test("a wrong setting stops the start with status 78, its variable and the mend", arguments: mistakes)
    func refuses(mistake: Mistake) async throws {
        try await onLoop {
            let folder = try Leftovers.shared.makeDirectory("refused")
            defer { Leftovers.shared.removeDirectory(folder) }
            try ServiceEnvironment.writeKeys(to: folder)
            var environment = ServiceEnvironment.over(
                database: PostgresConfiguration(host: folder, database: "none", user: "none"),
                bootstrapServers: "127.0.0.1:1", salesforce: "http://127.0.0.1:1", netSuite: "http://127.0.0.1:1",
                folder: folder)
            let file = "\(folder)/mistake"
            if let content = mistake.file { try Data(content.utf8).write(to: URL(fileURLWithPath: file)) }
            environment[mistake.variable] = mistake.value.replacingOccurrences(of: "FILE", with: file)
            let service = try ServiceProcess(mistake.service, environment: environment, logFile: "\(folder)/log")
            let status = await service.process.waitForExit(within: .seconds(5))
            let log = service.log
            #expect(status == 78, "\(log)")
            for text in mistake.says { #expect(log.contains(text), "\(text) is missing in: \(log)") }
            #expect(!log.contains("no key at all"), "a secret is printed: \(log)")
            await service.killHard()
        }
    }

    @Test("a database without the schema stops the start and names the command", arguments: Service.allCases)
    func refusesWithoutSchema(service: Service) async throws {
        try await onLoop {
            let folder = try Leftovers.shared.makeDirectory("refused")
            defer { Leftovers.shared.removeDirectory(folder) }
            try ServiceEnvironment.writeKeys(to: folder)
            let database = try await PostgresCluster.shared().newDatabase()
            let environment = ServiceEnvironment.over(
                database: database, bootstrapServers: "127.0.0.1:1", salesforce: "http://127.0.0.1:1",
                netSuite: "http://127.0.0.1:1", folder: folder)
            let process = try ServiceProcess(service, environment: environment, logFile: "\(folder)/log")
            let status = await process.process.waitForExit(within: .seconds(8))
            #expect(status == 1, "\(process.log)")
            #expect(process.log.contains("crossdock migrate"), "\(process.log)")
            await process.killHard()
        }
    }
}
