import FoundationEssentials
import JSONText
import SandboxFaults

/// What an organisation holds before anything happens: users, price books, products, two accounts.
extension SalesforceSandbox {
    /// The catalogue that both sandboxes know, and one product that NetSuite does not: SKU, name, price.
    static let catalogue: [(sku: String, name: String, price: String)] = [
        ("SKU-RED", "Red Widget", "55.00"), ("SKU-BLUE", "Blue Widget", "10.00"),
        ("SKU-GREEN", "Green Widget", "120.00"), ("SKU-CHAIR", "Office Chair", "249.90"),
        ("SKU-DESK", "Standing Desk", "899.00"), ("SKU-LAMP", "Desk Lamp", "39.95"),
        ("SKU-CABLE", "Power Cable", "4.25"), ("SKU-MAT", "Desk Mat", "18.40"),
        ("SKU-MISSING", "Widget That NetSuite Lacks", "15.00"),
    ]

    /// Forgets every record, session, cursor and fault, and seeds anew; journal and settings stay.
    func reset() {
        organization = SalesforceOrganization(
            schema: organization.schema, options: settings.schemaOptions, orderTouch: settings.orderTouch)
        sessions = Sessions()
        locators = QueryLocators()
        faults.removeAll()
        refusals = WriteRefusals()
        usage = APIUsage(limit: usage.limit)
        seedOrganization()
        seedStatuses()
        let book = seedPricebook()
        standardPricebookId = book
        for product in Self.catalogue {
            do {
                _ = try createProduct(
                    name: product.name, sku: product.sku, productCode: product.sku, prices: defaultPrices(product.price)
                )
            } catch {
                preconditionFailure("the seed breaks the sandbox's own rules: \(error)")
            }
        }
    }

    /// The same figure in every currency of the organisation.
    private func defaultPrices(_ price: String) -> [(currency: String, price: String)] {
        (settings.schemaOptions.multiCurrency ? SchemaOptions.currencies : ["USD"]).map { ($0, price) }
    }

    private func seedOrganization() {
        insert(
            "Organization", id: SalesforceOrganization.organizationId,
            [
                "Name": .text("Crossdock Sandbox"), "DefaultCurrencyIsoCode": .text("USD"), "IsSandbox": .flag(true),
                "TimeZoneSidKey": .text("Europe/Berlin"), "OrganizationType": .text("Developer Edition"),
                "InstanceName": .text("CS1"),
            ])
        let users = [
            (SalesforceOrganization.integrationUserId, settings.username, "Integration User"),
            (SalesforceOrganization.salesUserId, "sales@crossdock.example", "Sam Sales"),
        ]
        for (id, username, name) in users {
            insert(
                "User", id: id,
                [
                    "Username": .text(username), "Name": .text(name), "LastName": .text(name),
                    "Email": .text(username), "IsActive": .flag(true),
                ])
        }
        guard settings.schemaOptions.multiCurrency else { return }
        for (position, code) in SchemaOptions.currencies.enumerated() {
            insert(
                "CurrencyType", id: organization.store.nextId(prefix: "01L"),
                [
                    "IsoCode": .text(code), "IsCorporate": .flag(position == 0), "IsActive": .flag(true),
                    "DecimalPlaces": .number(2),
                    "ConversionRate": .number(DecimalText.read(position == 0 ? "1" : "0.92") ?? 1),
                ])
        }
    }

    private func seedStatuses() {
        for (position, status) in OrderObjects.statuses.enumerated() {
            insert(
                "OrderStatus", id: organization.store.nextId(prefix: "01Z"),
                [
                    "MasterLabel": .text(status.name), "ApiName": .text(status.name),
                    "StatusCode": .text(status.category), "IsDefault": .flag(position == 0),
                    "SortOrder": .number(Decimal(position + 1)),
                ])
        }
    }

    private func seedPricebook() -> String {
        let id = organization.store.nextId(prefix: "01s")
        insert(
            "Pricebook2", id: id,
            ["Name": .text("Standard Price Book"), "IsActive": .flag(true), "IsStandard": .flag(true)])
        return id
    }

    private func insert(_ object: String, id: String, _ values: [String: FieldValue]) {
        guard let definition = organization.schema.object(object) else { return }
        var values = values
        let system = FieldValue.text(SalesforceOrganization.salesUserId)
        for name in ["CreatedDate", "LastModifiedDate", "SystemModstamp"] { values[name] = .instant(now) }
        for name in ["CreatedById", "LastModifiedById"] { values[name] = system }
        values["IsDeleted"] = .flag(false)
        organization.insert(Record(id: id, values: values), of: definition)
    }
}
