import Contracts
import FoundationEssentials
import JSONText
import Ledger

/// The ledger's values as the command line's JSON: every member always there, null where nothing is known.
enum LedgerJSON {
    static func order(_ order: OrderSummary) -> JSONValue {
        .object([
            "orderId": .string(order.orderId), "orderNumber": text(order.orderNumber),
            "netSuiteId": text(order.netSuiteId.map { String($0) }), "netSuiteNumber": text(order.netSuiteNumber),
            "state": .string(order.state), "newestVersion": number(order.newestVersion),
            "writtenVersion": number(order.writtenVersion), "lastOutcome": text(order.lastOutcome?.rawValue),
            "changedAt": instant(order.changedAt), "sentence": text(order.sentence),
        ])
    }

    static func history(_ history: OrderHistory) -> JSONValue {
        .object(["order": order(history.summary), "events": .array(history.events.map(event))])
    }

    static func event(_ event: OrderEvent) -> JSONValue {
        .object([
            "at": instant(event.at), "kind": .string(event.kind.rawValue), "version": number(event.version),
            "outcome": text(event.outcome), "detail": text(event.detail), "by": text(event.by),
            "reference": text(event.reference), "traceparent": text(event.traceParent),
        ])
    }

    static func letter(_ letter: DeadLetter) -> JSONValue {
        .object([
            "id": .string(letter.id), "state": .string(letter.state), "class": .string(letter.letterClass),
            "code": text(letter.code), "field": text(letter.field), "sentence": .string(letter.sentence),
            "orderId": text(letter.orderId), "orderNumber": text(letter.orderNumber),
            "version": number(letter.version), "source": .string(letter.source),
            "fingerprint": .string(letter.fingerprint), "seenCount": number(letter.seenCount),
            "openedAt": instant(letter.openedAt), "closedAt": letter.closedAt.map(instant) ?? .null,
        ])
    }

    private static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    private static func number(_ number: Int64?) -> JSONValue { number.map { .number(JSONNumber($0)) } ?? .null }

    private static func instant(_ date: Date) -> JSONValue { .string(UTCInstant(date: date).text) }
}
