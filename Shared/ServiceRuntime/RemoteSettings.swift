public import Telemetry

/// How NetSuite is reached; read by every program that speaks to it.
public enum NetSuiteSettings {
    /// Base address of the account.
    public static let url = Setting<String>.url(
        "NETSUITE_URL", "NetSuite's address, https://<account>.suitetalk.api.netsuite.com", isRequired: true)
    /// Audience of the log-in's assertion.
    public static let tokenAudience = Setting<String>.text(
        "NETSUITE_TOKEN_AUDIENCE", "audience of the log-in, where it is not NETSUITE_URL's own token address")
    /// Consumer key of the integration record.
    public static let clientId = Setting<String>.text(
        "NETSUITE_CLIENT_ID", "client id (consumer key) of the integration record", isRequired: true)
    /// Id of the certificate mapping.
    public static let certificateId = Setting<String>.text(
        "NETSUITE_CERTIFICATE_ID", "certificate id of the machine-to-machine mapping", isRequired: true)
    /// Private key of that certificate.
    public static let privateKey = Setting<Secret>.secret(
        "NETSUITE_PRIVATE_KEY", "private key of that certificate, PEM", isRequired: true)
    /// Signature of the assertion.
    public static let signatureAlgorithm = Setting<String>.choice(
        "NETSUITE_SIGNATURE_ALGORITHM", "signature of the log-in",
        of: ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"], default: "PS256")
    /// Ceiling of concurrent requests of this process.
    public static let concurrency = Setting<Int>.integer(
        "NETSUITE_CONCURRENCY", "concurrent requests of this process at most", in: 1...500, default: 5)
    /// Deadline of one request.
    public static let requestDeadline = Setting<Duration>.seconds(
        "NETSUITE_REQUEST_SECONDS", "how long one request may take", in: 1...900, default: 60)
    /// The authority behind its certificate.
    public static let certificateAuthority = Setting<String>.file(
        "NETSUITE_CA_FILE", "file of certificate authorities, where not the system's")

    /// The same ceiling for a service that only watches: one slot of the account's is its share.
    public static let watchConcurrency = Setting<Int>.integer(
        "NETSUITE_CONCURRENCY", "concurrent requests of this process at most", in: 1...500, default: 1)
    /// The account's time zone, in which NetSuite's queries show times.
    public static let timeZone = Setting<String>(
        "NETSUITE_TIME_ZONE",
        "the account's time zone by its IANA name (America/Los_Angeles), as in Company Information",
        isRequired: true
    ) { text in
        // It becomes part of statements and of sentences.
        let isName =
            text.utf8.count <= 64
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || "/_+-".utf8.contains(byte)
            }
        guard isName else {
            throw SettingProblem("is no name of a time zone", mend: "write it like America/Los_Angeles or UTC")
        }
        return text
    }

    /// The account's base currency, where NetSuite's queries do not say it.
    public static let currency = Setting<String>(
        "NETSUITE_CURRENCY",
        "the account's base currency, such as USD, where the role or the account has no table of currencies"
    ) { text in
        guard text.utf8.count == 3, text.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            throw SettingProblem("is no currency code", mend: "use three capital letters, such as USD")
        }
        return text
    }

    /// The rows of a configuration table.
    public static let all: [SettingDescription] = rows(concurrency)
    /// The rows of a service that watches NetSuite.
    public static let watching: [SettingDescription] =
        rows(watchConcurrency) + [timeZone.description, currency.description]

    private static func rows(_ concurrency: Setting<Int>) -> [SettingDescription] {
        [
            url.description, tokenAudience.description, clientId.description, certificateId.description,
            privateKey.description, signatureAlgorithm.description, concurrency.description,
            requestDeadline.description, certificateAuthority.description,
        ]
    }
}

/// How a remote system is watched; one process leads a watch, others stand by.
public enum WatchSettings {
    /// Between two polls of NetSuite.
    public static let interval = Setting<Duration>.seconds(
        "WATCH_INTERVAL_SECONDS", "seconds between two polls of NetSuite", in: 1...3600, default: 15)
    /// Stamps have minutes, and a change may be committed some time after its stamp.
    public static let overlap = Setting<Duration>.seconds(
        "WATCH_OVERLAP_SECONDS", "seconds read again at each poll of NetSuite, for changes committed late",
        in: 120...86_400, default: 300)
    /// After how long another process takes over.
    public static let leaderLease = Setting<Duration>.seconds(
        "LEADER_LEASE_SECONDS", "how long the leader may be silent before a process that stands by takes over",
        in: 2...300, default: 10)

    /// The rows of a service that watches NetSuite.
    public static let all: [SettingDescription] = [
        interval.description, overlap.description, leaderLease.description,
    ]
}

/// How Salesforce is reached; read by every program that speaks to it.
public enum SalesforceSettings {
    /// Where a token is asked for.
    public static let loginURL = Setting<String>.url(
        "SALESFORCE_LOGIN_URL", "where a token is asked for", default: "https://login.salesforce.com")
    /// Audience of the log-in's assertion.
    public static let audience = Setting<String>.text(
        "SALESFORCE_AUDIENCE", "audience of the log-in: https://login.salesforce.com or https://test.salesforce.com",
        default: "https://login.salesforce.com")
    /// Consumer key of the app.
    public static let clientId = Setting<String>.text(
        "SALESFORCE_CLIENT_ID", "consumer key of the app", isRequired: true)
    /// The integration user.
    public static let username = Setting<String>.text(
        "SALESFORCE_USERNAME", "user name of the integration user", isRequired: true)
    /// Private key of the certificate that the app knows.
    public static let privateKey = Setting<Secret>.secret(
        "SALESFORCE_PRIVATE_KEY", "private key of the app's certificate, PEM", isRequired: true)
    /// Version of the REST API.
    public static let apiVersion = Setting<String>(
        "SALESFORCE_API_VERSION", "version of the REST API", default: "v67.0"
    ) { text in
        let number = text.dropFirst()
        let isVersion = text.hasPrefix("v") && number.hasSuffix(".0") && Int(number.dropLast(2)).map { $0 > 0 } == true
        guard isVersion else { throw SettingProblem("is no version of the API", mend: "write it like v67.0") }
        return text
    }
    /// Deadline of one request.
    public static let requestDeadline = Setting<Duration>.seconds(
        "SALESFORCE_REQUEST_SECONDS", "how long one request may take", in: 1...600, default: 60)
    /// The authority behind its certificate.
    public static let certificateAuthority = Setting<String>.file(
        "SALESFORCE_CA_FILE", "file of certificate authorities, where not the system's")

    /// The rows of a configuration table.
    public static let all: [SettingDescription] = [
        loginURL.description, audience.description, clientId.description, username.description,
        privateKey.description, apiVersion.description, requestDeadline.description, certificateAuthority.description,
    ]
}
