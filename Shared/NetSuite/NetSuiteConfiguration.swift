public import Signing

/// How to reach and log in to one NetSuite account.
public struct NetSuiteConfiguration: Sendable {
    /// The account's web services host, such as `https://1234567.suitetalk.api.netsuite.com`; no slash at the end.
    public var baseURL: String
    /// The `aud` of the login assertion; the token URL of `baseURL` where not given.
    public var tokenAudience: String
    /// Client id (consumer key) of the integration record.
    public var clientId: String
    /// Id of the certificate mapping; the assertion's `kid`.
    public var certificateId: String
    /// The key that belongs to the certificate.
    public var privateKey: PrivateKey
    /// How the assertion is signed: PS256, PS384, PS512 or ES256, ES384, ES512. NetSuite accepts no RS256.
    public var algorithm: SignatureAlgorithm
    /// The most requests at a time of this process.
    public var concurrency: Int
    /// How long one request may take.
    public var requestDeadline: Duration
    /// How long an operation may take, waiting for a slot and repeats included. No request on records begins that could end
    /// later, so a lease that outlasts this covers everything an operation changes.
    public var operationLimit: Duration
    /// How long the gate stays narrowed after a 429 before it widens by one.
    public var quietPeriod: Duration

    /// Where a token is asked for, below the base URL.
    public static let tokenPath = "/services/rest/auth/oauth2/v1/token"

    /// Makes a configuration.
    public init(
        baseURL: String, tokenAudience: String? = nil, clientId: String, certificateId: String,
        privateKey: PrivateKey, algorithm: SignatureAlgorithm = .PS256, concurrency: Int = 5,
        requestDeadline: Duration = .seconds(60), operationLimit: Duration = .seconds(150),
        quietPeriod: Duration = .seconds(20)
    ) {
        var base = baseURL
        while base.hasSuffix("/") { base.removeLast() }
        self.baseURL = base
        self.tokenAudience = tokenAudience ?? base + Self.tokenPath
        self.clientId = clientId
        self.certificateId = certificateId
        self.privateKey = privateKey
        self.algorithm = algorithm
        self.concurrency = concurrency
        self.requestDeadline = requestDeadline
        self.operationLimit = operationLimit
        self.quietPeriod = quietPeriod
    }

    /// A digest of everything that a log-in is made of, which says whether it was mended; no secret.
    var credentialsDigest: String {
        let parts = [baseURL, tokenAudience, clientId, certificateId, algorithm.rawValue]
        let key = (try? privateKey.publicKey.pem) ?? ""
        return Digest.hex(Array(Digest.sha256(Array((parts + [key]).joined(separator: "\n").utf8)).prefix(8)))
    }
}
