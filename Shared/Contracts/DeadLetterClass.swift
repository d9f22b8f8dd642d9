/// Why a message or an order cannot go on until a person decides.
public enum DeadLetterClass: String, Sendable, CaseIterable {
    case undecodable
    case invalidMessage = "invalid-message"
    case mappingFailed = "mapping-failed"
    case missingItem = "missing-item"
    case customerNameTaken = "customer-name-taken"
    case refused
    case permission
    case amendmentNotPossible = "amendment-not-possible"
    case heldTooLong = "held-too-long"
    case poison
    case salesforceRefused = "salesforce-refused"

    /// What happened and what to do, for where nothing more exact is known.
    public var sentence: String {
        switch self {
        case .undecodable:
            "The message cannot be read. Look at its bytes, correct what sends it, and publish the order again."
        case .invalidMessage:
            "The order carries something that cannot be right. Correct it in Salesforce; the next version is tried at once."
        case .mappingFailed:
            "The order cannot be turned into a NetSuite order. Correct the order, or the mapping file, and replay."
        case .missingItem:
            "NetSuite has no item for a line's SKU. Create the item or correct the SKU, then replay."
        case .customerNameTaken:
            "NetSuite already has another customer of this name. Link it on the Account, or rename one, then replay."
        case .refused:
            "NetSuite refused the order. Correct what it names, then replay."
        case .permission:
            "NetSuite does not let Crossdock do this. Give its role the permission, then replay."
        case .amendmentNotPossible:
            "The order changed in Salesforce after NetSuite began to process it. Amend it in NetSuite by hand."
        case .heldTooLong:
            "The order could not be written for a long time. See what keeps it locked in NetSuite, then replay."
        case .poison:
            "Handling this message ended the process several times. Report it with its bytes; do not replay it before a mend."
        case .salesforceRefused:
            "Salesforce refused NetSuite's data for this order. Correct what it names in Salesforce, then replay."
        }
    }
}
