import CommandLineGrammar
import EventLoop
import JSONText
import Ledger
import OrderMapping
import ServiceRuntime
import Telemetry

/// `crossdock check`: everything that must be right before the first order, looked at and explained.
enum CheckCommand {
    static let mappingFile = Setting.text("MAPPING_FILE", "the mapping file (YAML)", isRequired: true)

    static let areas = ["database", "mapping", "salesforce", "netsuite"]

    static let declaration = Command(
        name: "check", summary: "Look at logins, permissions, custom fields, clocks, limits, mapping and database",
        discussion: """
            Only reads; makes a handful of calls to each system. Exit status 1 if anything is bad.

            """ + "Reads:\n"
                + SettingsTable.text(
                    CommonSettings.postgres + [mappingFile.description] + SalesforceSettings.all + NetSuiteSettings.all
                        + [
                            NetSuiteSettings.timeZone.description, ShownOfProducts.price.description,
                            ShownOfProducts.active.description, ObjectExpectation.orderStatus.description,
                        ])
        ,
        options: [
            .choice("only", of: areas, help: "Look at one area only"),
            .text("mapping", placeholder: "FILE", help: "The mapping file, in place of MAPPING_FILE"),
        ],
        run: { arguments in
            let wanted = arguments.value("only").map { [$0] } ?? areas
            let findings = await run(Settings.ofProcess(), areas: wanted, mappingFile: arguments.value("mapping"))
            print(findings, asJSON: arguments.flag("json"))
            return findings.contains { $0.verdict == .bad } ? ExitCode.failure : ExitCode.success
        })

    @Loop
    static func run(_ settings: Settings, areas: [String], mappingFile: String?) async -> [Finding] {
        var findings: [Finding] = []
        if areas.contains("database") { findings += await databaseFindings(settings) }
        let (mapping, mappingFindings) = loadMapping(settings, mappingFile)
        if areas.contains("mapping") { findings += mappingFindings }
        if areas.contains("salesforce") { findings += await SalesforceCheck.findings(settings) }
        if areas.contains("netsuite") { findings += await NetSuiteCheck.findings(settings, mapping) }
        return findings
    }

    private static func print(_ findings: [Finding], asJSON: Bool) {
        let isGood = !findings.contains { $0.verdict == .bad }
        if asJSON {
            let answer = JSONValue.object(["ok": .bool(isGood), "findings": .array(findings.map(\.json))])
            TerminalOutput.standardOutput(answer.text(pretty: true) + "\n")
            return
        }
        let style = TerminalStyle.forDescriptor()
        var text = findings.map { $0.text(style) }.joined()
        let bad = findings.count { $0.verdict == .bad }
        let look = findings.count { $0.verdict == .attention }
        text += isGood ? "\nNothing is bad" : "\n\(bad) of \(findings.count) findings bad"
        text += look > 0 ? ", \(look) to look at.\n" : ".\n"
        TerminalOutput.standardOutput(text)
    }

    private static func loadMapping(_ settings: Settings, _ file: String?) -> (OrderMapping?, [Finding]) {
        let path: String
        do throws(ConfigurationError) {
            if let file { path = file } else { path = try settings.value(of: mappingFile) }
        } catch {
            return (nil, [.bad("mapping", "file", "MAPPING_FILE is not set", mend: "name the mapping file in it")])
        }
        do throws(MappingFileError) {
            let mapping = try OrderMapping.load(path: path)
            let missing = CarriedFields(settings).missing(for: mapping).map { field, variable in
                Finding.attention(
                    "mapping", field, "is read by the mapping and not carried by the publisher: defaults are used",
                    mend: "name it in \(variable), for order-publisher and for this check")
            }
            return (mapping, [.good("mapping", "file", "\(path) is right")] + missing)
        } catch {
            let findings = error.problems.map { problem in
                let place = problem.line > 0 ? "line \(problem.line): " : ""
                return Finding.bad("mapping", "file", "\(path), \(place)\(problem.reason)", mend: problem.mend)
            }
            return (nil, findings)
        }
    }

    @Loop
    private static func databaseFindings(_ settings: Settings) async -> [Finding] {
        let problems = settings.problems(of: CommonSettings.postgres)
        guard problems.isEmpty else { return problems.map { configuration("database", $0) } }
        do {
            let database = try OperatorLedger(
                settings: settings, applicationName: "crossdock check",
                logger: OperatorSession.quietLogger)
            let finding = await schemaFinding(database.ledger)
            await database.close()
            return finding
        } catch {
            return [configuration("database", error)]
        }
    }

    @Loop
    private static func schemaFinding(_ ledger: Ledger) async -> [Finding] {
        do {
            try await ledger.checkSchema()
            return [
                .good("database", "connection", "PostgreSQL answers"),
                .good("database", "schema", "is the one that this version knows"),
            ]
        } catch let error as LedgerSchemaError {
            return [
                .good("database", "connection", "PostgreSQL answers"),
                .bad("database", "schema", error.description, mend: "run: crossdock migrate"),
            ]
        } catch {
            return [
                .bad(
                    "database", "connection", "\(error)",
                    mend: "check POSTGRES_HOST, _PORT, _DATABASE, _USER, _PASSWORD and _TLS, and that PostgreSQL runs")
            ]
        }
    }

    /// A setting that is missing or wrong.
    static func configuration(_ area: String, _ problem: ConfigurationError) -> Finding {
        .bad(area, "configuration", "\(problem.variable) \(problem.reason)", mend: problem.mend)
    }
}
