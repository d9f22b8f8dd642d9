import CommandLineGrammar
import EventLoop
import Ledger
import ServiceRuntime
import Telemetry

/// What every command that reads the ledger does before and after.
enum OperatorSession {
    /// Says nothing: what goes wrong reaches the operator as an answer, not as a log.
    static let quietLogger = Logger(label: "crossdock", level: .error, sink: { _ in })

    /// Opens the ledger, checks its schema, does the work, closes; failures are explained on standard error.
    static func withLedger(_ work: @escaping @Loop @Sendable (Ledger) async throws -> Int32) async -> Int32 {
        await withDatabase { database in
            try await database.ledger.checkSchema()
            return try await work(database.ledger)
        }
    }

    /// The same with a way to Kafka, for commands that produce; nil where it is not needed.
    @Loop
    static func withEvents(
        isNeeded: Bool, _ work: @escaping @Loop @Sendable (Ledger, OperatorEvents?) async throws -> Int32
    ) async -> Int32 {
        guard isNeeded else { return await withLedger { try await work($0, nil) } }
        let settings = Settings.ofProcess()
        let problems = settings.problems(of: CommonSettings.kafka)
        guard problems.isEmpty else { return refuse(problems.map(\.description), ExitCode.configuration) }
        do {
            let events = try OperatorEvents(settings: settings, clientId: "crossdock", logger: quietLogger)
            let status = await withLedger { try await work($0, events) }
            await events.close()
            return status
        } catch {
            return refuse([error.description], ExitCode.configuration)
        }
    }

    /// The same without looking at the schema.
    @Loop
    static func withDatabase(_ work: @Loop @Sendable (OperatorLedger) async throws -> Int32) async -> Int32 {
        let settings = Settings.ofProcess()
        let problems = settings.problems(of: CommonSettings.postgres)
        guard problems.isEmpty else { return refuse(problems.map(\.description), ExitCode.configuration) }
        do {
            let database = try OperatorLedger(
                settings: settings, applicationName: "crossdock", logger: OperatorSession.quietLogger)
            let status: Int32
            do {
                status = try await work(database)
            } catch {
                status = explain(error)
            }
            await database.close()
            return status
        } catch {
            return refuse([error.description], ExitCode.configuration)
        }
    }

    private static func explain(_ error: any Error) -> Int32 {
        if let schema = error as? LedgerSchemaError { return refuse([schema.description], ExitCode.failure) }
        return refuse(
            ["the database gives no answer: \(error)", "check POSTGRES_…, or run: crossdock check"], ExitCode.failure)
    }

    /// Prints the sentences on standard error, each with the program's name.
    static func refuse(_ sentences: [String], _ status: Int32) -> Int32 {
        for sentence in sentences { TerminalOutput.standardError("crossdock: \(LogEscaping.escape(sentence))\n") }
        return status
    }
}
