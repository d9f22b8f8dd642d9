import Foundation
import TestSupport
import YAML

/// `docker-compose.yml` as Compose understands it.
struct ComposeFile: Sendable {
    static let path = ForeignProgram.packageFolder.appending(path: "docker-compose.yml").path
    private static let program = ["/usr/bin/docker-compose", "/usr/local/bin/docker-compose"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
    static var isComposeThere: Bool { program != nil }

    /// What an installer must give, in deploy/example.env without a value.
    static let given = [
        "SALESFORCE_CLIENT_ID": "consumer-key", "SALESFORCE_USERNAME": "integration@crossdock.example",
        "NETSUITE_URL": "https://1234567.suitetalk.api.netsuite.com", "NETSUITE_CLIENT_ID": "client",
        "NETSUITE_CERTIFICATE_ID": "certificate", "NETSUITE_TIME_ZONE": "America/Los_Angeles",
        "CROSSDOCK_MAPPING": "./deploy/mapping.yaml",
    ]

    let root: YAMLNode

    /// Asks Compose what it makes of a file.
    /// - Parameters:
    ///   - text: the file; the repository's own without it.
    ///   - variables: what .env holds.
    init(text: String? = nil, variables: [String: String] = Self.given) throws {
        let ending = try Self.config(text: text, variables: variables)
        guard ending.status == 0 else { throw StackFailure(description: ending.output) }
        root = try YAMLDocument.parse(Array(ending.output.utf8))
    }

    /// `docker-compose config`.
    static func config(text: String? = nil, variables: [String: String]) throws -> ForeignProgram.Ending {
        guard let program else { throw StackFailure(description: "there is no docker-compose") }
        let folder = try Leftovers.shared.makeDirectory("compose")
        defer { Leftovers.shared.removeDirectory(folder) }
        let (file, settings) = ("\(folder)/docker-compose.yml", "\(folder)/settings.env")
        let whole = try text ?? String(contentsOfFile: path, encoding: .utf8)
        try Data(whole.utf8).write(to: URL(fileURLWithPath: file))
        let lines = variables.map { "\($0.key)=\($0.value)\n" }.sorted().joined()
        try Data(lines.utf8).write(to: URL(fileURLWithPath: settings))
        // The shell's own variables would go before the file's.
        return try ForeignProgram.run(
            program,
            [
                "--project-directory", ForeignProgram.packageFolder.path, "--file", file, "--env-file", settings,
                "config",
            ], environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": folder, "LANG": "C.UTF-8"])
    }

    func service(_ name: String) -> ComposeService? {
        root["services"]?[name].map { ComposeService(name: name, node: $0) }
    }

    /// Which file of the host a secret is.
    func secretFile(_ name: String) -> String? { root["secrets"]?[name]?["file"]?.text }
}

/// One service of a compose file.
struct ComposeService: Sendable {
    let name: String
    let node: YAMLNode

    /// What is set; a name without a value is not.
    var environment: [String: String] {
        var found: [String: String] = [:]
        for member in node["environment"]?.members ?? [] { found[member.name] = member.value.text }
        return found.filter { !$0.value.isEmpty }
    }

    /// What can be set, that is also what is taken from .env where that has it.
    var names: Set<String> { Set((node["environment"]?.members ?? []).map(\.name)) }

    func words(_ key: String) -> [String] { (node[key]?.elements ?? []).compactMap(\.text) }

    /// Secrets by name; they are under /run/secrets.
    var secrets: [String] { (node["secrets"]?.elements ?? []).compactMap { $0["source"]?.text ?? $0.text } }

    /// Paths in the container that a volume gives.
    var mounts: [String] {
        (node["volumes"]?.elements ?? []).compactMap { volume in
            volume["target"]?.text
                ?? volume.text?.split(separator: ":").dropFirst().first.map(String.init)
        }
    }

    /// What it waits for, each with the condition.
    var waitsFor: [String: String] {
        var found: [String: String] = [:]
        for member in node["depends_on"]?.members ?? [] { found[member.name] = member.value["condition"]?.text }
        return found
    }
}
