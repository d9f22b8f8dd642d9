import Contracts
import Salesforce
import ServiceRuntime
import Telemetry

/// The publisher's own settings.
struct OrderPublisherConfiguration: Sendable {
    /// Between two polls. 30 s are 2,880 polls a day of two calls, or of four when something changed: at most 11,520 of
    /// a Developer Edition's 15,000 calls.
    static let pollInterval = Setting<Duration>.seconds(
        "POLL_INTERVAL_SECONDS", "seconds between two polls of Salesforce, of 2 calls each (4 after a change)",
        in: 1...3600, default: 30)
    /// Salesforce stamps a row when its transaction runs, which may take ten minutes, and shows it up to seconds after.
    static let overlap = Setting<Duration>.seconds(
        "POLL_OVERLAP_SECONDS", "seconds read again at each poll, for changes whose transaction ended late",
        in: 60...86_400, default: 660)
    static let reserve = Setting<Int>.integer(
        "SALESFORCE_RESERVE_PERCENT", "share of the day's API calls that is left to others: near it polls get rarer",
        in: 0...90, default: 20)
    static let startFrom = Setting<UTCInstant>(
        "START_FROM", "first start only: take orders activated from this instant on (2026-05-28T00:00:00Z)"
    ) { text in
        do { return try UTCInstant(text) } catch {
            throw SettingProblem("is no instant in UTC", mend: "write it like 2026-05-28T00:00:00Z")
        }
    }
    static let skuSource = Setting<OrderFields.SKUSource>(
        "SKU_FIELD", "product field that is NetSuite's item name: StockKeepingUnit (else ProductCode), or ProductCode",
        default: "StockKeepingUnit"
    ) { text in
        guard let source = OrderFields.SKUSource(rawValue: text) else {
            throw SettingProblem("is none of its words", mend: "use StockKeepingUnit or ProductCode")
        }
        return source
    }
    static let currency = Setting<String>(
        "ORGANIZATION_CURRENCY", "currency of a single-currency org, where Salesforce does not tell it"
    ) { text in
        guard text.utf8.count == 3, text.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            throw SettingProblem("is no currency code", mend: "use three capital letters, such as USD")
        }
        return text
    }
    static let orderFields = fieldList("ORDER_CUSTOM_FIELDS", "further fields of Order")
    static let accountFields = fieldList("ACCOUNT_CUSTOM_FIELDS", "further fields of Account")
    static let lineFields = fieldList("ORDER_ITEM_CUSTOM_FIELDS", "further fields of OrderItem")

    static let rows: [SettingDescription] =
        CommonSettings.kafka + CommonSettings.postgres + SalesforceSettings.all + [
            pollInterval.description, overlap.description, WatchSettings.leaderLease.description, reserve.description,
            startFrom.description, skuSource.description, currency.description, orderFields.description,
            accountFields.description,
            lineFields.description,
        ]

    var pollInterval: Duration
    var overlap: Duration
    var leaderLease: Duration
    var reservePercent: Int
    var startFrom: UTCInstant?
    var skuSource: OrderFields.SKUSource
    var currency: String?
    var customFields: OrderFields.Custom

    private static func fieldList(_ name: String, _ summary: String) -> Setting<[String]> {
        Setting(name, "\(summary) to carry as custom, by API name, comma between") { text in
            let names = text.split(separator: ",").map { $0.filter { $0 != " " } }
            // They become part of a query's text.
            guard names.allSatisfy({ $0.utf8.allSatisfy(isNameByte) && $0.utf8.first.map(isLetter) == true }) else {
                throw SettingProblem("is no list of API names", mend: "write it like Region__c,Priority__c")
            }
            return names
        }
    }
}

private func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
private func isNameByte(_ byte: UInt8) -> Bool { isLetter(byte) || (0x30...0x39).contains(byte) || byte == 0x5F }

extension OrderPublisherConfiguration {
    init(_ settings: Settings) throws(ConfigurationError) {
        self.init(
            pollInterval: try settings.value(of: Self.pollInterval), overlap: try settings.value(of: Self.overlap),
            leaderLease: try settings.value(of: WatchSettings.leaderLease),
            reservePercent: try settings.value(of: Self.reserve), startFrom: try settings.optional(Self.startFrom),
            skuSource: try settings.value(of: Self.skuSource), currency: try settings.optional(Self.currency),
            customFields: OrderFields.Custom(
                order: try settings.optional(Self.orderFields) ?? [],
                account: try settings.optional(Self.accountFields) ?? [],
                line: try settings.optional(Self.lineFields) ?? []))
    }
}

extension SalesforceConfiguration {
    init(_ settings: Settings) throws(ConfigurationError) {
        do {
            try self.init(
                loginURL: settings.value(of: SalesforceSettings.loginURL),
                audience: settings.value(of: SalesforceSettings.audience),
                clientId: settings.value(of: SalesforceSettings.clientId),
                username: settings.value(of: SalesforceSettings.username),
                privateKeyPEM: settings.value(of: SalesforceSettings.privateKey),
                apiVersion: settings.value(of: SalesforceSettings.apiVersion),
                deadline: settings.value(of: SalesforceSettings.requestDeadline))
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError(
                SalesforceSettings.privateKey.name, "is no private key",
                "give the unencrypted PEM key of the certificate that the app in Salesforce knows")
        }
    }
}
