import Contracts
import FoundationEssentials
import Kafka

/// One message to produce.
struct OrderMessage: Sendable {
    /// The order's number.
    let number: Int
    let key: [UInt8]
    let value: [UInt8]
    let headers: [KafkaHeader]
    /// Whether it is to come a second time, as it is.
    let isRepeated: Bool

    /// What it takes in a partition, before compression.
    var size: Int {
        headers.reduce(key.count + value.count) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) }
    }
}

/// Makes orders of about 2 KB from their numbers and a seed: the same number, the same bytes.
///
/// Each number has its own order; numbers that follow one another belong to accounts that follow one another, so that the
/// first so many orders are of so many accounts.
struct OrderFactory: Sendable {
    let seed: UInt64
    let accounts: Int
    let skus: Int
    let repeatShare: Double

    private let organization: SalesforceId
    private let date: CalendarDate

    init(seed: UInt64, accounts: Int, skus: Int, repeatShare: Double = 0) throws(ContractError) {
        self.seed = seed
        self.accounts = max(1, accounts)
        self.skus = max(1, skus)
        self.repeatShare = repeatShare
        organization = try Self.id("00D", 1)
        date = try CalendarDate("2026-05-28")
    }

    /// The message of an order.
    func message(_ number: Int) throws(ContractError) -> OrderMessage {
        var numbers = SeededNumbers(seed: seed, number: UInt64(number))
        let isRepeated = numbers.isWithin(share: repeatShare)
        let event = try EventId(Self.uuid(numbers.next(), numbers.next()))
        let trace = "00-\(Self.hex(numbers.next()))\(Self.hex(numbers.next()))-\(Self.hex(numbers.next() | 1))-01"
        let snapshot = try snapshot(number, &numbers)
        let topic = Topic.orderSubmitted
        let headers = topic.headers(
            for: snapshot, id: event, at: UTCInstant(millisecondsSinceEpoch: snapshot.version).date, traceparent: trace)
        return OrderMessage(
            number: number, key: Array(topic.key(of: snapshot).utf8), value: topic.encode(snapshot),
            headers: headers.encode().map { KafkaHeader($0.0, $0.1) }, isRepeated: isRepeated)
    }

    /// The number of an order by its Salesforce id, from the end of any text that ends with it; nil where it is none of ours.
    static func number(endingWith text: some Collection<UInt8>) -> Int? {
        guard text.count >= 18 else { return nil }
        let id = text.suffix(18)
        guard id.starts(with: "801".utf8), id.dropFirst(3).starts(with: mark.utf8) else { return nil }
        var number = 0
        for digit in id.dropFirst(5).prefix(10) {
            guard (0x30...0x39).contains(digit) else { return nil }
            number = number * 10 + Int(digit & 15)
        }
        return number
    }

    /// The SKU of this number.
    static func sku(_ number: Int) -> String { skuMark + padded(number, 6) }

    /// The number of a SKU; nil where it is none of ours.
    static func number(ofSKU sku: some StringProtocol) -> Int? {
        guard sku.hasPrefix(skuMark), sku.utf8.count == skuMark.utf8.count + 6 else { return nil }
        return Int(sku.dropFirst(skuMark.count))
    }

    // MARK: The order

    private func snapshot(_ number: Int, _ numbers: inout SeededNumbers) throws(ContractError) -> OrderSnapshot {
        let account = number % accounts
        let address = address(of: account)
        var lines: [OrderSnapshot.Line] = []
        for index in 0..<(3 + numbers.below(4)) { lines.append(try line(index, of: number, &numbers)) }
        var buyer = OrderSnapshot.Account(id: try Self.id("001", account), name: Self.name(ofAccount: account))
        buyer.number = .value("A-\(Self.padded(account, 6))")
        buyer.phone = .value("+1 512 555 \(Self.padded(account % 10_000, 4))")
        buyer.email = .value("orders\(account)@buyer.example")
        buyer.billTo = .value(address)
        buyer.shipTo = .value(address)
        var snapshot = OrderSnapshot(
            orderId: try Self.id("801", number), orderNumber: Self.padded(number, 8),
            version: Self.firstVersion + Int64(number), source: .init(organizationId: organization),
            status: "Activated", effectiveDate: date, currency: "USD", account: buyer, lines: lines)
        snapshot.poNumber = .value("PO-\(100_000 + numbers.below(900_000))")
        snapshot.name = .value("\(Self.words[numbers.below(Self.words.count)]) replenishment")
        snapshot.description = .value(Self.text(12, &numbers))
        snapshot.billTo = .value(address)
        snapshot.shipTo = .value(address)
        return snapshot
    }

    private func line(
        _ index: Int, of number: Int, _ numbers: inout SeededNumbers
    ) throws(ContractError) -> OrderSnapshot.Line {
        let sku = numbers.below(skus)
        let price = 100 + numbers.below(50_000)
        var line = OrderSnapshot.Line(
            id: try Self.id("802", number * 10 + index), number: Self.padded(number * 10 + index, 10),
            sku: Self.sku(sku), productId: try Self.id("01t", sku),
            quantity: ExactDecimal(whole: Int64(1 + numbers.below(20))), unitPrice: try Self.amount(price))
        line.listPrice = .value(try Self.amount(price + numbers.below(2_000)))
        line.description = .value(Self.text(2, &numbers))
        return line
    }

    private func address(of account: Int) -> PostalAddress {
        PostalAddress(
            street: "\(1 + account) Congress Avenue\nDock \(account % 40)", city: "Austin", state: "Texas",
            stateCode: "TX", postalCode: Self.padded(73_301 + account % 900, 5), country: "United States",
            countryCode: "US")
    }

    // MARK: Pieces

    /// In milliseconds since 1970: an instant of 2025, so that no clock finds a version ahead of it.
    private static let firstVersion: Int64 = 1_750_000_000_000
    /// What tells our ids: the two characters behind the key prefix.
    private static let mark = "Ln"
    private static let skuMark = "LOAD-"

    private static let words = [
        "amber", "basin", "cedar", "delta", "ember", "fjord", "grove", "harbor", "inlet", "juniper", "kelp", "lagoon",
        "meadow", "nectar", "orchard", "pebble", "quartz", "river", "summit", "timber", "umber", "valley", "willow",
        "zenith",
    ]

    private static func text(_ count: Int, _ numbers: inout SeededNumbers) -> String {
        (0..<count).map { _ in words[numbers.below(words.count)] }.joined(separator: " ")
    }

    private static func name(ofAccount account: Int) -> String {
        "\(words[account % words.count]) trading \(padded(account, 6))"
    }

    private static func id(_ prefix: String, _ number: Int) throws(ContractError) -> SalesforceId {
        try SalesforceId(prefix + mark + padded(number, 10))
    }

    private static func amount(_ cents: Int) throws(ContractError) -> ExactDecimal {
        do {
            return try ExactDecimal("\(cents / 100).\(padded(cents % 100, 2))")
        } catch {
            throw ContractError(path: "amount", reason: "no amount", mend: "none")
        }
    }

    private static func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return text.utf8.count < digits ? String(repeating: "0", count: digits - text.utf8.count) + text : text
    }

    private static func hex(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }

    /// A UUID of version 4 in form.
    private static func uuid(_ high: UInt64, _ low: UInt64) -> String {
        let digits =
            hex(high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000) + hex(low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
        let text = Substring(digits)
        let cuts = [0, 8, 12, 16, 20, 32].map { text.index(text.startIndex, offsetBy: $0) }
        return zip(cuts, cuts.dropFirst()).map { String(text[$0..<$1]) }.joined(separator: "-")
    }
}
