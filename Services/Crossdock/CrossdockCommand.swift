import CommandLineGrammar
import EventLoop
import Glibc
import ServiceRuntime

/// The operator's command line.
@main
struct CrossdockCommand {
    static func main() {
        // The thread becomes the loop that everything below runs on.
        exit(EventLoop.shared.run { await root.main() })
    }

    static let root: Command = Command(
        name: "crossdock", summary: "Orders between Salesforce and NetSuite: where they are, what went wrong, set-up",
        discussion: """
            Reads the environment variables of the services (POSTGRES_…, SALESFORCE_…, NETSUITE_…, MAPPING_FILE).
            Exit status: 0 all well, 1 something failed or was not found, 64 wrong command line, 78 wrong configuration.
            """,
        options: [
            .flag("json", help: "Print JSON instead of text"), .flag("version", help: "Print the version and end"),
        ],
        subcommands: [
            OrdersCommand.declaration, ProductsCommand.declaration, DeadLettersCommand.declaration,
            CheckCommand.declaration,
            MappingCommand.declaration, MigrateCommand.declaration, Command.completion(of: { root }),
        ],
        run: { arguments in
            guard arguments.flag("version") else {
                TerminalOutput.standardOutput(root.helpText())
                return ExitCode.success
            }
            TerminalOutput.standardOutput("crossdock \(ProductVersion.text)\n")
            return ExitCode.success
        })
}
