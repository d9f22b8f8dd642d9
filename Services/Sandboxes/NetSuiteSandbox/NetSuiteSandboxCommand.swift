import CommandLineGrammar
import EventLoop
import Glibc
import HTTPServer
import Signing
import Telemetry

/// `netsuite-sandbox`: NetSuite's REST services on this machine, offline.
@main
struct NetSuiteSandboxCommand {
    static func main() {
        exit(EventLoop.shared.run { await command.main() })
    }

    static let command = Command(
        name: "netsuite-sandbox",
        summary: "NetSuite's REST services on this machine: for demo, tests, training and rehearsal",
        discussion: """
            Answers the record service (salesOrder, customer, and the itemFulfillment, invoice, customerPayment and
            creditMemo that follow), SuiteQL, the token endpoint, metadata and system calls as NetSuite does, refusals and limits included. Everything is kept in memory and gone at the end. It listens on
            the loopback by default and has no secrets: never point it at anything real.

            What to tell it while it runs (JSON, no log-in):
            \(ControlGuide.text)
            """,
        options: [
            .text("address", placeholder: "ADDRESS", help: "where to listen", default: "127.0.0.1"),
            .integer("port", in: 0...65_535, help: "the port; 0 takes a free one", default: 8402),
            .text(
                "public-key", placeholder: "FILE", help: "PEM public key or certificate of the integration (RSA or EC)"),
            .text("account", placeholder: "ID", help: "the account's id", default: "1234567_SB1"),
            .text(
                "client-id", placeholder: "ID", help: "the integration's client id", default: "crossdock-sandbox-client"
            ),
            .text(
                "certificate-id", placeholder: "ID", help: "the certificate's id (kid)",
                default: "crossdock-sandbox-certificate"),
            .text(
                "audience", placeholder: "URL", help: "a further audience to accept in assertions", isRepeatable: true),
            .integer("concurrency", in: 0...1000, help: "the account's limit of requests in flight", default: 5),
            .integer(
                "latency-milliseconds", in: 0...600_000, help: "how long every call takes besides its work", default: 20
            ),
            .text(
                "custom-field", placeholder: "NAME",
                help: "a further text field: custbody_… (order), custcol_… (line), custentity_… (customer)",
                isRepeatable: true),
            .text(
                "customer-currency", placeholder: "ID", help: "a currency that new customers get besides their own",
                isRepeatable: true),
            .choice(
                "zone", of: AccountZone.allCases.map(\.rawValue), help: "the zone of times in SuiteQL",
                default: AccountZone.pacific.rawValue),
        ],
        run: { arguments in
            do {
                return try await serve(try settings(arguments), arguments)
            } catch {
                TerminalOutput.standardError("netsuite-sandbox: \(error)\n")
                return ExitCode.configuration
            }
        })

    /// What makes the given options impossible.
    struct StartRefusal: Error, CustomStringConvertible {
        let description: String
    }

    private static func settings(_ arguments: ParsedArguments) throws(StartRefusal) -> SandboxSettings {
        var settings = SandboxSettings()
        settings.login.account = arguments.value("account") ?? settings.login.account
        settings.login.clientId = arguments.value("client-id") ?? settings.login.clientId
        settings.login.certificateId = arguments.value("certificate-id") ?? settings.login.certificateId
        settings.login.audiences = Set(arguments.values("audience"))
        if let path = arguments.value("public-key") { settings.login.publicKey = try publicKey(path) }
        settings.concurrencyLimit = arguments.integer("concurrency") ?? settings.concurrencyLimit
        settings.latency = .milliseconds(arguments.integer("latency-milliseconds") ?? 0)
        for name in arguments.values("custom-field") {
            guard ["custbody_", "custcol_", "custentity_"].contains(where: name.hasPrefix) else {
                throw StartRefusal(
                    description: "--custom-field \(name): begin with custbody_, custcol_ or custentity_")
            }
            settings.account.customFields.append(name)
        }
        for id in arguments.values("customer-currency") {
            guard Catalogue.currency(id) != nil else {
                let known = Catalogue.currencies.map { "\($0.id) (\($0.symbol))" }.joined(separator: ", ")
                throw StartRefusal(description: "--customer-currency \(id): there is none; use one of \(known)")
            }
            settings.account.customerCurrencies.append(id)
        }
        settings.account.zone = arguments.value("zone").flatMap(AccountZone.init) ?? .pacific
        return settings
    }

    private static func publicKey(_ path: String) throws(StartRefusal) -> PublicKey {
        guard let file = fopen(path, "r") else {
            throw StartRefusal(description: "--public-key \(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        do {
            return try PublicKey(pem: Array(bytes.prefix(count)))
        } catch {
            throw StartRefusal(description: "--public-key \(path): \(error)")
        }
    }

    @Loop
    private static func serve(_ settings: SandboxSettings, _ arguments: ParsedArguments) async throws -> Int32 {
        let logger = Logger(label: "netsuite-sandbox")
        let sandbox = NetSuiteSandbox(settings: settings, time: LoopTime.shared, logger: logger)
        var configuration = HTTPServerConfiguration()
        configuration.address = arguments.value("address") ?? "127.0.0.1"
        configuration.port = UInt16(arguments.integer("port") ?? 8402)
        configuration.maximumBodyBytes = 16 << 20
        let server = HTTPServer(configuration: configuration, logger: logger) { await sandbox.handle($0) }
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        let signals = try SignalWatch { _ in end.finish() }
        try server.start()
        sandbox.origin = "http://\(configuration.address):\(server.port)"
        TerminalOutput.standardOutput(greeting(sandbox))
        for await _ in ended {}
        withExtendedLifetime(signals) {}
        // Clients see their connections cut, as when a data centre goes away.
        return ExitCode.success
    }

    @Loop
    private static func greeting(_ sandbox: NetSuiteSandbox) -> String {
        let login = sandbox.loginDesk.settings
        let key =
            login.publicKey == nil
            ? "no --public-key was given: every log-in is refused" : "assertions signed by the given key, PS* or ES*"
        return """
            netsuite-sandbox listens at \(sandbox.origin)
              account \(login.account), client id \(login.clientId), certificate id \(login.certificateId)
              \(key)
              at most \(sandbox.initialSettings.concurrencyLimit) requests in flight; control and journal: \(sandbox.origin)/control

            """
    }
}
