import Contracts
import JSONText
import Ledger

/// One order as it was read, with its lines.
struct OrderRecords: Sendable {
    /// Row of Order, with Account and contacts inside.
    let order: JSONObject
    /// Rows of OrderItem.
    var lines: [JSONObject]

    /// The order's id, as Salesforce gives it.
    var orderId: String { order["Id"]?.string ?? "" }

    /// Whether its status belongs to the category Activated; `Status` itself is the customer's own word.
    var isActivated: Bool { order["StatusCode"]?.string == "Activated" }

    /// Newest `SystemModstamp` of the order and its lines; nil when one cannot be read.
    var newestStamp: UTCInstant? {
        var newest: UTCInstant?
        for record in CollectionOfOne(order) + lines {
            guard let text = record["SystemModstamp"]?.string, let stamp = try? UTCInstant(text) else { return nil }
            newest = max(newest ?? stamp, stamp)
        }
        return newest
    }

    /// `SystemModstamp` of the order or line with this id; the distant past where it was not read.
    func stamp(of id: SalesforceId) -> UTCInstant {
        let record = (CollectionOfOne(order) + lines).first { $0["Id"]?.string == id.text }
        let stamp = (record?["SystemModstamp"]?.string).flatMap { try? UTCInstant($0) }
        return stamp ?? UTCInstant(millisecondsSinceEpoch: .min)
    }

    /// When it was activated last.
    var activatedAt: UTCInstant? { order["ActivatedDate"]?.string.flatMap { try? UTCInstant($0) } }
}

/// Why an order cannot become a snapshot.
struct UnusableOrder: Error, Sendable, Equatable {
    /// The field, as people in Salesforce know it.
    let field: String
    /// What is wrong, without the order's data.
    let reason: String
    /// What to do.
    let mend: String
}

extension DeadLetterContent {
    /// A letter without message: it has the object and its id.
    init(_ order: UnusableOrder) {
        self.init(
            letterClass: DeadLetterClass.invalidMessage.rawValue, field: order.field,
            sentence: "The order cannot be read from Salesforce: \(order.reason). To mend it, \(order.mend).",
            message: nil)
    }
}
