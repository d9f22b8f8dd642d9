import NetSuite
import NetSuiteAccess
import ServiceRuntime

/// How NetSuite is watched.
struct WatchConfiguration: Sendable {
    let netSuite: NetSuiteConfiguration
    /// ISO 4217 code; nil where NetSuite says it.
    let accountCurrency: String?
    let interval: Duration
    let leaderLease: Duration

    init(_ settings: Settings) throws {
        netSuite = try NetSuiteConfiguration(settings, concurrency: NetSuiteSettings.watchConcurrency)
        accountCurrency = try settings.optional(NetSuiteSettings.currency)
        interval = try settings.value(of: WatchSettings.interval)
        leaderLease = try settings.value(of: WatchSettings.leaderLease)
    }
}
