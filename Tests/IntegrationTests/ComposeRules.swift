import YAML

/// What a compose file must be for a program's containers to work and to stay in their bounds; each breach is a sentence.
struct ComposeRules: Sendable {
    /// Settings that need a file or a broker of the installer's own, so they belong into an override.
    static let ofOtherSites: Set = [
        "KAFKA_EMBEDDED", "KAFKA_SECURITY_PROTOCOL", "KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME",
        "KAFKA_SASL_PASSWORD", "KAFKA_CA_FILE", "POSTGRES_ROOT_CERTIFICATE", "SALESFORCE_CA_FILE", "NETSUITE_CA_FILE",
    ]

    let file: ComposeFile
    let service: ComposeService
    let table: SettingsOfService

    /// Every setting of the service is there as its table says.
    var breachesOfSettings: [String] {
        let (environment, names) = (service.environment, service.names)
        var found: [String] = []
        for name in names.sorted() where table[name]?.isSecret == true {
            found.append("\(service.name): \(name) is a secret in the environment: give it as a file")
        }
        for name in names.sorted() where table[name] == nil {
            guard name.hasSuffix("_FILE"), table[String(name.dropLast(5))]?.isSecret == true else {
                found.append("\(service.name): \(name) is none of its settings")
                continue
            }
            found += breachesOfSecret(name, path: environment[name] ?? "")
        }
        for row in table.rows {
            let name = row.isSecret ? "\(row.name)_FILE" : row.name
            if row.isRequired, environment[name] == nil {
                found.append("\(service.name): \(name) is missing")
            } else if !names.contains(name), !names.contains(row.name), !Self.ofOtherSites.contains(row.name) {
                found.append("\(service.name): \(name) cannot be set")
            }
        }
        if let path = environment["MAPPING_FILE"], !service.mounts.contains(path) {
            found.append("\(service.name): MAPPING_FILE is no file of a volume")
        }
        return found
    }

    private func breachesOfSecret(_ name: String, path: String) -> [String] {
        let secret = path.split(separator: "/").last.map(String.init) ?? ""
        guard path == "/run/secrets/\(secret)", service.secrets.contains(secret) else {
            return ["\(service.name): \(name) names no secret of the service"]
        }
        return file.secretFile(secret) == nil ? ["\(service.name): there is no secret \(secret)"] : []
    }

    /// Least rights and bounded use of the host, for every container of ours.
    var breachesOfConfinement: [String] {
        let node = service.node
        let rows: [(String, Bool)] = [
            ("its root may be written", node["read_only"]?.text != "true"),
            ("it keeps capabilities", service.words("cap_drop") != ["ALL"] || node["cap_add"] != nil),
            ("it may gain privileges", !service.words("security_opt").contains("no-new-privileges:true")),
            ("it may run as root", node["user"]?.text != "10001:10001"),
            ("its memory has no limit", node["mem_limit"]?.text == nil),
            ("its processors have no limit", node["cpus"]?.text == nil),
            ("its processes have no limit", node["pids_limit"]?.text == nil),
            ("its log grows without end", node["logging"]?["options"]?["max-size"]?.text == nil),
            ("it cannot be scaled", node["container_name"] != nil || node["ports"] != nil),
        ]
        return rows.filter(\.1).map { "\(service.name): \($0.0)" }
    }

    /// Health, restart, order of start and time to stop, for a service.
    var breachesOfLife: [String] {
        let node = service.node
        let before = [
            "kafka": "service_healthy", "postgres": "service_healthy", "topics": "service_completed_successfully",
            "migrate": "service_completed_successfully",
        ]
        let check = node["healthcheck"]
        let port = service.environment["HEALTH_PORT"].flatMap { Int($0) } ?? 0
        let rows: [(String, Bool)] = [
            (
                "its health check is not its own program",
                (check?["test"]?.elements ?? []).compactMap(\.text) != ["CMD", "/usr/bin/\(service.name)", "health"]
            ),
            ("its health check has no time limit", check?["timeout"]?.text == nil),
            ("its health is asked on no fixed port", port == 0),
            ("it is not restarted", node["restart"]?.text != "unless-stopped"),
            ("it does not wait for what it needs", service.waitsFor != before),
            ("its time to stop is not said", node["stop_grace_period"]?.text == nil),
            ("its image is another's", node["image"]?.text?.hasPrefix("crossdock/\(service.name):") != true),
            ("its image is built of another target", node["build"]?["target"]?.text != service.name),
        ]
        return rows.filter(\.1).map { "\(service.name): \($0.0)" }
    }
}
