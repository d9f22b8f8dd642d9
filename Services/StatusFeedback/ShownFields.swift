import Contracts
import JSONText

/// What Salesforce shows of one order, in the fields that are Crossdock's.
struct ShownFields: Equatable, Sendable {
    var netSuiteId: String?
    var netSuiteNumber: String?
    var status: String?
    var message: String?
}

/// What Salesforce is to show after a settlement: an open letter first, then a hold, then how the order stands.
func whatSalesforceShows(_ settlement: Settlement) -> ShownFields {
    var fields = ShownFields(
        netSuiteId: settlement.netSuite?.id, netSuiteNumber: settlement.netSuite?.number,
        status: settlement.netSuite?.state?.words)
    if let letter = settlement.letter {
        fields.status = OrderState.needsAttention.words
        fields.message = letter.sentence
    } else if settlement.outcome == .dead {
        fields.status = OrderState.needsAttention.words
        fields.message = DeadLetterClass.refused.sentence
    } else if settlement.outcome == .held || settlement.hold != nil {
        fields.status = OrderState.waiting.words
        fields.message =
            settlement.hold?.sentence ?? "NetSuite cannot take the order yet; Crossdock tries again by itself."
    }
    fields.message = fields.message.map { fitting($0, length: ShownFields.messageLength) }
    return fields
}

extension ShownFields {
    static let messageLength = 1000

    /// The fields to send so that Salesforce, which shows `shown`, shows this; empty where it does already.
    ///
    /// An id or a number that is not known does not clear the one that Salesforce has.
    func changes(from shown: ShownFields?) -> JSONObject {
        typealias Field = CustomField.Order
        var changes: JSONObject = [:]
        if let netSuiteId, netSuiteId != shown?.netSuiteId { changes[Field.netSuiteId] = .string(netSuiteId) }
        if let netSuiteNumber, netSuiteNumber != shown?.netSuiteNumber {
            changes[Field.netSuiteNumber] = .string(netSuiteNumber)
        }
        if shown == nil || status != shown?.status { changes[Field.status] = status.map { .string($0) } ?? .null }
        if shown == nil || message != shown?.message { changes[Field.message] = message.map { .string($0) } ?? .null }
        return changes
    }

    /// This, with the ids that Salesforce keeps.
    func merged(over shown: ShownFields?) -> ShownFields {
        var merged = self
        merged.netSuiteId = netSuiteId ?? shown?.netSuiteId
        merged.netSuiteNumber = netSuiteNumber ?? shown?.netSuiteNumber
        return merged
    }

    /// The form in which the ledger keeps it.
    var stored: [UInt8] {
        typealias Field = CustomField.Order
        var object: JSONObject = [:]
        object[Field.netSuiteId] = netSuiteId.map { .string($0) }
        object[Field.netSuiteNumber] = netSuiteNumber.map { .string($0) }
        object[Field.status] = status.map { .string($0) }
        object[Field.message] = message.map { .string($0) }
        return JSONValue.object(object).bytes()
    }

    /// Reads what the ledger kept; `nil` where that is unreadable, so that everything is sent.
    init?(stored: [UInt8]) {
        typealias Field = CustomField.Order
        guard let object = (try? JSONValue.parse(stored))?.object else { return nil }
        self.init(
            netSuiteId: object[Field.netSuiteId]?.string, netSuiteNumber: object[Field.netSuiteNumber]?.string,
            status: object[Field.status]?.string, message: object[Field.message]?.string)
    }
}

/// A text of at most so many UTF-16 units, as Salesforce counts, without control characters but line breaks.
func fitting(_ text: String, length: Int) -> String {
    let clean = String(
        String.UnicodeScalarView(
            text.unicodeScalars.map { $0.value < 0x20 && $0 != "\n" || $0.value == 0x7F ? " " : $0 }))
    guard clean.utf16.count > length else { return clean }
    var short = ""
    var count = 1
    for character in clean {
        count += character.utf16.count
        if count > length { break }
        short.append(character)
    }
    return short + "…"
}
