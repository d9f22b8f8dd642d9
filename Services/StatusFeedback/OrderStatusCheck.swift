import EventLoop
import JSONText
import Salesforce
import ServiceRuntime
import Telemetry

/// Makes sure before anything is written that the values of ``OrderStatusRule`` exist and keep orders active.
@Loop
struct OrderStatusCheck {
    let rule: OrderStatusRule
    let salesforce: any SalesforceRecords
    let health: Health
    let troubles: Troubles
    let time: any TimeSource
    let logger: Logger

    /// Returns when the values are good. Until then the service is not ready and says why; a value that is made in
    /// Salesforce meanwhile is found.
    func untilGood() async throws {
        guard !rule.statuses.isEmpty else { return }
        while true {
            do {
                let rows = try await salesforce.records("SELECT ApiName, MasterLabel, StatusCode FROM OrderStatus")
                let known = rows.compactMap { row -> (status: String, category: String)? in
                    guard let status = row["ApiName"]?.string, let category = row["StatusCode"]?.string else {
                        return nil
                    }
                    return (status, category)
                }
                troubles.clear(.salesforce)
                guard let problem = rule.problem(with: known) else { break }
                health.set(OrderStatusRule.setting.name, reason: problem)
                logger.error(
                    "a status that orders are to be set to cannot be set",
                    LogField(.variable, OrderStatusRule.setting.name), .reason(problem))
                try await time.sleep(for: .seconds(30))
            } catch let failure as SalesforceFailure {
                troubles.raise(Trouble(.salesforce, failure.asTrouble))
                try await time.sleep(for: .seconds(2))
            }
        }
        health.set(OrderStatusRule.setting.name, reason: nil)
    }
}
