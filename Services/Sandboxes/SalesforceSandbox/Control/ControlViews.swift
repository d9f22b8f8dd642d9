import JSONText

/// What the control API shows: everything a checker needs of an order, past every permission.
extension SalesforceSandbox {
    func orderView(_ order: Record) -> JSONValue {
        var object: JSONObject = [
            "id": .string(order.id), "orderNumber": order["OrderNumber"].json(as: .string),
            "status": order["Status"].json(as: .picklist), "statusCode": order["StatusCode"].json(as: .picklist),
            "currency": order["CurrencyIsoCode"] == .null ? "USD" : order["CurrencyIsoCode"].json(as: .picklist),
            "totalAmount": order["TotalAmount"].json(as: .currency),
        ]
        let account = order["AccountId"].text.flatMap { organization.store.record("Account", $0) }
        object["account"] = account.map { accountView($0) } ?? .null
        object["netSuite"] = .object(netSuiteFields(order, "Order"))
        object["lines"] = .array(organization.store.items(ofOrder: order.id).map { lineView($0) })
        object["fields"] = .object(allFields(order, "Order"))
        return .object(object)
    }

    /// Field history, the oldest first.
    func historyView(ofOrder id: String) -> JSONValue {
        let rows = organization.store.records("OrderHistory").filter { $0["OrderId"].text == id }
        return [
            "history": .array(
                rows.map { row in
                    [
                        "field": row["Field"].json(as: .string), "old": row["OldValue"].json(as: .string),
                        "new": row["NewValue"].json(as: .string), "by": row["CreatedById"].json(as: .string),
                    ]
                })
        ]
    }

    func accountView(_ account: Record) -> JSONValue {
        [
            "id": .string(account.id), "name": account["Name"].json(as: .string),
            "netSuiteId": account["NetSuite_Customer_Id__c"].json(as: .string),
            "fields": .object(allFields(account, "Account")),
        ]
    }

    func productView(_ product: Record) -> JSONValue {
        let entries = organization.store.records("PricebookEntry").filter { $0["Product2Id"].text == product.id }
        return [
            "id": .string(product.id), "name": product["Name"].json(as: .string),
            "sku": product["StockKeepingUnit"].json(as: .string), "active": product["IsActive"].json(as: .boolean),
            "prices": .array(
                entries.map { entry in
                    [
                        "entryId": .string(entry.id), "price": entry["UnitPrice"].json(as: .currency),
                        "currency": entry["CurrencyIsoCode"] == .null
                            ? "USD" : entry["CurrencyIsoCode"].json(as: .string),
                    ]
                }), "netSuite": .object(netSuiteFields(product, "Product2")),
        ]
    }

    private func lineView(_ line: Record) -> JSONValue {
        let product = line["Product2Id"].text.flatMap { organization.store.record("Product2", $0) }
        return [
            "id": .string(line.id), "number": line["OrderItemNumber"].json(as: .string),
            "sku": product?["StockKeepingUnit"].json(as: .string) ?? .null,
            "quantity": line["Quantity"].json(as: .double), "unitPrice": line["UnitPrice"].json(as: .currency),
            "listPrice": line["ListPrice"].json(as: .currency), "totalPrice": line["TotalPrice"].json(as: .currency),
            "fields": .object(allFields(line, "OrderItem")),
        ]
    }

    private func netSuiteFields(_ record: Record, _ object: String) -> JSONObject {
        var result = JSONObject()
        for field in organization.schema.object(object)?.fields ?? [] where field.name.hasPrefix("NetSuite_") {
            result[field.name] = record[field.name].json(as: field.type)
        }
        return result
    }

    private func allFields(_ record: Record, _ object: String) -> JSONObject {
        guard let definition = organization.schema.object(object) else { return [:] }
        var result = JSONObject()
        for field in definition.fields where field.compoundFieldName == nil || record[field.name] != .null {
            result[field.name] = RecordRendering.value(field, of: record, definition)
        }
        return result
    }
}
