import Contracts
import EventLoop
import Ledger
import ServiceRuntime
import Telemetry

/// Takes states that Kafka lost unread from the ledger, where the watches stored them before they were produced: these
/// publish nothing again that has not changed.
@Loop
struct LostStates {
    let store: any FeedbackStore
    let staleAfter: Duration
    let patience: DatabasePatience
    let logger: Logger
    let wakeSender: @Loop @Sendable () -> Void

    var reaction: GapReaction {
        GapReaction(
            mend: "Progress and stock are taken from the ledger instead, by themselves; of settlements send again what "
                + "is missing (crossdock orders publish ID)",
            ofTopics: { try await take(topics: $0) })
    }

    /// Takes the newest state of each key of these topics; settlements are none of them.
    func take(topics: Set<String>) async throws {
        for (topic, object, age) in [
            (Topic.orderProgressed.name, FeedbackObject.order, nil),
            (Topic.inventoryCounted.name, .product, staleAfter as Duration?),
        ] where topics.contains(topic) {
            var (key, count): (String?, Int) = (nil, 0)
            repeat {
                let after = key
                let taken = try await patience.untilAnswered { [store] in
                    try await store.takePublishedStates(
                        topic: topic, as: object, overdueAfter: age, after: after, limit: 1000)
                }
                (key, count) = (taken.last, count + taken.count)
                if taken.count > 0 { wakeSender() }
            } while key != nil
            logger.info("states that Kafka lost were taken from the ledger", .topic(topic), .count(count))
        }
    }
}
