import EventLoop
import JSONText
import Postgres
import TestSupport

/// The sales user's orders, and what both systems make of them, seen through the sandboxes' control APIs.
@Loop
final class OrderDesk {
    private let stack: ServiceStack
    private(set) var accounts: [String] = []
    private(set) var orders: [String] = []

    private static let articles = ["SKU-RED", "SKU-BLUE", "SKU-LAMP", "SKU-CABLE"]

    init(_ stack: ServiceStack) {
        self.stack = stack
    }

    /// Accounts that NetSuite does not know.
    func addAccounts(_ count: Int) async throws {
        for number in accounts.count..<accounts.count + count {
            let address: JSONValue = ["street": "1 Dock Road", "city": "Leeds", "countryCode": "GB"]
            let account: JSONValue = [
                "name": .string("Customer \(number)"), "billing": address, "shipping": address,
            ]
            accounts.append(try await stack.salesforce.control.make("/accounts", account))
        }
    }

    /// Active orders of two lines, spread over the accounts.
    func addOrders(_ count: Int) async throws {
        for number in orders.count..<orders.count + count {
            let first = Self.articles[number % Self.articles.count]
            let second = Self.articles[(number + 1) % Self.articles.count]
            let order: JSONValue = [
                "accountId": .string(accounts[number % accounts.count]), "activate": true,
                "lines": [line(first, quantity: number % 7 + 1), line(second, quantity: 2)],
            ]
            orders.append(try await stack.salesforce.control.make("/orders", order))
        }
    }

    private func line(_ sku: String, quantity: Int) -> JSONValue {
        ["sku": .string(sku), "quantity": .string("\(quantity)"), "unitPrice": "9.50"]
    }

    // MARK: What is seen

    /// How many of the orders show in Salesforce the number that NetSuite gave them.
    func shownCount() async throws -> Int {
        let written = try await stack.salesOrders()
        let shown = try await stack.salesforce.control.get("/orders")["orders"]?.array ?? []
        return shown.filter { order in
            guard let id = order["id"]?.string, orders.contains(id) else { return false }
            let number = order["netSuite"]?["NetSuite_Order_Number__c"]?.string
            return number != nil && number == written["SF-\(id)"]?.first?["tranId"]?.string
        }.count
    }

    /// Waits until Salesforce shows the number of every order.
    func untilAllShown(within limit: Duration = .seconds(20)) async throws {
        let end = MonotonicInstant.now + limit
        var shown = try await shownCount()
        while shown < orders.count {
            guard MonotonicInstant.now < end else {
                let written = try await stack.salesOrders().count
                throw StackFailure(
                    description: "of \(orders.count) orders NetSuite has \(written), Salesforce shows \(shown)")
            }
            try await LoopTime.shared.sleep(for: .milliseconds(100))
            shown = try await shownCount()
        }
    }

    /// What breaks the promise "each order exactly once, one customer per account, nothing dead"; empty when it holds.
    func problems() async throws -> [String] {
        var problems: [String] = []
        let written = try await stack.salesOrders()
        for id in orders where written["SF-\(id)"]?.count != 1 {
            problems.append("order \(id) is \(written["SF-\(id)"]?.count ?? 0) times in NetSuite")
        }
        for (name, records) in written {
            for record in records where record["lines"]?.array?.count != 2 {
                problems.append("order \(name) has \(record["lines"]?.array?.count ?? 0) lines and not 2")
            }
        }
        let customers = try await stack.netSuite.control.get("/customers")["customers"]?.array ?? []
        let byAccount = Dictionary(grouping: customers) { $0["externalId"]?.string ?? "" }
        let used = Set(accounts.prefix(orders.count))
        for id in used where byAccount["SFACC-\(id)"]?.count != 1 {
            problems.append("account \(id) has \(byAccount["SFACC-\(id)"]?.count ?? 0) customers")
        }
        let named = Dictionary(grouping: customers) { $0["name"]?.string ?? "" }
        for (name, records) in named where records.count > 1 {
            problems.append("\(records.count) customers are called \(name)")
        }
        let letters = try await stack.query("select class, sentence from dead_letters")
        for letter in letters { problems.append("dead letter \(try letter.string("class"))") }
        return problems
    }
}
