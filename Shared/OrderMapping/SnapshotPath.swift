import Contracts
import JSONText

/// A value of a snapshot as a mapping reads it.
enum SnapshotValue: Equatable {
    case absent
    case null
    case text(String)
    case decimal(ExactDecimal)
    case date(CalendarDate)
    case custom(JSONValue)

    static func text(_ carried: Carried<String>) -> SnapshotValue {
        switch carried {
        case .absent: .absent
        case .null: .null
        // Salesforce has no empty texts: an empty one stands for none.
        case .value(let text): text.isEmpty ? .null : .text(text)
        }
    }

    static func date(_ carried: Carried<CalendarDate>) -> SnapshotValue {
        switch carried {
        case .absent: .absent
        case .null: .null
        case .value(let date): .date(date)
        }
    }

    static func decimal(_ carried: Carried<ExactDecimal>) -> SnapshotValue {
        switch carried {
        case .absent: .absent
        case .null: .null
        case .value(let decimal): .decimal(decimal)
        }
    }

    static func custom(_ fields: JSONObject, _ name: String) -> SnapshotValue {
        switch fields[name] {
        case .none: .absent
        case .some(.null), .some(.string("")): .null
        case .some(let value): .custom(value)
        }
    }
}

/// A place in a snapshot that a mapping file may name.
final class SnapshotPath: Sendable {
    enum Kind: Sendable {
        case text, decimal, date, custom
    }

    /// Which part's further fields a custom path names.
    enum CustomOwner: Sendable {
        case order, account, line
    }

    /// As written in the file.
    let text: String
    let kind: Kind
    let customField: (owner: CustomOwner, name: String)?
    private let reader: @Sendable (OrderSnapshot, OrderSnapshot.Line?) -> SnapshotValue

    var isOfLine: Bool { text.hasPrefix(Self.linePrefix) }

    private init(
        _ text: String, _ kind: Kind, customField: (CustomOwner, String)? = nil,
        _ reader: @escaping @Sendable (OrderSnapshot, OrderSnapshot.Line?) -> SnapshotValue
    ) {
        self.text = text
        self.kind = kind
        self.customField = customField
        self.reader = reader
    }

    func value(in snapshot: OrderSnapshot, line: OrderSnapshot.Line?) -> SnapshotValue {
        reader(snapshot, line)
    }

    /// The path in this snapshot, with the line's number in it.
    func place(in snapshot: OrderSnapshot, line: OrderSnapshot.Line?) -> String {
        guard isOfLine, let line, let index = snapshot.lines.firstIndex(where: { $0.id == line.id }) else {
            return text
        }
        return "lines[\(index)]." + text.dropFirst(Self.linePrefix.count)
    }

    private static let linePrefix = "line."

    /// The path that a file names; `nil` if snapshots have no such place.
    static func find(_ text: String) -> SnapshotPath? {
        if let fixed = fixedByName[text] { return fixed }
        for (prefix, owner) in [
            ("custom.", CustomOwner.order), ("account.custom.", .account), ("line.custom.", .line),
        ]
        where text.hasPrefix(prefix) {
            let name = String(text.dropFirst(prefix.count))
            guard isFieldName(name) else { return nil }
            return SnapshotPath(text, .custom, customField: (owner, name)) { snapshot, line in
                switch owner {
                case .order: .custom(snapshot.custom, name)
                case .account: .custom(snapshot.account.custom, name)
                case .line: .custom(line?.custom ?? [:], name)
                }
            }
        }
        return nil
    }

    /// Every path that can be listed, for suggestions.
    static let names: [String] = fixed.map(\.text)

    private static func isFieldName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (0x41...0x5a).contains(first) || (0x61...0x7a).contains(first) else {
            return false
        }
        return name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
                || $0 == UInt8(ascii: "_")
        }
    }

    private static let fixedByName = Dictionary(fixed.map { ($0.text, $0) }) { first, _ in first }

    private static let fixed: [SnapshotPath] = orderPaths + accountPaths + addressPaths + linePaths

    private static let orderPaths = [
        SnapshotPath("orderId", .text) { order, _ in .text(order.orderId.text) },
        SnapshotPath("orderNumber", .text) { order, _ in .text(order.orderNumber) },
        SnapshotPath("version", .text) { order, _ in .text(String(order.version)) },
        SnapshotPath("source.object", .text) { order, _ in .text(order.source.object) },
        SnapshotPath("source.organizationId", .text) { order, _ in .text(order.source.organizationId.text) },
        SnapshotPath("status", .text) { order, _ in .text(order.status) },
        SnapshotPath("effectiveDate", .date) { order, _ in .date(order.effectiveDate) },
        SnapshotPath("currency", .text) { order, _ in .text(order.currency) },
        SnapshotPath("endDate", .date) { order, _ in .date(order.endDate) },
        SnapshotPath("poNumber", .text) { order, _ in .text(order.poNumber) },
        SnapshotPath("poDate", .date) { order, _ in .date(order.poDate) },
        SnapshotPath("name", .text) { order, _ in .text(order.name) },
        SnapshotPath("description", .text) { order, _ in .text(order.description) },
        SnapshotPath("type", .text) { order, _ in .text(order.type) },
    ]

    private static let accountPaths = [
        SnapshotPath("account.id", .text) { order, _ in .text(order.account.id.text) },
        SnapshotPath("account.name", .text) { order, _ in .text(order.account.name) },
        SnapshotPath("account.number", .text) { order, _ in .text(order.account.number) },
        SnapshotPath("account.phone", .text) { order, _ in .text(order.account.phone) },
        SnapshotPath("account.email", .text) { order, _ in .text(order.account.email) },
        SnapshotPath("account.parentId", .text) { order, _ in .text(order.account.parentId.map(\.text)) },
        SnapshotPath("account.netSuiteId", .text) { order, _ in .text(order.account.netSuiteId) },
    ]

    private static let linePaths = [
        SnapshotPath("line.id", .text) { _, line in line.map { .text($0.id.text) } ?? .absent },
        SnapshotPath("line.number", .text) { _, line in line.map { .text($0.number) } ?? .absent },
        SnapshotPath("line.sku", .text) { _, line in line.map { .text($0.sku) } ?? .absent },
        SnapshotPath("line.productId", .text) { _, line in line.map { .text($0.productId.text) } ?? .absent },
        SnapshotPath("line.quantity", .decimal) { _, line in line.map { .decimal($0.quantity) } ?? .absent },
        SnapshotPath("line.unitPrice", .decimal) { _, line in line.map { .decimal($0.unitPrice) } ?? .absent },
        SnapshotPath("line.listPrice", .decimal) { _, line in .decimal(line?.listPrice ?? .absent) },
        SnapshotPath("line.description", .text) { _, line in .text(line?.description ?? .absent) },
        SnapshotPath("line.serviceDate", .date) { _, line in .date(line?.serviceDate ?? .absent) },
        SnapshotPath("line.endDate", .date) { _, line in .date(line?.endDate ?? .absent) },
    ]

    private static let addressPaths: [SnapshotPath] = AddressSource.allCases.flatMap { source in
        addressParts.map { name, part in
            SnapshotPath("\(source.rawValue).\(name)", .text) { order, _ in
                .text(source.address(in: order).map { part($0) ?? "" })
            }
        }
    }

    private static let addressParts: [(String, @Sendable (PostalAddress) -> String?)] = [
        ("addressee", { $0.addressee }), ("street", { $0.street }), ("city", { $0.city }), ("state", { $0.state }),
        ("stateCode", { $0.stateCode }), ("postalCode", { $0.postalCode }), ("country", { $0.country }),
        ("countryCode", { $0.countryCode }),
    ]
}

/// The addresses of a snapshot, by their paths.
enum AddressSource: String, Sendable, CaseIterable {
    case shipTo
    case billTo
    case accountShipTo = "account.shipTo"
    case accountBillTo = "account.billTo"

    func address(in snapshot: OrderSnapshot) -> Carried<PostalAddress> {
        switch self {
        case .shipTo: snapshot.shipTo
        case .billTo: snapshot.billTo
        case .accountShipTo: snapshot.account.shipTo
        case .accountBillTo: snapshot.account.billTo
        }
    }
}
