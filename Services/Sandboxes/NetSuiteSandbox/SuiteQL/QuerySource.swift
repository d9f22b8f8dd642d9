import FoundationEssentials

/// One cell: its value, and what `BUILTIN.DF` shows for it.
struct QueryCell {
    let value: QueryValue
    let display: String?

    init(_ value: QueryValue, display: String? = nil) {
        self.value = value
        self.display = display
    }

    init(_ text: String?) { self.init(text.map(QueryValue.text) ?? .null) }

    init(number: Decimal?) { self.init(number.map(QueryValue.number) ?? .null) }

    init(id: String?, display: String? = nil) {
        self.init(id.flatMap { Decimal(string: $0) }.map(QueryValue.number) ?? .null, display: display)
    }

    init(_ reference: Reference?) { self.init(id: reference?.id, display: reference?.name) }

    init(flag: Bool) { self.init(.text(flag ? "T" : "F"), display: flag ? "Yes" : "No") }

    static let null = QueryCell(.null)
}

/// One row of a table; cells are computed when they are asked for.
struct QueryRow {
    let cell: (String) -> QueryCell
}

/// A table of the query service.
struct QuerySource {
    let columns: Set<String>
    /// Fields that records have but queries do not see.
    var unexposed: Set<String> = []
    /// All rows, or at least those whose columns have one of the given values.
    let rows: ([String: Set<String>]) -> [QueryRow]

    static func named(_ name: String, in account: Account) -> QuerySource? {
        switch name {
        case "transaction": transaction(account)
        case "transactionline": transactionLine(account)
        case "item": item(account)
        case "customer": customer(account)
        case "currency": currency(account)
        case "location": list(Catalogue.locations, extra: ["fullname", "isinactive"])
        case "term": list(Catalogue.terms, extra: ["isinactive"])
        case "subsidiary": list(Catalogue.subsidiaries, extra: ["fullname", "isinactive"])
        case "pricelevel": list(Catalogue.priceLevels.filter { $0.id != Catalogue.customPrice }, extra: [])
        case "shipitem": list(Catalogue.shipMethods, name: "itemid", extra: ["isinactive"])
        case "pricing": pricing(account)
        default: nil
        }
    }

    private static func transaction(_ account: Account) -> QuerySource {
        let custom = account.settings.visibleCustomFields.filter { $0.hasPrefix("custbody_") }
        return QuerySource(
            columns: Set(
                [
                    "id", "tranid", "type", "recordtype", "status", "externalid", "otherrefnum", "trandate", "shipdate",
                    "createddate", "lastmodifieddate", "entity", "currency", "exchangerate", "foreigntotal", "memo",
                    "voided", "number", "terms",
                ] + custom),
            unexposed: ["createdfrom", "total", "subtotal", "linkedtrackingnumbers"],
            rows: { wanted in
                let orders: [SalesOrder] =
                    if let ids = wanted["id"] {
                        ids.sorted().compactMap { account.salesOrders[$0] }
                    } else if let ids = wanted["externalid"] {
                        ids.sorted().compactMap { account.salesOrder(externalId: $0) }
                    } else {
                        account.salesOrderIds.compactMap { account.salesOrders[$0] }
                    }
                return orders.map { order in QueryRow { cell(of: order, $0, account) } }
            })
    }

    private static func cell(of order: SalesOrder, _ column: String, _ account: Account) -> QueryCell {
        let zone = account.settings.zone
        switch column {
        case "id": return QueryCell(id: order.id)
        case "tranid": return QueryCell(order.tranId)
        case "number": return QueryCell(id: String(order.tranId.dropFirst(2)))
        case "type": return QueryCell(.text("SalesOrd"), display: "Sales Order")
        case "recordtype": return QueryCell("salesorder")
        case "status":
            let words = Shapes.orderStates[order.state] ?? ""
            return QueryCell(.text(order.state), display: "Sales Order : \(words)")
        case "externalid": return QueryCell(order.externalId)
        case "otherrefnum": return QueryCell(order.values.text("otherRefNum"))
        case "memo": return QueryCell(order.values.text("memo"))
        case "trandate": return date(order.values.date("tranDate"))
        case "shipdate": return date(order.values.date("shipDate"))
        case "createddate": return QueryCell(.time(zone.local(order.created.minute)))
        case "lastmodifieddate": return QueryCell(.time(zone.local(order.modified.minute)))
        case "entity":
            let id = order.values.reference("entity")?.id
            return QueryCell(id: id, display: id.flatMap { account.customers[$0]?.displayName })
        case "currency": return QueryCell(order.values.reference("currency"))
        case "terms": return QueryCell(order.values.reference("terms"))
        case "exchangerate": return QueryCell(number: order.values.number("exchangeRate"))
        case "foreigntotal": return QueryCell(number: order.total)
        case "voided": return QueryCell(flag: false)
        default: return QueryCell(order.values.text(column))
        }
    }

    static func date(_ date: CivilDate?) -> QueryCell {
        QueryCell(date.map { .time(ClockTime(date: $0)) } ?? .null)
    }

    private static func list(_ entries: [ListEntry], name: String = "name", extra: Set<String>) -> QuerySource {
        QuerySource(
            columns: extra.union(["id", name]),
            rows: { _ in
                entries.map { entry in
                    QueryRow { column in
                        switch column {
                        case "id": QueryCell(id: entry.id, display: entry.name)
                        case "isinactive": QueryCell(flag: false)
                        default: QueryCell(entry.name)
                        }
                    }
                }
            })
    }
}
