import FoundationEssentials

extension QuerySource {
    static func transactionLine(_ account: Account) -> QuerySource {
        let custom = account.settings.visibleCustomFields.filter { $0.hasPrefix("custcol_") }
        return QuerySource(
            columns: Set(
                [
                    "transaction", "id", "linesequencenumber", "uniquekey", "item", "quantity", "quantityshiprecv",
                    "quantitybilled", "rate", "foreignamount", "netamount", "location", "entity", "itemtype",
                    "mainline",
                    "taxline", "isclosed", "donotdisplayline", "memo", "price", "createdfrom",
                ] + custom),
            rows: { wanted in
                let ids = wanted["transaction"].map { $0.sorted() } ?? account.salesOrderIds
                return ids.compactMap { account.salesOrders[$0] }.flatMap { order in
                    [QueryRow { header(of: order, $0) }]
                        + order.lines.enumerated().map { index, line in
                            QueryRow { cell(of: line, at: index + 1, in: order, $0) }
                        }
                }
            })
    }

    /// The header is a line too: number 0, `mainline` T.
    private static func header(of order: SalesOrder, _ column: String) -> QueryCell {
        switch column {
        case "transaction": QueryCell(id: order.id)
        case "id", "linesequencenumber": QueryCell(number: 0)
        case "mainline": QueryCell(flag: true)
        case "taxline", "isclosed", "donotdisplayline": QueryCell(flag: false)
        case "entity": QueryCell(order.values.reference("entity"))
        case "location": QueryCell(order.values.reference("location"))
        case "foreignamount", "netamount": QueryCell(number: order.total)
        default: .null
        }
    }

    /// Quantities and amounts of sales lines are negative.
    private static func cell(
        of line: OrderLine, at sequence: Int, in order: SalesOrder, _ column: String
    ) -> QueryCell {
        switch column {
        case "transaction": QueryCell(id: order.id)
        case "id": QueryCell(number: Decimal(line.line))
        case "linesequencenumber": QueryCell(number: Decimal(sequence))
        case "uniquekey": QueryCell(number: Decimal(line.uniqueKey))
        case "item": QueryCell(line.values.reference("item"))
        case "quantity": QueryCell(number: 0 - line.quantity)
        case "quantityshiprecv": QueryCell(number: line.fulfilled)
        case "quantitybilled": QueryCell(number: line.billed)
        case "rate": QueryCell(number: line.values.number("rate"))
        case "foreignamount", "netamount": QueryCell(number: 0 - line.amount)
        case "location": QueryCell(line.values.reference("location"))
        case "price": QueryCell(line.values.reference("price"))
        case "entity": QueryCell(order.values.reference("entity"))
        case "itemtype": QueryCell(.text("InvtPart"), display: "Inventory Item")
        case "mainline", "taxline", "donotdisplayline": QueryCell(flag: false)
        case "isclosed": QueryCell(flag: line.isClosed)
        case "memo": QueryCell(line.values.text("description"))
        case "createdfrom": .null
        default: QueryCell(line.values.text(column))
        }
    }

    static func item(_ account: Account) -> QuerySource {
        QuerySource(
            columns: [
                "id", "itemid", "fullname", "displayname", "externalid", "itemtype", "isinactive", "upccode",
                "lastmodifieddate",
            ],
            rows: { wanted in
                let items: [Item] =
                    if let skus = wanted["itemid"] {
                        skus.sorted().compactMap { account.item(sku: $0) }
                    } else if let ids = wanted["id"] {
                        ids.sorted().compactMap { account.item(id: $0) }
                    } else {
                        account.items
                    }
                return items.map { item in
                    QueryRow { column in
                        switch column {
                        case "id": QueryCell(id: item.id, display: item.sku)
                        case "itemid", "fullname": QueryCell(item.sku)
                        case "displayname": QueryCell(item.displayName)
                        case "externalid": QueryCell(item.externalId)
                        case "itemtype": QueryCell(.text(item.kind.queryType), display: item.kind.words)
                        case "isinactive": QueryCell(flag: item.isInactive)
                        case "lastmodifieddate": QueryCell(.time(account.settings.zone.local(item.modified.minute)))
                        default: .null
                        }
                    }
                }
            })
    }

    static func customer(_ account: Account) -> QuerySource {
        QuerySource(
            columns: [
                "id", "entityid", "companyname", "email", "phone", "externalid", "lastmodifieddate", "isinactive",
                "isperson", "firstname", "lastname", "currency", "altname",
            ],
            rows: { wanted in
                let customers: [Customer] =
                    if let ids = wanted["id"] {
                        ids.sorted().compactMap { account.customers[$0] }
                    } else if let ids = wanted["externalid"] {
                        ids.sorted().compactMap { account.customer(externalId: $0) }
                    } else {
                        account.customerIds.compactMap { account.customers[$0] }
                    }
                return customers.map { customer in QueryRow { cell(of: customer, $0, account) } }
            })
    }

    private static func cell(of customer: Customer, _ column: String, _ account: Account) -> QueryCell {
        switch column {
        case "id": QueryCell(id: customer.id, display: customer.displayName)
        case "entityid": QueryCell(customer.entityId)
        case "companyname": QueryCell(customer.values.text("companyName"))
        case "altname": QueryCell(customer.name)
        case "email", "phone": QueryCell(customer.values.text(column))
        case "firstname": QueryCell(customer.values.text("firstName"))
        case "lastname": QueryCell(customer.values.text("lastName"))
        case "externalid": QueryCell(customer.externalId)
        case "currency": QueryCell(customer.values.reference("currency"))
        case "isinactive": QueryCell(flag: customer.isInactive)
        case "isperson": QueryCell(flag: customer.values.flag("isPerson"))
        case "lastmodifieddate": QueryCell(.time(account.settings.zone.local(customer.modified.minute)))
        default: .null
        }
    }

    static func currency(_ account: Account) -> QuerySource {
        QuerySource(
            columns: ["id", "name", "symbol", "exchangerate", "isbasecurrency", "isinactive"],
            rows: { _ in
                Catalogue.currencies.map { currency in
                    QueryRow { column in
                        switch column {
                        case "id": QueryCell(id: currency.id, display: currency.name)
                        case "name": QueryCell(currency.name)
                        case "symbol": QueryCell(currency.symbol)
                        case "exchangerate": QueryCell(number: currency.exchangeRate)
                        case "isbasecurrency": QueryCell(flag: currency.id == Catalogue.baseCurrency)
                        default: QueryCell(flag: false)
                        }
                    }
                }
            })
    }

    static func pricing(_ account: Account) -> QuerySource {
        QuerySource(
            columns: ["item", "pricelevel", "unitprice", "priceqty", "quantity", "saleunit"],
            rows: { _ in
                account.items.map { item in
                    QueryRow { column in
                        switch column {
                        case "item": QueryCell(id: item.id, display: item.sku)
                        case "pricelevel": QueryCell(id: Catalogue.basePrice, display: "Base Price")
                        case "unitprice": QueryCell(number: item.listPrice)
                        case "priceqty", "quantity": QueryCell(number: 1)
                        default: .null
                        }
                    }
                }
            })
    }
}
