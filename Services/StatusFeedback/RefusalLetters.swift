import Contracts
import Ledger
import Salesforce

/// Which record of a row it is: what a letter calls it.
enum RowPart: Hashable, Sendable {
    case order
    /// A line, by its Salesforce id.
    case line(String)
    /// The order's account, where NetSuite's customer is noted.
    case account
    /// A product, by its SKU.
    case product(String)
    /// A product's entry in the standard price book, by its SKU.
    case price(String)

    /// The object's API name.
    var object: String {
        switch self {
        case .order: "Order"
        case .line: "OrderItem"
        case .account: "Account"
        case .product: "Product2"
        case .price: "PricebookEntry"
        }
    }

    /// What a person calls it.
    fileprivate var words: String {
        switch self {
        case .order: "this order"
        case .line(let id): "line \(id) of this order"
        case .account: "this order's account"
        case .product(let sku): "the product \(sku)"
        case .price(let sku): "the standard price of the product \(sku)"
        }
    }
}

extension SalesforceRefusal {
    /// The dead letter of a record that Salesforce will not take: what refused it, and what to do about that.
    func letter(of part: RowPart) -> DeadLetterContent {
        let letterClass = DeadLetterClass.salesforceRefused
        let words = message.isEmpty ? "" : " Salesforce says: \(fitting(message, length: 500))"
        return DeadLetterContent(
            letterClass: letterClass.rawValue, code: code, field: fields.first.map { "\(part.object).\($0)" },
            sentence: "\(sentence(of: part)) Refused with \(self).\(words)", message: nil)
    }

    private func sentence(of part: RowPart) -> String {
        switch code {
        case "FIELD_CUSTOM_VALIDATION_EXCEPTION":
            "A validation rule of Salesforce refuses what Crossdock writes to \(part.words). Have the rule let the "
                + "integration user's changes pass, or correct what it asks for, then replay."
        case "INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "INVALID_FIELD",
            "INVALID_FIELD_FOR_INSERT_UPDATE":
            "The integration user may not change \(part.words). Give its permission set edit access to the record and to "
                + "the fields (for activated orders also \"Edit Activated Orders\"), then replay."
        case "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY":
            "In Salesforce \(part.words) was deleted, so it shows nothing. Restore it from the recycle bin and replay, or "
                + "discard this letter."
        case "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER":
            "A trigger or flow of Salesforce fails when Crossdock writes to \(part.words). Have it corrected, then replay."
        default:
            switch part {
            case .order, .line, .account: DeadLetterClass.salesforceRefused.sentence
            case .product, .price:
                "Salesforce does not take what NetSuite says of \(part.words). Correct what it names in Salesforce, then "
                    + "replay."
            }
        }
    }

    /// The dead letter of a record that has been locked too long.
    func letter(ofLocked part: RowPart, for duration: Duration) -> DeadLetterContent {
        let hours = duration.components.seconds / 3600
        return DeadLetterContent(
            letterClass: DeadLetterClass.salesforceRefused.rawValue, code: code, field: part.object,
            sentence: """
                Salesforce has kept \(part.words) locked (\(code)) for \(hours) hours, so it does not show how things \
                stand. See which approval or job locks it; it is tried again by itself.
                """, message: nil)
    }
}
