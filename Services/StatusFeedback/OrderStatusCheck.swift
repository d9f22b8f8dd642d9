import EventLoop
import JSONText
import Salesforce
import ServiceRuntime
import Telemetry

/// Finds out beside all other work whether the values of ``OrderStatusRule`` exist and keep orders active. Until they do no
/// status is set, orders show everything else, and the service is not ready and says why; then what is owed is set.
@Loop
final class OrderStatusCheck {
    /// Marks the orders as due whose status waited.
    typealias Release = @Loop @Sendable () async throws -> Void

    /// Another process may have put off a status after ours was good.
    private static let releaseInterval = Duration.seconds(60)

    private let rule: OrderStatusRule
    private let salesforce: any SalesforceRecords
    private let health: Health
    private let time: any TimeSource
    private let logger: Logger
    private let release: Release
    private var task: Task<Void, any Error>?

    /// Whether the values are known to be good.
    private(set) var isGood = false

    init(
        rule: OrderStatusRule, salesforce: any SalesforceRecords, health: Health, time: any TimeSource, logger: Logger,
        release: @escaping Release
    ) {
        self.rule = rule
        self.salesforce = salesforce
        self.health = health
        self.time = time
        self.logger = logger
        self.release = release
    }

    func start() {
        guard !rule.statuses.isEmpty else { return }
        say("Salesforce was not asked yet whether the statuses exist")
        task = EventLoop.shared.start { [self] in
            try await becomeGood()
            while true {
                try await releaseOwed()
                try await time.sleep(for: Self.releaseInterval)
            }
        }
    }

    /// What is refused once is said and tried again a minute later: these orders have nobody else to remember them.
    private func releaseOwed() async throws {
        do {
            try await release()
        } catch let cancellation as CancellationError {
            throw cancellation
        } catch {
            logger.error("orders whose status waited cannot be marked as due", .reason("\(error)"))
        }
    }

    func stop() async {
        task?.cancel()
        _ = await task?.result
    }

    /// A value that is made in Salesforce meanwhile is found.
    private func becomeGood() async throws {
        while !isGood {
            do {
                let rows = try await salesforce.records("SELECT ApiName, MasterLabel, StatusCode FROM OrderStatus")
                let known = rows.compactMap { row -> (status: String, category: String)? in
                    guard let status = row["ApiName"]?.string, let category = row["StatusCode"]?.string else {
                        return nil
                    }
                    return (status, category)
                }
                guard let problem = rule.problem(with: known) else {
                    isGood = true
                    return say(nil)
                }
                say(problem)
                logger.error(
                    "a status that orders are to be set to cannot be set",
                    LogField(.variable, OrderStatusRule.setting.name), .reason(problem))
                try await time.sleep(for: .seconds(30))
            } catch let failure as SalesforceFailure {
                say("Salesforce cannot be asked whether the statuses exist: \(failure.asTrouble)")
                try await time.sleep(for: .seconds(2))
            }
        }
    }

    private func say(_ reason: String?) { health.set(OrderStatusRule.setting.name, reason: reason) }
}
