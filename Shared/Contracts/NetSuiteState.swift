/// What a watch reads from NetSuite and publishes whole: a newer one replaces the older one of its key.
public protocol NetSuiteState: Sendable {
    /// NetSuite's clock when it was read.
    var asOf: UTCInstant { get set }
}

extension OrderProgress: NetSuiteState {}
extension StockCount: NetSuiteState {}
