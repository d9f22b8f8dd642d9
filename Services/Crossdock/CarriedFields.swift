import OrderMapping
import ServiceRuntime

/// Which further fields the publisher's settings carry, compared with those that the mapping reads.
struct CarriedFields: Sendable {
    /// The settings that order-publisher reads, with the object each is about.
    static let settings: [(setting: Setting<String>, object: String)] = [
        (.text("ORDER_CUSTOM_FIELDS", "order-publisher's further fields of Order, comma between"), "Order"),
        (.text("ACCOUNT_CUSTOM_FIELDS", "order-publisher's further fields of Account, comma between"), "Account"),
        (
            .text("ORDER_ITEM_CUSTOM_FIELDS", "order-publisher's further fields of OrderItem, comma between"),
            "OrderItem"
        ),
    ]

    /// Names by object.
    let names: [String: [String]]

    init(_ environment: Settings) {
        var names: [String: [String]] = [:]
        for (setting, object) in Self.settings {
            let text = (try? environment.optional(setting)) ?? ""
            names[object] = text.split { $0 == "," || $0.isWhitespace }.map(String.init)
        }
        self.names = names
    }

    /// What the mapping reads and no setting carries, each with the variable to set.
    func missing(for mapping: OrderMapping) -> [(field: String, variable: String)] {
        let read = mapping.customFieldsRead
        let readByObject = ["Order": read.order, "Account": read.account, "OrderItem": read.line]
        return Self.settings.flatMap { setting, object in
            (readByObject[object] ?? []).filter { !(names[object] ?? []).contains($0) }
                .map { ("\(object).\($0)", setting.name) }
        }
    }
}
