public import Signing
public import Telemetry

/// Which Salesforce, as whom.
public struct SalesforceConfiguration: Sendable {
    /// Where tokens are asked for, such as `https://login.salesforce.com`, without a final slash.
    public var loginURL: String
    /// The audience of the assertion: Salesforce takes `https://login.salesforce.com` or `https://test.salesforce.com`.
    public var audience: String
    /// The consumer key of the connected app.
    public var clientId: String
    /// The user name of the integration user.
    public var username: String
    /// The RSA key whose certificate is registered with the connected app.
    public var privateKey: PrivateKey
    /// The version in every path, such as `v67.0`.
    public var apiVersion: String
    /// How long one call may take.
    public var deadline: Duration

    /// Makes a configuration.
    public init(
        loginURL: String, audience: String, clientId: String, username: String, privateKey: PrivateKey,
        apiVersion: String = "v67.0", deadline: Duration = .seconds(60)
    ) {
        self.loginURL = loginURL.hasSuffix("/") ? String(loginURL.dropLast()) : loginURL
        self.audience = audience
        self.clientId = clientId
        self.username = username
        self.privateKey = privateKey
        self.apiVersion = apiVersion
        self.deadline = deadline
    }

    /// Makes a configuration from a key in PEM form.
    ///
    /// - Throws: `SigningError` where the text is no unencrypted private key.
    public init(
        loginURL: String, audience: String, clientId: String, username: String, privateKeyPEM: Secret,
        apiVersion: String = "v67.0", deadline: Duration = .seconds(60)
    ) throws(SigningError) {
        self.init(
            loginURL: loginURL, audience: audience, clientId: clientId, username: username,
            privateKey: try PrivateKey(pem: privateKeyPEM.reveal()), apiVersion: apiVersion, deadline: deadline)
    }
}
