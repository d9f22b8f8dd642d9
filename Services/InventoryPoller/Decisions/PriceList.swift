import Contracts
import NetSuite
import ServiceRuntime

/// Which prices are list prices, found out from the account.
struct PriceList: Sendable, Equatable {
    /// How they are read; nil where the account shows none, or none whose currency is known.
    var query: PriceListQuery?
    /// ISO 4217 code of their currency.
    var currency = ""
    /// What keeps prices from being shown, for the operator.
    var problem: String?

    /// None.
    init() {}

    /// - Parameters:
    ///   - currencies: rows of the account's currencies; nil where it has no table of them.
    ///   - saysCurrency: whether prices say their currency; nil where there are no prices to be seen.
    /// - Throws: ``Trouble`` where the configured currency is none of the account's.
    init(
        level: Int, configured: String?, currencies: [SuiteQLRow]?, saysCurrency: Bool?
    ) throws(Trouble) {
        guard let saysCurrency else {
            problem = "prices are not shown: the role does not see NetSuite's table pricing (permission Items)"
            return
        }
        guard let currencies else {
            // One currency alone, whose name no table says.
            guard let configured else {
                problem = "prices are not shown: NetSuite does not say its currency, so set LIST_PRICE_CURRENCY"
                return
            }
            currency = configured
            query = PriceListQuery(level: Int64(level), currencyId: nil)
            return
        }
        let base = currencies.first { $0.flag("isbasecurrency") == true }
        let wanted = configured == nil ? base : currencies.first { $0.text("symbol") == configured }
        guard let wanted, let id = wanted.wholeNumber("id"), let symbol = wanted.text("symbol") else {
            throw Trouble(
                .netSuite,
                configured.map { "LIST_PRICE_CURRENCY is \($0), which is no currency of the account" }
                    ?? "NetSuite does not say which currency is the account's base currency: set LIST_PRICE_CURRENCY")
        }
        guard saysCurrency || currencies.count == 1 || wanted.flag("isbasecurrency") == true else {
            throw Trouble(
                .netSuite,
                "LIST_PRICE_CURRENCY is \(symbol), and NetSuite's prices do not say their currency: only the base "
                    + "currency can be shown")
        }
        currency = symbol
        query = PriceListQuery(level: Int64(level), currencyId: saysCurrency ? id : nil)
    }
}
