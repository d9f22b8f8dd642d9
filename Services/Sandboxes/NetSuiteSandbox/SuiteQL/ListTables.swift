/// A customer, as a row.
final class CustomerRecord: QueryRecord {
    let customer: Customer
    let context: QueryContext

    init(_ customer: Customer, in context: QueryContext) {
        self.customer = customer
        self.context = context
    }
}

extension QueryContext {
    var customerTable: QuerySource {
        QuerySource(
            QueryContext.customerColumns,
            rows: { [self] wanted in
                let customers: [Customer] =
                    if let ids = wanted.values(of: "id") {
                        ids.compactMap { account.customers[$0] }
                    } else if let ids = wanted.values(of: "externalid") {
                        ids.compactMap { account.customer(externalId: $0) }
                    } else {
                        account.customerIds.compactMap { account.customers[$0] }
                    }
                return customers.filter { shows($0.created) }.map { CustomerRecord($0, in: self) }
            })
    }

    private static let customerColumns: [String: @Sendable (CustomerRecord) -> QueryCell] = [
        "id": { QueryCell(id: $0.customer.id, display: $0.customer.displayName) },
        "entityid": { QueryCell($0.customer.entityId) },
        "companyname": { QueryCell($0.customer.values.text("companyName")) },
        "altname": { QueryCell($0.customer.name) },
        "email": { QueryCell($0.customer.values.text("email")) },
        "phone": { QueryCell($0.customer.values.text("phone")) },
        "firstname": { QueryCell($0.customer.values.text("firstName")) },
        "lastname": { QueryCell($0.customer.values.text("lastName")) },
        "externalid": { QueryCell($0.customer.externalId) },
        "currency": { QueryCell($0.customer.values.reference("currency")) },
        "isinactive": { QueryCell(flag: $0.customer.isInactive) },
        "isperson": { QueryCell(flag: $0.customer.values.flag("isPerson")) },
        "lastmodifieddate": { $0.context.time($0.customer.modified) },
    ]

    var currencyTable: QuerySource {
        QuerySource(
            ["id", "name", "symbol", "exchangerate", "isbasecurrency", "isinactive"], named: "id",
            rows: { _ in
                Catalogue.currencies.map { currency in
                    [
                        "id": QueryCell(id: currency.id, display: currency.name), "name": QueryCell(currency.name),
                        "symbol": QueryCell(currency.symbol), "exchangerate": QueryCell(number: currency.exchangeRate),
                        "isbasecurrency": QueryCell(flag: currency.id == Catalogue.baseCurrency),
                        "isinactive": QueryCell(flag: false),
                    ]
                }
            })
    }

    func listTable(_ entries: [ListEntry], name: String = "name") -> QuerySource {
        QuerySource(
            ["id", name, "fullname", "isinactive"], named: "id",
            rows: { _ in
                entries.map { entry in
                    [
                        "id": QueryCell(entry), name: QueryCell(entry.name), "fullname": QueryCell(entry.name),
                        "isinactive": QueryCell(flag: false),
                    ]
                }
            })
    }

    var deletedRecordTable: QuerySource {
        QuerySource(
            [
                "recordid", "recordtypeid", "type", "name", "deleteddate", "deletedby", "context", "iscustomrecord",
                "iscustomlist",
            ], named: "recordid",
            rows: { [self] ids in
                account.deletions.filter { ids?.contains($0.recordId) ?? true }.map { deletion in
                    [
                        "recordid": QueryCell(id: deletion.recordId), "type": QueryCell(deletion.type),
                        "name": QueryCell(deletion.name), "deleteddate": time(deletion.at),
                        "context": QueryCell("REST Web Services"), "iscustomrecord": QueryCell(flag: false),
                        "iscustomlist": QueryCell(flag: false),
                    ]
                }
            })
    }
}
