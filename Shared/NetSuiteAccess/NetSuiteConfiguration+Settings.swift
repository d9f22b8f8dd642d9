public import NetSuite
public import ServiceRuntime
import Signing
import Telemetry

extension NetSuiteConfiguration {
    /// Reads how NetSuite is reached.
    ///
    /// - Parameter concurrency: the setting of the most requests at a time, whose default differs by service.
    public init(_ settings: Settings, concurrency: Setting<Int>) throws {
        let key: PrivateKey
        do {
            key = try PrivateKey(pem: settings.value(of: NetSuiteSettings.privateKey).reveal())
        } catch {
            throw ConfigurationError(
                NetSuiteSettings.privateKey.name, "is no private key", "store it as PEM, without a passphrase")
        }
        let algorithm = SignatureAlgorithm(rawValue: try settings.value(of: NetSuiteSettings.signatureAlgorithm))
        guard let algorithm, algorithm.suits(key) else {
            throw ConfigurationError(
                NetSuiteSettings.signatureAlgorithm.name, "does not fit the key in \(NetSuiteSettings.privateKey.name)",
                "use PS256 for an RSA key; ES256, ES384 or ES512 for an EC key on P-256, P-384 or P-521")
        }
        self.init(
            baseURL: try settings.value(of: NetSuiteSettings.url),
            tokenAudience: try settings.optional(NetSuiteSettings.tokenAudience),
            clientId: try settings.value(of: NetSuiteSettings.clientId),
            certificateId: try settings.value(of: NetSuiteSettings.certificateId), privateKey: key,
            algorithm: algorithm, concurrency: try settings.value(of: concurrency),
            requestDeadline: try settings.value(of: NetSuiteSettings.requestDeadline))
    }
}
