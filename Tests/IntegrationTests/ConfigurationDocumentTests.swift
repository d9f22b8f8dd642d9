import Foundation
import TestSupport
import Testing

/// docs/configuration.md says what the services say of themselves.
@Suite("The configuration's document")
struct ConfigurationDocumentTests {
    @Test(
        "every variable of --help stands in the document",
        arguments: Service.allCases)
    func variablesDocumented(service: Service) throws {
        let document = try String(
            contentsOf: ForeignProgram.packageFolder.appendingPathComponent("docs/configuration.md"), encoding: .utf8)
        let help = try ForeignProgram.run("\(DemoTests.binaries)/\(service)", ["--help"])
        #expect(help.status == 0)
        let variables = help.output.split(separator: "\n").compactMap { line -> Substring? in
            guard line.hasPrefix("  "), let name = line.split(separator: " ").first,
                name.contains("_"), name.allSatisfy({ $0.isUppercase || $0.isNumber || "_[]".contains($0) })
            else { return nil }
            return name
        }
        #expect(variables.count > 10)
        for variable in variables {
            #expect(document.contains("| `\(variable)` |"), "\(service): \(variable) is not documented")
        }
    }
}
