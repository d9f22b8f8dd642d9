import Foundation
import Telemetry
import Testing

@testable import ServiceRuntime

@Suite("Settings")
struct SettingsTests {
    @Test(
        "a value that cannot work is refused with the variable and the mend",
        arguments: [
            (Setting<Int>.integer("PORT", "", in: 1...9).description, "10", "use 1 to 9"),
            (Setting<Int>.integer("PORT", "", in: 1...9).description, "x", "use 1 to 9"),
            (Setting<Duration>.seconds("WAIT", "", in: 1...60, default: 5).description, "0", "use 1 to 60"),
            (Setting<Bool>.flag("ON", "", default: false).description, "yes", "use true or false"),
            (Setting<String>.choice("FORM", "", of: ["a", "b"]).description, "c", "use one of a, b"),
            (Setting<String>.url("URL", "").description, "http://example.com", "begin it with https://"),
            (Setting<String>.url("URL", "").description, "https://user@example.com", "leave out user"),
        ] as [(SettingDescription, String, String)])
    func refused(setting: SettingDescription, text: String, mend: String) throws {
        let problems = Settings(environment: [setting.name: text]).problems(of: [setting])
        let problem = try #require(problems.first)
        #expect(problem.variable == setting.name)
        #expect(problem.description.contains(mend))
        // What was set may be a secret in the wrong place: it is never repeated.
        if text.count > 2 { #expect(!problem.description.contains(text)) }
    }

    @Test("a required setting that is missing is named, a secret with its file form")
    func missing() {
        let problems = Settings(environment: ["A": ""]).problems(of: [
            Setting<String>.text("A", "", isRequired: true).description,
            Setting<Secret>.secret("B", "", isRequired: true).description,
            Setting<String>.text("C", "").description,
        ])
        #expect(problems.map(\.variable) == ["A", "B"])
        #expect(problems.last?.mend == "set it, or B_FILE")
    }

    @Test("a secret comes from its variable or from a file without the line feed at its end, never from both")
    func secrets() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("line one\nline two\n".utf8).write(to: file)
        let setting = Setting<Secret>.secret("KEY", "")
        #expect(try Settings(environment: ["KEY": "x"]).optional(setting)?.reveal() == "x")
        #expect(
            try Settings(environment: ["KEY_FILE": file.path]).optional(setting)?.reveal() == "line one\nline two")
        #expect(throws: ConfigurationError.self) {
            try Settings(environment: ["KEY": "x", "KEY_FILE": file.path]).optional(setting)
        }
        #expect(throws: ConfigurationError.self) {
            try Settings(environment: ["KEY_FILE": "/nowhere/at/all"]).optional(setting)
        }
    }

    @Test("the table shows each variable with its default or that it must be set")
    func table() {
        let text = SettingsTable.text([
            Setting<Int>.integer("PORT", "the port", in: 1...9, default: 5).description,
            Setting<Secret>.secret("KEY", "the key", isRequired: true).description,
        ])
        #expect(text == "  PORT        the port [5]\n  KEY[_FILE]  the key (required)")
    }
}
