import Contracts
import EventLoop
import NetSuite
import ServiceRuntime
import Telemetry

/// Finds out which prices are list prices, and tells where they cannot be shown.
@Loop
final class PriceListReading {
    /// Seconds between two looks at a price list that could not be read.
    nonisolated static let secondsWhenUnreadable: Int64 = 3_600

    private let client: NetSuiteClient
    private let configuration: InventoryPollerConfiguration
    private let health: Health
    private let logger: Logger

    /// As it was read last.
    private(set) var list = PriceList()
    private var readAt: UTCInstant?

    init(client: NetSuiteClient, configuration: InventoryPollerConfiguration, health: Health, logger: Logger) {
        self.client = client
        self.configuration = configuration
        self.health = health
        self.logger = logger
    }

    /// Reads it afresh.
    func read(at now: UTCInstant) async throws {
        let read = try PriceList(
            level: configuration.priceLevel, configured: configuration.priceCurrency,
            currencies: try await client.currencies(), saysCurrency: try await client.pricesSayTheirCurrency())
        health.warn("list prices", read.problem)
        if let problem = read.problem, list.problem != problem {
            logger.warning("items are counted without prices", .reason(problem))
        }
        list = read
        readAt = now
    }

    /// A permission that is given later is noticed without a new start.
    func askAgain(at now: UTCInstant) async throws {
        guard list.problem != nil, let readAt else { return }
        let passed = now.millisecondsSinceEpoch - readAt.millisecondsSinceEpoch
        if passed >= Self.secondsWhenUnreadable * 1_000 { try await read(at: now) }
    }
}
