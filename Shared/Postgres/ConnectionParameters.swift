import EventLoop
import Glibc
import Telemetry

/// libpq's keywords with their values. Separate values: libpq prints connection strings in its errors.
struct ConnectionParameters: Sendable {
    let pairs: [(keyword: String, value: String)]

    /// - Parameter addresses: Numeric addresses of the host; empty for a Unix socket.
    init(_ configuration: PostgresConfiguration, addresses: [String]) {
        let hosts = addresses.isEmpty ? [configuration.host] : addresses.map { _ in configuration.host }
        var pairs = [
            ("host", hosts.joined(separator: ",")),
            ("hostaddr", addresses.joined(separator: ",")),
            ("port", "\(configuration.port)"),
            ("dbname", configuration.database),
            ("user", configuration.user),
            ("password", configuration.password?.reveal() ?? ""),
            ("passfile", "/nonexistent/pgpass"),
            ("application_name", configuration.applicationName),
            ("client_encoding", "UTF8"),
            ("gssencmode", "disable"),
            ("connect_timeout", "\(max(2, configuration.connectDeadline.components.seconds))"),
            ("keepalives", "1"), ("keepalives_idle", "10"), ("keepalives_interval", "3"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "10000"),
            ("target_session_attrs", "read-write"),
            ("options", Self.options(configuration)),
        ]
        switch configuration.transportSecurity {
        case .disabled:
            pairs += [("sslmode", "disable"), ("channel_binding", "disable")]
        case .verifyFull(let rootCertificate):
            pairs += [
                ("sslmode", "verify-full"),
                ("sslrootcert", rootCertificate ?? "/etc/ssl/certs/ca-certificates.crt"),
                ("channel_binding", configuration.password == nil ? "prefer" : "require"),
            ]
        }
        self.pairs = pairs
    }

    /// Settings of each session, in force on every connection anew.
    private static func options(_ configuration: PostgresConfiguration) -> String {
        [
            "statement_timeout=\(configuration.statementTimeout.inMilliseconds)",
            "lock_timeout=\(configuration.lockTimeout.inMilliseconds)",
            "idle_in_transaction_session_timeout=10000",
            "client_connection_check_interval=1000",
            "tcp_keepalives_idle=10", "tcp_keepalives_interval=3", "tcp_keepalives_count=3",
            "TimeZone=UTC",
            // A plan made while a table was small must not read all of it later.
            "plan_cache_mode=force_custom_plan",
            "search_path=\(configuration.searchPath)",
        ].map { "-c \($0)" }.joined(separator: " ")
    }

    /// Lends the C arrays, each ended by a null pointer.
    func withCArrays<Result>(
        _ body: (
            UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<UnsafePointer<CChar>?>?
        ) -> Result
    ) -> Result {
        let keywords = pairs.map { strdup($0.keyword) }
        let values = pairs.map { strdup($0.value) }
        defer { for pointer in keywords + values { free(pointer) } }
        let constantKeywords = keywords.map { UnsafePointer<CChar>($0) } + [nil]
        let constantValues = values.map { UnsafePointer<CChar>($0) } + [nil]
        return body(constantKeywords, constantValues)
    }
}

/// Takes libpq's variables out of the environment: `PGSERVICE`, `PGOPTIONS` and their like would change what our
/// parameters mean, and an empty keyword does not override them.
enum InheritedEnvironment {
    private static let names = [
        "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGPASSFILE", "PGSERVICE",
        "PGSERVICEFILE", "PGSYSCONFDIR", "PGOPTIONS", "PGAPPNAME", "PGSSLMODE", "PGREQUIRESSL", "PGSSLCERT", "PGSSLKEY",
        "PGSSLROOTCERT", "PGSSLCRL", "PGSSLCRLDIR", "PGSSLCOMPRESSION", "PGSSLSNI", "PGSSLMINPROTOCOLVERSION",
        "PGSSLMAXPROTOCOLVERSION", "PGSSLNEGOTIATION", "PGSSLCERTMODE", "PGREQUIREPEER", "PGREQUIREAUTH",
        "PGCHANNELBINDING", "PGGSSENCMODE", "PGGSSDELEGATION", "PGGSSLIB", "PGKRBSRVNAME", "PGCONNECT_TIMEOUT",
        "PGCLIENTENCODING", "PGTARGETSESSIONATTRS", "PGLOADBALANCEHOSTS", "PGDATESTYLE", "PGTZ", "PGGEQO",
        "PGMINPROTOCOLVERSION", "PGMAXPROTOCOLVERSION",
    ]

    static func clear() {
        for name in names where getenv(name) != nil { unsetenv(name) }
    }
}

/// Looks up a host's addresses; blocks, so it belongs on a helper thread.
///
/// - Returns: Numeric addresses in the order of preference; empty when the name is not known.
func numericAddresses(of host: String) -> [String] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var addresses: [String] = []
    var next = list
    while let entry = next?.pointee {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = getnameinfo(
            entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if code == 0, !addresses.contains(address) { addresses.append(address) }
        next = entry.ai_next
    }
    return addresses
}
