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
            "changedAt": instant(order.changedAt), "sentence": text(order.sentence), "letterId": text(order.letterId),
        ])
    }

    /// The progress is the message as it was published.
    static func history(_ history: OrderHistory, _ timeLine: TimeLine) -> JSONValue {
        [
            "order": order(history.summary), "hold": history.hold.map(hold) ?? .null,
            "progress": timeLine.progress.flatMap { try? JSONValue.parse($0.encode()) } ?? .null,
            "events": .array(timeLine.entries.map(entry)),
        ]
    }

    private static func entry(_ entry: TimeLineEntry) -> JSONValue {
        .object([
            "at": instant(entry.at), "kind": .string(entry.kind), "version": number(entry.version),
            "outcome": text(entry.outcome), "detail": text(entry.detail), "by": text(entry.by),
            "reference": text(entry.reference), "traceparent": text(entry.traceParent),
        ])
    }

    static func letter(_ letter: DeadLetter) -> JSONValue { .object(members(letter)) }

    private static func members(_ letter: DeadLetter) -> JSONObject {
        [
            "id": .string(letter.id), "state": .string(letter.state.rawValue), "class": .string(letter.letterClass),
            "code": text(letter.code), "field": text(letter.field), "sentence": .string(letter.sentence),
            "orderId": text(letter.orderId), "orderNumber": text(letter.orderNumber),
            "version": number(letter.version), "source": .string(letter.source),
            "fingerprint": .string(letter.fingerprint), "seenCount": number(letter.seenCount),
            "openedAt": instant(letter.openedAt), "closedAt": letter.closedAt.map(instant) ?? .null,
        ]
    }

    /// The letter with its message, of which the bytes are left out, and its trail.
    static func letterDetail(_ detail: DeadLetterDetail) -> JSONValue {
        var object = members(detail.letter)
        object["newerVersion"] = number(detail.newerVersion)
        object["message"] = detail.message.map(message) ?? .null
        object["trail"] = .array(
            detail.trail.map { act in
                [
                    "at": instant(act.at), "act": .string(act.kind.rawValue), "by": .string(act.by),
                    "eventId": text(act.eventId), "note": text(act.note),
                ]
            })
        return .object(object)
    }

    private static func message(_ message: KeptMessage) -> JSONValue {
        [
            "key": text(message.key.map(LetterPages.legible)), "bytes": number(message.valueLength),
            "sha256": text(message.valueDigest?.hexadecimal), "isWhole": .bool(message.isWhole),
            "headers": .array(
                message.headers.map { ["name": .string($0.name), "value": .string(LetterPages.shown($0))] }),
        ]
    }

    static func group(_ group: LetterGroup) -> JSONValue {
        [
            "fingerprint": .string(group.fingerprint), "class": .string(group.letterClass),
            "sentence": .string(group.sentence), "count": number(group.count), "oldest": instant(group.oldest),
            "oldestAgeSeconds": number(group.oldestAge.components.seconds),
            "totals": .array(
                group.totals.map { ["currency": .string($0.currency), "amount": .string($0.amount)] }),
            "withoutTotal": number(group.withoutTotal),
        ]
    }

    static func hold(_ hold: HeldOrderSummary) -> JSONValue {
        [
            "orderId": .string(hold.orderId), "orderNumber": text(hold.orderNumber), "version": number(hold.version),
            "sentence": .string(hold.sentence), "code": text(hold.code), "tries": number(hold.tries),
            "heldSince": instant(hold.heldSince), "nextTryAt": instant(hold.nextTryAt),
        ]
    }

    private static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    private static func number(_ number: Int64?) -> JSONValue { number.map { .number(JSONNumber($0)) } ?? .null }

    private static func instant(_ date: Date) -> JSONValue { .string(UTCInstant(date: date).text) }
}
