import Contracts
import FoundationEssentials
import JSONText
import Ledger
import ServiceRuntime
import Signing
import Telemetry

/// An order message that was read and says one thing. A class: it goes through many steps, and is large.
final class IncomingOrder: Sendable {
    let snapshot: OrderSnapshot
    let headers: CloudEventHeaders
    /// The message as it came, kept if the order becomes a dead letter.
    let source: SourceMessage
    let bodyDigest: [UInt8]
    let traceparent: String
    /// The row that this try comes from, where the order was held.
    let held: HeldOrder?

    init(
        snapshot: OrderSnapshot, headers: CloudEventHeaders, source: SourceMessage, bodyDigest: [UInt8],
        traceparent: String, held: HeldOrder?
    ) {
        self.snapshot = snapshot
        self.headers = headers
        self.source = source
        self.bodyDigest = bodyDigest
        self.traceparent = traceparent
        self.held = held
    }

    /// The SKUs of its lines.
    var skus: Set<String> { Set(snapshot.lines.lazy.map(\.sku)) }

    /// What the ledger is asked for before anything is sent.
    var claimRequest: ClaimRequest {
        ClaimRequest(
            orderId: snapshot.orderId.text, orderNumber: snapshot.orderNumber, accountId: snapshot.account.id.text,
            version: snapshot.version, bodyDigest: bodyDigest, eventId: headers.id.text, traceParent: traceparent,
            replayOf: headers.replayOf, retriesHeld: held != nil)
    }
}

/// The first step: bytes become an order, or the letter that says why they do not.
enum Decoding {
    enum Result: Sendable {
        case order(IncomingOrder)
        case unreadable(UnclaimedLetter)
    }

    static func decode(_ delivery: Delivery, resuming held: HeldOrder? = nil, now: Date) -> Result {
        do throws(ContractError) {
            let (snapshot, headers) = try delivery.read(Topic.orderSubmitted)
            guard headers.source == Topic.orderSubmitted.source else {
                throw ContractError(
                    path: "header \(CloudEventHeaders.Name.source)", reason: "the message comes from an unknown source",
                    mend: "only the order publisher may send here")
            }
            return .order(
                IncomingOrder(
                    snapshot: snapshot, headers: headers, source: delivery.sourceMessage,
                    bodyDigest: Digest.sha256(delivery.payload), traceparent: delivery.trace.traceparent,
                    held: held))
        } catch {
            return .unreadable(letter(for: error, source: delivery.sourceMessage, delivery: delivery, now: now))
        }
    }

    /// A letter for a message that is not what it should be, under its order where the key names one.
    static func letter(
        for error: ContractError, source: SourceMessage, delivery: Delivery, now: Date
    ) -> UnclaimedLetter {
        let isJSON = (try? JSONValue.parse(source.value ?? [])) != nil
        let letterClass: DeadLetterClass = isJSON ? .invalidMessage : .undecodable
        let headers = try? CloudEventHeaders.parse(source.headers.map { ($0.name, $0.value) })
        // Whatever is wrong with the others: a replay that fails opens its own letter again, and no second one.
        let replay = delivery.replay
        return UnclaimedLetter(
            orderId: orderId(inKeyOf: source), version: version(headers, despite: error, now: now),
            eventId: headers?.id.text ?? replay?.eventId,
            traceParent: delivery.trace.traceparent, replayOf: replay?.letterId,
            content: DeadLetterContent(
                letterClass: letterClass.rawValue, field: error.path.isEmpty ? nil : error.path,
                sentence: "\(letterClass.sentence) Found: \(error.description).", message: source),
            settlementEventId: EventId.new(at: now).text)
    }

    /// A letter for a message that ends the process: nothing of it is read but its key.
    static func poisonLetter(_ delivery: Delivery, now: Date) -> UnclaimedLetter {
        let (source, replay) = (delivery.sourceMessage, delivery.replay)
        return UnclaimedLetter(
            orderId: orderId(inKeyOf: source), eventId: replay?.eventId, traceParent: delivery.trace.traceparent,
            replayOf: replay?.letterId,
            content: DeadLetterContent(
                letterClass: DeadLetterClass.poison.rawValue, sentence: DeadLetterClass.poison.sentence, message: source
            ),
            settlementEventId: EventId.new(at: now).text)
    }

    private static func orderId(inKeyOf source: SourceMessage) -> String? {
        guard let text = source.key.flatMap({ String(validating: $0, as: UTF8.self) }),
            let id = try? SalesforceId(complete: text), id.namesOrder
        else { return nil }
        return id.text
    }

    /// The version that a letter stands under; nil where it cannot be told or lies more than a day ahead: the next
    /// version that is written then closes the letter, which it would not do with a version that never comes.
    private static func version(_ headers: CloudEventHeaders?, despite error: ContractError, now: Date) -> Int64? {
        guard let version = headers?.ordering, error.path != "key", !error.path.hasPrefix("header ") else { return nil }
        let latest = UTCInstant(date: now).millisecondsSinceEpoch + 86_400_000
        return version <= latest ? version : nil
    }
}
