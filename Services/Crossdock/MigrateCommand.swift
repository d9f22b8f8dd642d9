import CommandLineGrammar
import EventLoop
import JSONText
import ServiceRuntime

/// `crossdock migrate`: brings the database to this version's schema.
enum MigrateCommand {
    static let declaration = Command(
        name: "migrate", summary: "Bring the database to this version's schema",
        discussion: """
            Safe to run at any time and by many at once: each step is done once, the others wait. Services refuse
            to start on a schema that they do not know.

            """ + "Reads:\n" + SettingsTable.text(CommonSettings.postgres),
        run: { arguments in
            let asJSON = arguments.flag("json")
            return await OperatorSession.withDatabase { database in
                let applied = try await database.migrate()
                TerminalOutput.standardOutput(text(applied, asJSON: asJSON))
                return ExitCode.success
            }
        })

    private static func text(_ applied: [String], asJSON: Bool) -> String {
        if asJSON {
            let result = JSONValue.object(["applied": .array(applied.map { .string($0) })])
            return result.text(pretty: true) + "\n"
        }
        guard !applied.isEmpty else { return "The schema is up to date; nothing to do.\n" }
        return applied.map { "applied  \($0)\n" }.joined()
    }
}
