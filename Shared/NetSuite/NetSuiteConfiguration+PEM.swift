public import EventLoop
import HTTPClient
import Signing
public import Telemetry

/// Why settings make no NetSuite configuration.
public struct NetSuiteConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong and what would be right; never key material.
    public let description: String
}

extension NetSuiteConfiguration {
    /// Makes a configuration from a key in PEM form and an algorithm's name, such as `PS256`.
    public init(
        baseURL: String, tokenAudience: String? = nil, clientId: String, certificateId: String, privateKeyPEM: Secret,
        algorithmName: String, concurrency: Int = 5, requestDeadline: Duration = .seconds(60),
        operationLimit: Duration = .seconds(150)
    ) throws(NetSuiteConfigurationError) {
        guard let algorithm = SignatureAlgorithm(rawValue: algorithmName), algorithm != .RS256 else {
            throw NetSuiteConfigurationError(
                description: "NetSuite takes no signature \(algorithmName): use PS256 for RSA keys, ES256 for EC keys")
        }
        let key: PrivateKey
        do {
            key = try PrivateKey(pem: privateKeyPEM.reveal())
        } catch {
            throw NetSuiteConfigurationError(description: error.reason)
        }
        guard algorithm.suits(key) else {
            throw NetSuiteConfigurationError(
                description: "the private key cannot sign with \(algorithmName): PS… is for RSA keys, "
                    + "ES256 for EC keys on P-256, ES384 for P-384, ES512 for P-521")
        }
        self.init(
            baseURL: baseURL, tokenAudience: tokenAudience, clientId: clientId, certificateId: certificateId,
            privateKey: key, algorithm: algorithm, concurrency: concurrency, requestDeadline: requestDeadline,
            operationLimit: operationLimit)
    }
}

extension NetSuiteClient {
    /// Makes a client with connections of its own.
    public convenience init(
        configuration: NetSuiteConfiguration, userAgent: String, certificateAuthorityFile: String? = nil,
        loginBudget: (any LoginBudget)? = nil, time: any TimeSource = LoopTime.shared, metrics: MetricsRegistry? = nil,
        logger: Logger
    ) {
        var transportConfiguration = HTTPTransportConfiguration(userAgent: userAgent)
        transportConfiguration.certificateAuthorityFile = certificateAuthorityFile
        let transport = HTTPTransport(configuration: transportConfiguration, time: time, logger: logger)
        self.init(
            configuration: configuration, transport: transport, loginBudget: loginBudget, time: time, metrics: metrics,
            logger: logger)
    }

    /// Ends the connections; calls that run end with a failure.
    public func close() {
        transport.close()
    }
}
