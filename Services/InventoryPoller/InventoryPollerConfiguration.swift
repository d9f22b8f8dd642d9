import ServiceRuntime
import Telemetry

/// What the poller is set to, beside what every service has.
struct InventoryPollerConfiguration: Sendable {
    static let fullCountHour = Setting<Int>.integer(
        "FULL_COUNT_HOUR", "hour of the account's day at which all items are counted, changed or not", in: 0...23,
        default: 3)
    static let priceLevel = Setting<Int>.integer(
        "LIST_PRICE_LEVEL", "internal id of the price level that is the list price (1 = base price)",
        in: 1...1_000_000, default: 1)
    static let priceCurrency = Setting<String>(
        "LIST_PRICE_CURRENCY", "currency of list prices, such as USD; the account's base currency where not set"
    ) { text in
        guard text.utf8.count == 3, text.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            throw SettingProblem("is no currency code", mend: "use three capital letters, such as USD")
        }
        return text
    }

    static let rows: [SettingDescription] =
        CommonSettings.kafka + CommonSettings.postgres + NetSuiteSettings.watching + WatchSettings.all + [
            fullCountHour.description, priceLevel.description, priceCurrency.description,
        ]

    var interval: Duration
    var leaderLease: Duration
    var fullCountHour: Int
    var priceLevel: Int
    var priceCurrency: String?
}

extension InventoryPollerConfiguration {
    init(_ settings: Settings) throws(ConfigurationError) {
        let listCurrency = try settings.optional(Self.priceCurrency)
        let accountCurrency = try settings.optional(NetSuiteSettings.currency)
        self.init(
            interval: try settings.value(of: WatchSettings.interval),
            leaderLease: try settings.value(of: WatchSettings.leaderLease),
            fullCountHour: try settings.value(of: Self.fullCountHour),
            priceLevel: try settings.value(of: Self.priceLevel),
            priceCurrency: listCurrency ?? accountCurrency)
    }
}
