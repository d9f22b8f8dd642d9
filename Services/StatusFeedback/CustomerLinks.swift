import Contracts
import JSONText
import Salesforce

/// An account and the NetSuite customer that its orders were written for.
struct CustomerLink: Hashable, Sendable {
    let account: SalesforceId
    let customerId: String
}

/// Which accounts must be told their customer, and which show it already.
struct CustomerLinks: Sendable {
    private static let maximumRemembered = 10_000
    private var shown: [SalesforceId: String] = [:]

    /// The links of a batch whose account is not known to show its customer; one an account.
    func unknown(among links: [CustomerLink]) -> [CustomerLink] {
        var accounts: Set<SalesforceId> = []
        return links.filter { shown[$0.account] != $0.customerId && accounts.insert($0.account).inserted }
    }

    /// The updates to send, given what the accounts show now.
    ///
    /// Only an empty field is filled: another value was put there by a person, and stays.
    mutating func updates(for links: [CustomerLink], present: [SalesforceId: String?]) -> [RecordUpdate] {
        links.compactMap { link in
            // An account that is not there any more shows nothing and is told nothing.
            guard let value = present[link.account] else { return nil }
            if let value, !value.isEmpty {
                if value == link.customerId { remember(link) }
                return nil
            }
            return RecordUpdate(
                object: "Account", id: link.account,
                fields: [CustomField.Account.netSuiteCustomerId: .string(link.customerId)])
        }
    }

    /// Notes that an account shows its customer.
    mutating func remember(_ link: CustomerLink) {
        if shown.count >= CustomerLinks.maximumRemembered { shown.removeAll() }
        shown[link.account] = link.customerId
    }
}
