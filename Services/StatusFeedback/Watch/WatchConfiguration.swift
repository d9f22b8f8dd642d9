import NetSuite
import NetSuiteAccess
import ServiceRuntime

/// How NetSuite is watched.
struct WatchConfiguration: Sendable {
    let netSuite: NetSuiteConfiguration
    let interval: Duration
    let leaderLease: Duration

    init(_ settings: Settings) throws {
        netSuite = try NetSuiteConfiguration(settings, concurrency: NetSuiteSettings.watchConcurrency)
        interval = try settings.value(of: WatchSettings.interval)
        leaderLease = try settings.value(of: WatchSettings.leaderLease)
    }
}
