import NetSuite
import NetSuiteAccess
import Salesforce
import ServiceRuntime
import Telemetry

/// What status-feedback is set to, beside what every service has.
struct StatusFeedbackConfiguration: Sendable {
    let salesforce: SalesforceConfiguration
    let certificateAuthorityFile: String?
    let interval: Duration
    let resendAfter: Duration
    let staleAfter: Duration
    let statusRule: OrderStatusRule
    let productRules: ProductRules
    let watch: WatchConfiguration

    private static let interval = Setting.seconds(
        "FEEDBACK_INTERVAL_SECONDS", "least time between two writes to Salesforce, so that each holds many orders",
        in: 0...3600, default: 1)
    private static let resendAfter = Setting.seconds(
        "FEEDBACK_RESEND_SECONDS",
        "after a call without answer everything is sent once more, when it cannot land any more",
        in: 1...3600, default: 60)
    private static let staleHours = Setting.integer(
        "STOCK_STALE_HOURS", "age in hours from which on a count of stock is marked as stale", in: 1...1000, default: 26
    )
    private static let showsPrice = Setting.flag(
        "SHOW_PRICE", "whether list prices go into the standard price book", default: true)
    private static let showsActive = Setting.flag(
        "SHOW_ACTIVE", "whether products, and standard prices in the list price's currency, are active as items are",
        default: true)
    private static let skuField = Setting<SKUField>(
        "SKU_FIELD", "product field that is NetSuite's item name: StockKeepingUnit (else ProductCode), or ProductCode",
        default: SKUField.stockKeepingUnit.rawValue
    ) { text in
        guard let field = SKUField(rawValue: text) else {
            throw SettingProblem("is no product field", mend: "use StockKeepingUnit or ProductCode")
        }
        return field
    }
    private static let currency = Setting<String>(
        "ORGANIZATION_CURRENCY", "currency of a single-currency org, where Salesforce does not tell it"
    ) { text in
        guard text.utf8.count == 3, text.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            throw SettingProblem("is no currency code", mend: "use three capital letters, such as USD")
        }
        return text
    }

    /// The rows of the configuration table.
    static let settings: [SettingDescription] =
        CommonSettings.kafkaConsumer + CommonSettings.postgres + SalesforceSettings.all + NetSuiteSettings.watching
        + WatchSettings.all + [
            interval.description, resendAfter.description, staleHours.description, OrderStatusRule.setting.description,
            showsPrice.description, showsActive.description, skuField.description, currency.description,
        ]

    init(_ settings: Settings) throws {
        watch = try WatchConfiguration(settings)
        interval = try settings.value(of: Self.interval)
        resendAfter = try settings.value(of: Self.resendAfter)
        staleAfter = .seconds(try settings.value(of: Self.staleHours) * 3600)
        statusRule = try settings.optional(OrderStatusRule.setting) ?? .none
        productRules = ProductRules(
            showsPrice: try settings.value(of: Self.showsPrice), showsActive: try settings.value(of: Self.showsActive),
            skuField: try settings.value(of: Self.skuField),
            organizationCurrency: try settings.optional(Self.currency))
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
