import CommandLineGrammar
import CrashPoints
public import EventLoop
import FoundationEssentials
import Glibc
import HTTPServer
public import Telemetry

/// What a service is: its name, its purpose, its configuration, and how it is put together.
public struct ServiceDescription: Sendable {
    let name: String
    let summary: String
    let settings: [SettingDescription]
    let build: @Loop @Sendable (ServiceHost) async throws -> Void

    /// - Parameters:
    ///   - name: the product's name, such as `netsuite-writer`: also consumer group and user agent.
    ///   - settings: the rows that health and log do not have already.
    ///   - build: makes the parts and adds them to the host's lifecycle, in the order of their dependence.
    public init(
        name: String, summary: String, settings: [SettingDescription],
        build: @escaping @Loop @Sendable (ServiceHost) async throws -> Void
    ) {
        self.name = name
        self.summary = summary
        self.settings = settings
        self.build = build
    }
}

/// What every service stands on: settings, log, metrics, health, and an ordered start and stop.
@Loop
public final class ServiceHost {
    /// The service's name.
    public nonisolated let name: String
    /// This process among all: service, host and a number drawn at the start. A holder of leases is new each time.
    public nonisolated let instance: String
    /// The environment.
    public nonisolated let settings: Settings
    /// The log.
    public nonisolated let logger: Logger
    /// The metrics.
    public nonisolated let metrics = MetricsRegistry()
    /// The time.
    public let time: any TimeSource = LoopTime.shared
    /// Ready or why not.
    public let health = Health()
    /// Which systems keep us from working.
    public let troubles: Troubles
    /// The parts and their order.
    public let lifecycle: Lifecycle

    /// Parses the command line, checks the configuration, builds, runs, and ends the process with its status; or asks the
    /// process that runs already (``HealthCheck``).
    public nonisolated static func main(_ service: ServiceDescription) -> Never {
        let rows = CommonSettings.process + service.settings
        let command = Command(
            name: service.name, summary: service.summary,
            discussion: "Configured by the environment; secrets also by a file that <name>_FILE names:\n"
                + SettingsTable.text(rows),
            options: [.flag("version", help: "Print the version and end")],
            subcommands: [HealthCheck.command(of: service.name)],
            run: { arguments in
                if arguments.flag("version") {
                    TerminalOutput.standardOutput("\(service.name) \(ProductVersion.text)\n")
                    return ExitCode.success
                }
                return await run(service, rows: rows)
            })
        exit(EventLoop.shared.run { await command.main() })
    }

    private static func run(_ service: ServiceDescription, rows: [SettingDescription]) async -> Int32 {
        let settings = Settings.ofProcess()
        let problems = settings.problems(of: rows).map { "\($0)" } + [crashPointProblem()].compactMap { $0 }
        guard problems.isEmpty else {
            for problem in problems { TerminalOutput.standardError("\(service.name): \(problem)\n") }
            TerminalOutput.standardError("\(service.name): not started; `\(service.name) --help` shows every setting\n")
            return ExitCode.configuration
        }
        do {
            let host = try ServiceHost(name: service.name, settings: settings)
            return try await host.run(service)
        } catch {
            TerminalOutput.standardError("\(service.name): not started: \(error)\n")
            return ExitCode.configuration
        }
    }

    private init(name: String, settings: Settings) throws {
        self.name = name
        self.settings = settings
        let format = Logger.Format(rawValue: try settings.value(of: CommonSettings.logFormat)) ?? .text
        let level = Logger.Level(name: try settings.value(of: CommonSettings.logLevel)) ?? .info
        let logger = Logger(label: name, level: level, format: format)
        self.logger = logger
        instance = "\(name)/\(Self.hostName())-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        lifecycle = Lifecycle { event in Self.log(event, to: logger) }
        troubles = Troubles(health: health, metrics: metrics, logger: logger)
    }

    private func run(_ service: ServiceDescription) async throws -> Int32 {
        var isAsked = false
        let signals = try SignalWatch { [lifecycle] name in
            // Whatever hangs by then, the container's grace period is not used up; a second signal gains no time.
            if !isAsked { SignalWatch.exitAfter(seconds: 5) }
            isAsked = true
            lifecycle.stop(because: name)
        }
        logger.info("starting", LogField(.softwareVersion, ProductVersion.text), LogField(.holder, instance))
        LoopWatchdog.start(limit: try settings.value(of: CommonSettings.stillness)) { [logger] reason in
            logger.error("the process ends: its work would wait for ever", .reason(reason))
        }
        try addHealthServer()
        try await service.build(self)
        health.set("start", reason: "still starting")
        lifecycle.add("readiness", start: { [health] in health.set("start", reason: nil) })
        let status = await lifecycle.run()
        withExtendedLifetime(signals) {}
        return status
    }

    private static func hostName() -> String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, 255)
        let bytes = name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        return String(validating: bytes, as: UTF8.self) ?? "host"
    }

    private static func log(_ event: Lifecycle.Event, to logger: Logger) {
        switch event {
        case .started(let name): logger.debug("part started", LogField(.component, name))
        case .startFailed(let name, let reason):
            logger.error("part could not start", LogField(.component, name), .reason(reason))
        case .stopping(let reason): logger.info("stopping", .reason(reason))
        case .stopped(let name): logger.debug("part stopped", LogField(.component, name))
        case .abandoned(let name): logger.warning("part did not stop in time", LogField(.component, name))
        }
    }

    private func addHealthServer() throws {
        var configuration = HTTPServerConfiguration()
        configuration.address = try settings.value(of: CommonSettings.healthAddress)
        configuration.port = UInt16(try settings.value(of: CommonSettings.healthPort))
        configuration.maximumBodyBytes = 1024
        let endpoints = HealthEndpoints(health: health, metrics: metrics)
        let server = HTTPServer(configuration: configuration, logger: logger) { endpoints.answer($0) }
        let address = configuration.address
        lifecycle.add(
            "health server",
            start: { [logger] in
                do {
                    try server.start()
                } catch {
                    throw ConfigurationError(
                        "HEALTH_ADDRESS or HEALTH_PORT", "cannot be listened on (\(error))", "use another port")
                }
                logger.info("health and metrics", LogField(.address, "\(address):\(server.port)"))
            },
            stop: { await server.stop(within: .milliseconds(200)) })
    }
}
