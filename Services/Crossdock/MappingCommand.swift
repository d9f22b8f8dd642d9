import CommandLineGrammar
import Contracts
import FoundationEssentials
import JSONText
import OrderMapping
import ServiceRuntime
import Telemetry

/// `crossdock mapping …`: the mapping file by hand.
enum MappingCommand {
    static let declaration = Command(
        name: "mapping", summary: "Check a mapping file, or show what it makes of an order",
        subcommands: [
            Command(
                name: "check", summary: "Say what is wrong in a mapping file, each with its line",
                arguments: [Argument("FILE", help: "The mapping file (YAML)")],
                run: { check($0.argument("FILE") ?? "", asJSON: $0.flag("json")) }),
            Command(
                name: "render", summary: "Show the requests that a snapshot becomes",
                discussion: "Item and customer ids are placeholders unless given: nothing is asked of NetSuite.",
                options: [
                    .text(
                        "item", placeholder: "SKU=ID", help: "NetSuite's internal id of an item", isRepeatable: true),
                    .text("customer", placeholder: "ID", help: "NetSuite's internal id of the customer", default: "1"),
                ],
                arguments: [
                    Argument("FILE", help: "The mapping file (YAML)"),
                    Argument("SNAPSHOT", help: "A snapshot (JSON), as on the topic of submitted orders"),
                ],
                run: { render($0) }),
        ])

    private static func check(_ file: String, asJSON: Bool) -> Int32 {
        let mapping: OrderMapping
        do throws(MappingFileError) {
            mapping = try OrderMapping.load(path: file)
        } catch {
            if asJSON {
                let problems = error.problems.map(json)
                let answer = JSONValue.object([
                    "file": .string(file), "ok": false, "problems": .array(problems),
                ])
                TerminalOutput.standardOutput(answer.text(pretty: true) + "\n")
            } else {
                TerminalOutput.standardError(printable(error.description) + "\n")
            }
            return ExitCode.failure
        }
        if asJSON {
            TerminalOutput.standardOutput(json(file, mapping).text(pretty: true) + "\n")
        } else {
            TerminalOutput.standardOutput(summary(file, mapping))
        }
        return ExitCode.success
    }

    private static func summary(_ file: String, _ mapping: OrderMapping) -> String {
        let read = mapping.customFieldsRead
        let missing = CarriedFields(.ofProcess()).missing(for: mapping)
        func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
        return """
            \(LogEscaping.escape(file)): right
              further fields read   Order: \(list(read.order))
                                    Account: \(list(read.account))
                                    OrderItem: \(list(read.line))
              NetSuite fields set   customer: \(list(mapping.fieldsWritten.customer))
                                    sales order: \(list(mapping.fieldsWritten.order))
                                    its lines: \(list(mapping.fieldsWritten.line))

            """
                + missing.map { "  not carried            \($0.field): name it in \($0.variable) of order-publisher\n" }
                .joined()
    }

    private static func json(_ file: String, _ mapping: OrderMapping) -> JSONValue {
        func list(_ names: [String]) -> JSONValue { .array(names.map { .string($0) }) }
        let read = mapping.customFieldsRead
        let written = mapping.fieldsWritten
        return .object([
            "file": .string(file), "ok": true, "problems": [],
            "customFieldsRead": .object([
                "Order": list(read.order), "Account": list(read.account), "OrderItem": list(read.line),
            ]),
            "netSuiteFields": .object([
                "customer": list(written.customer), "salesOrder": list(written.order), "line": list(written.line),
            ]),
            "notCarried": list(CarriedFields(.ofProcess()).missing(for: mapping).map(\.field)),
        ])
    }

    private static func json(_ problem: MappingFileError.Problem) -> JSONValue {
        .object([
            "line": .number(JSONNumber(problem.line)), "column": .number(JSONNumber(problem.column)),
            "reason": .string(problem.reason), "mend": .string(problem.mend),
        ])
    }

    private static func render(_ arguments: ParsedArguments) -> Int32 {
        let snapshotFile = arguments.argument("SNAPSHOT") ?? ""
        do {
            let mapping = try OrderMapping.load(path: arguments.argument("FILE") ?? "")
            guard let data = try? Data(contentsOf: URL(filePath: snapshotFile)) else {
                return OperatorSession.refuse(
                    ["\(snapshotFile): the file cannot be read; check its path"], ExitCode.failure)
            }
            let snapshot = try OrderSnapshot.decode(Array(data))
            let items = itemIds(arguments.values("item"), snapshot)
            let requests = JSONValue.object([
                "customer": try mapping.customerBody(snapshot),
                "salesOrder": .object(
                    try mapping.orderBody(snapshot, customerId: arguments.value("customer") ?? "1", items: items)),
            ])
            if arguments.flag("json") {
                TerminalOutput.standardOutput(requests.text(pretty: true) + "\n")
            } else {
                TerminalOutput.standardOutput(text(requests))
            }
            return ExitCode.success
        } catch let error as MappingFileError {
            TerminalOutput.standardError(printable(error.description) + "\n")
        } catch let error as ContractError {
            return OperatorSession.refuse(["\(snapshotFile): \(error.description)"], ExitCode.failure)
        } catch let error as MappingProblem {
            return OperatorSession.refuse(["\(error.field): \(error.sentence)"], ExitCode.failure)
        } catch {
            return OperatorSession.refuse(["\(error)"], ExitCode.failure)
        }
        return ExitCode.failure
    }

    private static func text(_ requests: JSONValue) -> String {
        let customer = (requests["customer"] ?? .null).text(pretty: true)
        let order = (requests["salesOrder"] ?? .null).text(pretty: true)
        return "POST /services/rest/record/v1/customer\n\(printable(customer))\n\n"
            + "POST /services/rest/record/v1/salesOrder\n\(printable(order))\n"
    }

    /// The ids that were given, and placeholders for the other SKUs.
    static func itemIds(_ given: [String], _ snapshot: OrderSnapshot) -> [String: String] {
        var items: [String: String] = [:]
        for (index, line) in snapshot.lines.enumerated() where items[line.sku] == nil {
            items[line.sku] = String(index + 1)
        }
        for text in given {
            // A SKU may hold the sign, an id never does.
            guard let sign = text.lastIndex(of: "=") else { continue }
            items[String(text[..<sign])] = String(text[text.index(after: sign)...])
        }
        return items
    }

    /// Line breaks stay, everything else that could steer a terminal is escaped.
    private static func printable(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { LogEscaping.escape(String($0)) }
            .joined(separator: "\n")
    }
}
