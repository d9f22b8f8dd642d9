import CommandLineGrammar
import EventLoop
import Glibc
import HTTPServer
import Signing
import Telemetry

/// The process around the sandbox: settings from the command line, the server, and what it prints.
@Loop
enum SandboxProcess {
    static func run(_ arguments: ParsedArguments) async -> Int32 {
        let settings: SandboxSettings
        do throws(SettingsError) {
            settings = try self.settings(arguments)
        } catch {
            TerminalOutput.standardError("salesforce-sandbox: \(error.reason)\n")
            return ExitCode.configuration
        }
        let sandbox = SalesforceSandbox(settings: settings, time: LoopTime.shared)
        let address = arguments.value("address") ?? "127.0.0.1"
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(
                address: address, port: UInt16(arguments.integer("port") ?? 8_401), maximumBodyBytes: 52_428_800,
                maximumHeaderBytes: 65_536, maximumConnections: 1_024, maximumConnectionsPerAddress: 1_024,
                idleTimeout: .seconds(120)),
            logger: Logger(label: "salesforce-sandbox", level: .warning)
        ) { request in await sandbox.handle(request) }
        do {
            try server.start()
        } catch {
            TerminalOutput.standardError("salesforce-sandbox: \(error)\n")
            return ExitCode.failure
        }
        TerminalOutput.standardOutput(greeting(settings, address: address, port: server.port))
        // A signal ends the process; the server is kept alive until then.
        while true {
            do { try await LoopTime.shared.sleep(for: .seconds(86_400)) } catch { return ExitCode.success }
        }
    }

    private struct SettingsError: Error {
        let reason: String
    }

    private static func settings(_ arguments: ParsedArguments) throws(SettingsError) -> SandboxSettings {
        var settings = SandboxSettings()
        settings.publicKey = try publicKey(arguments.value("public-key") ?? "")
        settings.clientId = arguments.value("client-id") ?? settings.clientId
        settings.username = arguments.value("username") ?? settings.username
        settings.audiences.formUnion(arguments.values("audience"))
        settings.isExpiryStrict = arguments.flag("strict-exp")
        settings.sessionIdleSeconds = Int64(arguments.integer("session-idle-seconds") ?? 7_200)
        settings.dailyLimit = arguments.integer("daily-limit") ?? settings.dailyLimit
        settings.pageSize = arguments.integer("page-size") ?? settings.pageSize
        settings.nestedPageSize = arguments.integer("nested-page-size") ?? settings.nestedPageSize
        settings.latency = .milliseconds(arguments.integer("latency-milliseconds") ?? 0)
        settings.schemaOptions = SchemaOptions(
            multiCurrency: arguments.flag("multi-currency"),
            stateAndCountryPicklists: arguments.flag("state-and-country-picklists"))
        settings.orderTouch = arguments.value("order-touch").flatMap(OrderTouch.init(rawValue:)) ?? .total
        settings.hidden = Set(arguments.values("hide"))
        settings.readOnly = Set(arguments.values("read-only"))
        settings.mayEditActivatedOrders = !arguments.flag("no-edit-activated-orders")
        let isLoopback = ["127.0.0.1", "::1"].contains(arguments.value("address") ?? "127.0.0.1")
        settings.servesControl = isLoopback || arguments.flag("expose-control")
        for text in arguments.values("custom-field") {
            guard let field = SandboxSettings.customField(text), settings.schema().object(field.object) != nil else {
                throw SettingsError(
                    reason:
                        "--custom-field \(text): write it as Order.Payment_Terms__c:string:40, with an object that exists"
                )
            }
            settings.customFields.append(field)
        }
        return settings
    }

    private static func publicKey(_ path: String) throws(SettingsError) -> PublicKey {
        guard let file = fopen(path, "r") else {
            throw SettingsError(reason: "--public-key \(path): cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        do {
            let key = try PublicKey(pem: Array(bytes[..<count]))
            guard SignatureAlgorithm.RS256.suits(key) else {
                throw SettingsError(reason: "--public-key \(path): RS256 needs an RSA key")
            }
            return key
        } catch let error as SettingsError {
            throw error
        } catch {
            throw SettingsError(reason: "--public-key \(path): \(error)")
        }
    }

    private static func greeting(_ settings: SandboxSettings, address: String, port: UInt16) -> String {
        let host = address.contains(":") ? "[\(address)]" : address
        let currencies = settings.schemaOptions.multiCurrency ? SchemaOptions.currencies.joined(separator: ", ") : "USD"
        return """
            Salesforce sandbox listens on http://\(host):\(port)
              client id    \(settings.clientId)
              username     \(settings.username)
              audiences    \(settings.audiences.sorted().joined(separator: ", "))
              organisation \(SalesforceOrganization.organizationId), currencies \(currencies)
              daily calls  \(settings.dailyLimit)
              control      \(settings.servesControl ? "http://\(host):\(port)/control" : "not served")

            """
    }
}
