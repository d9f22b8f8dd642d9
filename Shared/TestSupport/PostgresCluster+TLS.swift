import FoundationEssentials
import Glibc
public import Postgres

extension PostgresCluster {
    /// How a database of this cluster is reached over TCP with TLS.
    /// - Parameters:
    ///   - host: a name or an address of this machine.
    ///   - rootCertificate: the authority to trust; nil for the machine's own.
    public func tlsConfiguration(
        database: String = "postgres", host: String, rootCertificate: String?
    ) -> PostgresConfiguration {
        var configuration = configuration(database: database)
        configuration.host = host
        configuration.transportSecurity = .verifyFull(rootCertificate: rootCertificate)
        return configuration
    }

    /// Has the server show this certificate on every connection made from now on; without one it offers no TLS.
    public func present(_ certificate: ServerCertificate?) async throws {
        guard let certificate else { return try await change(["ssl": "off"]) }
        let name = "\(directory)/certificate-\(changes)"
        let (certificateFile, keyFile) = ("\(name).crt", "\(name).key")
        try copy(certificate.certificateFile, to: certificateFile)
        try copy(certificate.keyFile, to: keyFile)
        try await change(["ssl": "on", "ssl_cert_file": certificateFile, "ssl_key_file": keyFile])
    }

    /// Whether a session with this name was ever let in, with TLS or without.
    public func hasAdmitted(applicationName: String) -> Bool {
        let log = (try? String(contentsOfFile: "\(directory)/server.log", encoding: .utf8)) ?? ""
        return log.split(separator: "\n").contains {
            $0.contains("connection authorized") && $0.contains("application_name=\(applicationName)")
        }
    }

    /// Makes a role that comes in over TLS and by its password only.
    public func addRole(_ name: String, password: String) async throws {
        let file = "\(directory)/data/pg_hba.conf"
        let rules = try String(contentsOfFile: file, encoding: .utf8)
        let own = "hostssl all \(name) all scram-sha-256\nhost all \(name) all reject\n"
        try (own + rules).write(toFile: file, atomically: false, encoding: .utf8)
        try await withAdministration { pool in
            _ = try await pool.query("create role \(unsafe: name) login password '\(unsafe: password)'")
        }
        try await change()
    }

    /// The server wants its key to be its own and readable by nobody else.
    private func copy(_ source: String, to target: String) throws {
        let manager = FileManager.default
        try manager.copyItem(atPath: source, toPath: target)
        guard chmod(target, 0o600) == 0, geteuid() != 0 || chown(target, Self.account.user, Self.account.group) == 0
        else { throw ChildProcessError(description: "\(target) cannot be given to the server's account") }
    }

    /// The last setting tells this change from the one before; nothing depends on it.
    private func change(_ wanted: [String: String] = [:]) async throws {
        changes += 1
        let settings = wanted.merging(["deadlock_timeout": "\(1_000 + changes)ms"]) { given, _ in given }
        try await withAdministration { pool in
            for (name, value) in settings {
                _ = try await pool.query("alter system set \(unsafe: name) = '\(unsafe: value)'")
            }
            _ = try await pool.query("select pg_reload_conf()")
        }
        // A connection made by the server before it read the files anew has the old settings.
        try await eventually("the server has read its settings") {
            try await self.withAdministration { pool in
                for (name, value) in settings {
                    let row = try await pool.query("select current_setting(\(name)) as value").first
                    guard try row?.string("value") == value else { return false }
                }
                return true
            }
        }
    }
}
