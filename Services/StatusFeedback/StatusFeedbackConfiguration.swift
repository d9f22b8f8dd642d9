import Salesforce
import ServiceRuntime
import Telemetry

/// What status-feedback is set to, beside what every service has.
struct StatusFeedbackConfiguration: Sendable {
    let salesforce: SalesforceConfiguration
    let certificateAuthorityFile: String?
    let interval: Duration
    let resendAfter: Duration

    private static let interval = Setting.seconds(
        "FEEDBACK_INTERVAL_SECONDS", "least time between two writes to Salesforce, so that each holds many orders",
        in: 0...3600, default: 1)
    private static let resendAfter = Setting.seconds(
        "FEEDBACK_RESEND_SECONDS",
        "after a call without answer everything is sent once more, when it cannot land any more",
        in: 1...3600, default: 60)

    /// The rows of the configuration table.
    static let settings: [SettingDescription] =
        CommonSettings.kafkaConsumer + CommonSettings.postgres + SalesforceSettings.all + [
            interval.description, resendAfter.description,
        ]

    init(_ settings: Settings) throws(ConfigurationError) {
        interval = try settings.value(of: Self.interval)
        resendAfter = try settings.value(of: Self.resendAfter)
        certificateAuthorityFile = try settings.optional(SalesforceSettings.certificateAuthority)
        let loginURL = try settings.value(of: SalesforceSettings.loginURL)
        let audience = try settings.value(of: SalesforceSettings.audience)
        let clientId = try settings.value(of: SalesforceSettings.clientId)
        let username = try settings.value(of: SalesforceSettings.username)
        let privateKey = try settings.value(of: SalesforceSettings.privateKey)
        let apiVersion = try settings.value(of: SalesforceSettings.apiVersion)
        let deadline = try settings.value(of: SalesforceSettings.requestDeadline)
        do {
            salesforce = try SalesforceConfiguration(
                loginURL: loginURL, audience: audience, clientId: clientId, username: username,
                privateKeyPEM: privateKey, apiVersion: apiVersion, deadline: deadline)
        } catch {
            throw ConfigurationError(
                SalesforceSettings.privateKey.name, "is no private key", "store it as PEM, without a passphrase")
        }
    }
}
