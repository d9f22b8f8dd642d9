import EventLoop
import Postgres
import Telemetry
import TestSupport
import Testing

/// What is wrong between client and server, and a part of the reason that the client gives.
private enum Fault: String, CaseIterable, Sendable {
    case wrongName, anotherAuthority, missingAuthorityFile, expired, selfSigned, serverWithoutTLS

    var reason: String {
        switch self {
        case .wrongName: "does not match host name"
        case .anotherAuthority, .expired, .selfSigned: "certificate verify failed: the server's has expired, or no"
        case .missingAuthorityFile: "does not exist"
        case .serverWithoutTLS: "does not support SSL"
        }
    }

    @Loop
    func certificate(from authority: CertificateAuthority) async throws -> ServerCertificate? {
        switch self {
        case .serverWithoutTLS: nil
        case .wrongName: try await authority.issue("DNS:elsewhere.example")
        case .anotherAuthority, .missingAuthorityFile: try await authority.issue("DNS:localhost")
        case .expired: try await authority.issue("DNS:localhost", isExpired: true)
        case .selfSigned: try await authority.makeSelfSigned("DNS:localhost")
        }
    }

    @Loop
    func trustedFile(_ authority: CertificateAuthority) async throws -> String {
        switch self {
        case .anotherAuthority: try await CertificateAuthority.make().certificateFile
        case .missingAuthorityFile: "\(authority.certificateFile).missing"
        case .wrongName, .expired, .selfSigned, .serverWithoutTLS: authority.certificateFile
        }
    }
}

/// One server, one certificate at a time.
@Suite("TLS to PostgreSQL", .serialized)
struct TransportSecurityTests {
    @Loop private static let starting = EventLoop.shared.start {
        (try await PostgresCluster.start(listensOnLoopback: true), try await CertificateAuthority.make())
    }

    @Test("a server with a right certificate is spoken to over TLS, found by its name or address")
    func rightCertificate() async throws {
        try await onLoop {
            let (cluster, authority) = try await Self.starting.value
            try await cluster.present(try await authority.issue("DNS:localhost,IP:127.0.0.1"))
            for host in ["localhost", "127.0.0.1"] {
                let pool = PostgresPool(
                    configuration: cluster.tlsConfiguration(host: host, rootCertificate: authority.certificateFile),
                    logger: .silent)
                let rows = try await pool.query(
                    "select ssl, version from pg_stat_ssl where pid = pg_backend_pid()")
                let row = try #require(rows.first)
                #expect(try row.bool("ssl"))
                #expect(try ["TLSv1.2", "TLSv1.3"].contains(row.string("version")))
                await pool.close()
            }
        }
    }

    @Test("a password is proved over the same TLS session, and a wrong one is refused without being named")
    func password() async throws {
        try await onLoop {
            let (cluster, authority) = try await Self.starting.value
            try await cluster.present(try await authority.issue("DNS:localhost"))
            try await cluster.addRole("keeper", password: "right-one")
            var configuration = cluster.tlsConfiguration(
                host: "localhost", rootCertificate: authority.certificateFile)
            configuration.user = "keeper"
            configuration.password = Secret("right-one")
            let pool = PostgresPool(configuration: configuration, logger: .silent)
            let rows = try await pool.query("select current_user::text as role")
            #expect(try rows.first?.string("role") == "keeper")
            await pool.close()
            configuration.password = Secret("wrong-one")
            let error = try await failure(configuration)
            #expect(error.reason.contains("the server refuses user or password"))
            #expect(error.kind == .unavailable)
            #expect(error.sqlState == "28P01")
            #expect(!error.description.contains("wrong-one"))
        }
    }

    @Test("a server that cannot be trusted is not spoken to, nor in clear text", arguments: Fault.allCases)
    private func refused(fault: Fault) async throws {
        try await onLoop {
            let (cluster, authority) = try await Self.starting.value
            try await cluster.present(try await fault.certificate(from: authority))
            var configuration = cluster.tlsConfiguration(
                host: "localhost", rootCertificate: try await fault.trustedFile(authority))
            configuration.applicationName = "refused-\(fault.rawValue)"
            let error = try await failure(configuration)
            #expect(error.kind == .unavailable)
            #expect(error.reason.contains(fault.reason), "\(error.reason)")
            // The server would take clear text from anybody.
            configuration.transportSecurity = .disabled
            configuration.applicationName = "clear-\(fault.rawValue)"
            let pool = PostgresPool(configuration: configuration, logger: .silent)
            _ = try await pool.query("select 1")
            await pool.close()
            #expect(cluster.hasAdmitted(applicationName: configuration.applicationName))
            #expect(!cluster.hasAdmitted(applicationName: "refused-\(fault.rawValue)"))
        }
    }

    @Test("a host whose name nobody knows is unavailable")
    func unknownName() async throws {
        try await onLoop {
            let error = try await failure(
                PostgresConfiguration(host: "crossdock.invalid", database: "postgres", user: "postgres"))
            #expect(error.kind == .unavailable)
            #expect(error.reason.contains("name"))
        }
    }
}

/// Why a pool cannot connect, which it must also show as its trouble.
@Loop
private func failure(_ configuration: PostgresConfiguration) async throws -> PostgresError {
    let pool = PostgresPool(configuration: configuration, logger: .silent)
    let error = try await caught(PostgresError.self) { try await pool.query("select 1") }
    #expect(pool.trouble == error.reason)
    await pool.close()
    return error
}
