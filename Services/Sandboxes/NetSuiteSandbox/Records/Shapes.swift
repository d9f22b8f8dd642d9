/// The records that the sandbox keeps, field by field.
enum Shapes {
    static let address = Shape(
        "address",
        [
            Field("attention", "Attention", .text(maximum: 83)),
            Field("addressee", "Addressee", .text(maximum: 83)),
            Field("addr1", "Address 1", .text(maximum: 150)),
            Field("addr2", "Address 2", .text(maximum: 150)),
            Field("addr3", "Address 3", .text(maximum: 150)),
            Field("city", "City", .text(maximum: 50)),
            Field("state", "State", .text(maximum: 50)),
            Field("zip", "Zip", .text(maximum: 36)),
            Field("country", "Country", .country),
            Field("addrPhone", "Phone", .text(maximum: 32)),
            Field("override", "Override", .boolean),
            Field("addrText", "Address Text", .text(maximum: 999), readOnly: true),
        ])

    static func orderLine(_ customFields: [String]) -> Shape {
        Shape(
            "salesOrder-itemElement", ignored: ["links", "refName"],
            [
                Field("line", "Line", .number),
                Field("item", "Item", .reference(.item)),
                Field("quantity", "Quantity", .number),
                Field("price", "Price Level", .reference(.priceLevel)),
                Field("rate", "Rate", .number),
                Field("amount", "Amount", .number),
                Field("description", "Description", .text(maximum: 4000)),
                Field("location", "Location", .reference(.location)),
                Field("department", "Department", .reference(.none)),
                Field("class", "Class", .reference(.none)),
                Field("units", "Units", .reference(.none)),
                Field("taxCode", "Tax Code", .reference(.none)),
                Field("isClosed", "Closed", .boolean),
                Field("commitInventory", "Commit", .option(commitments)),
                Field("expectedShipDate", "Expected Ship Date", .date),
                Field("isTaxable", "Taxable", .boolean),
                Field("costEstimate", "Estimated Extended Cost", .number),
                Field("lineUniqueKey", "Line Unique Key", .number, readOnly: true),
                Field("quantityCommitted", "Committed", .number, readOnly: true),
                Field("quantityFulfilled", "Fulfilled", .number, readOnly: true),
                Field("quantityBilled", "Invoiced", .number, readOnly: true),
                Field("quantityBackOrdered", "Back Ordered", .number, readOnly: true),
                Field("quantityPicked", "Picked", .number, readOnly: true),
                Field("quantityPacked", "Packed", .number, readOnly: true),
            ]
        ).adding(customFields: customFields, prefix: "custcol_")
    }

    static func salesOrder(_ customFields: [String]) -> Shape {
        Shape(
            "salesOrder", ignored: ["links", "id", "refName"],
            [
                Field("externalId", "External ID", .text(maximum: 255)),
                Field("tranId", "Order #", .text(maximum: 45), readOnly: true),
                Field("tranDate", "Date", .date),
                Field("entity", "Customer", .reference(.customer)),
                Field("status", "Status", .option(orderStates), readOnly: true),
                Field("orderStatus", "Order Status", .option(orderStates)),
                Field("otherRefNum", "PO #", .text(maximum: 45)),
                Field("memo", "Memo", .text(maximum: 999)),
                Field("email", "Email", .text(maximum: 254)),
                Field("shipDate", "Ship Date", .date),
                Field("startDate", "Start Date", .date),
                Field("endDate", "End Date", .date),
                Field("shipComplete", "Ship Complete", .boolean),
                Field("terms", "Terms", .reference(.terms)),
                Field("shipMethod", "Ship Via", .reference(.shipMethod)),
                Field("shippingCost", "Shipping Cost", .number),
                Field("handlingCost", "Handling Cost", .number),
                Field("salesRep", "Sales Rep", .reference(.none)),
                Field("promoCode", "Promotion", .reference(.none)),
                Field("customForm", "Custom Form", .reference(.customForm)),
                Field("location", "Location", .reference(.location)),
                Field("department", "Department", .reference(.none)),
                Field("class", "Class", .reference(.none)),
                Field("subsidiary", "Subsidiary", .reference(.subsidiary)),
                Field("currency", "Currency", .reference(.currency)),
                Field("exchangeRate", "Exchange Rate", .number),
                Field("discountItem", "Discount", .reference(.none)),
                Field("shippingAddress", "Shipping Address", .address),
                Field("billingAddress", "Billing Address", .address),
                Field("shipAddressList", "Ship To Select", .reference(.addressEntry)),
                Field("billAddressList", "Bill To Select", .reference(.addressEntry)),
                Field("message", "Customer Message", .text(maximum: 999)),
                Field("leadSource", "Lead Source", .reference(.none)),
                Field("partner", "Partner", .reference(.none)),
                Field("paymentMethod", "Payment Method", .reference(.none)),
                Field("taxItem", "Tax Item", .reference(.none)),
                Field("isTaxable", "Taxable", .boolean),
                Field("toBeEmailed", "To Be E-mailed", .boolean),
                Field("toBePrinted", "To Be Printed", .boolean),
                Field("subtotal", "Subtotal", .number, readOnly: true),
                Field("discountTotal", "Discount", .number, readOnly: true),
                Field("taxTotal", "Tax", .number, readOnly: true),
                Field("total", "Total", .number, readOnly: true),
                Field("createdDate", "Date Created", .instant, readOnly: true),
                Field("lastModifiedDate", "Last Modified", .instant, readOnly: true),
                Field("linkedTrackingNumbers", "Tracking Numbers", .text(maximum: 4000), readOnly: true),
                Field("source", "Source", .text(maximum: 60), readOnly: true),
                Field("item", "Item", .sublist(orderLine(customFields))),
            ]
        ).adding(customFields: customFields, prefix: "custbody_")
    }

    static let addressBookEntry = Shape(
        "customer-addressBookElement", ignored: ["links", "id", "addressId"], acceptsBareIds: true,
        [
            Field("internalId", "Internal ID", .number),
            Field("label", "Label", .text(maximum: 150)),
            Field("defaultBilling", "Default Billing", .boolean),
            Field("defaultShipping", "Default Shipping", .boolean),
            Field("isResidential", "Residential", .boolean),
            Field("addressBookAddress", "Address", .address),
        ])

    static let currencyEntry = Shape(
        "customer-currencyElement", ignored: ["links", "refName"], acceptsBareIds: true,
        [Field("currency", "Currency", .reference(.currency))])

    static func customer(_ customFields: [String]) -> Shape {
        Shape(
            "customer", ignored: ["links", "id", "refName"], acceptsBareIds: true,
            [
                Field("externalId", "External ID", .text(maximum: 255)),
                Field("entityId", "Customer ID", .text(maximum: 83)),
                Field("isPerson", "Type", .boolean),
                Field("companyName", "Company Name", .text(maximum: 83)),
                Field("firstName", "First Name", .text(maximum: 32)),
                Field("lastName", "Last Name", .text(maximum: 32)),
                Field("email", "Email", .text(maximum: 254)),
                Field("phone", "Phone", .text(maximum: 32)),
                Field("altPhone", "Alt. Phone", .text(maximum: 32)),
                Field("fax", "Fax", .text(maximum: 32)),
                Field("url", "Web Address", .text(maximum: 100)),
                Field("comments", "Comments", .text(maximum: 4000)),
                Field("accountNumber", "Account", .text(maximum: 99)),
                Field("subsidiary", "Primary Subsidiary", .reference(.subsidiary)),
                Field("currency", "Primary Currency", .reference(.currency)),
                Field("terms", "Terms", .reference(.terms)),
                Field("parent", "Child Of", .reference(.customer)),
                Field("priceLevel", "Price Level", .reference(.priceLevel)),
                Field("shippingItem", "Shipping Method", .reference(.shipMethod)),
                Field("entityStatus", "Status", .option(customerStatuses)),
                Field("salesRep", "Sales Rep", .reference(.none)),
                Field("category", "Category", .reference(.none)),
                Field("customForm", "Custom Form", .reference(.none)),
                Field("territory", "Territory", .reference(.none)),
                Field("taxItem", "Tax Item", .reference(.none)),
                Field("leadSource", "Lead Source", .reference(.none)),
                Field("taxable", "Taxable", .boolean),
                Field("shipComplete", "Ship Complete", .boolean),
                Field("vatRegNumber", "Tax Reg. Number", .text(maximum: 20)),
                Field("isInactive", "Inactive", .boolean),
                Field("creditLimit", "Credit Limit", .number),
                Field("balance", "Balance", .number, readOnly: true),
                Field("dateCreated", "Date Created", .instant, readOnly: true),
                Field("lastModifiedDate", "Last Modified", .instant, readOnly: true),
                Field("addressBook", "Address Book", .sublist(addressBookEntry)),
                Field("currencyList", "Currencies", .sublist(currencyEntry)),
            ]
        ).adding(customFields: customFields, prefix: "custentity_")
    }

    /// The states of a sales order, by the letter that SuiteQL and REST show.
    static let orderStates = [
        "A": "Pending Approval", "B": "Pending Fulfillment", "C": "Cancelled", "D": "Partially Fulfilled",
        "E": "Pending Billing/Partially Fulfilled", "F": "Pending Billing", "G": "Billed", "H": "Closed",
    ]

    static let fulfilmentStates = ["A": "Picked", "B": "Packed", "C": "Shipped"]
    static let invoiceStates = [
        "A": "Open", "B": "Paid In Full", "D": "Pending Approval", "E": "Rejected", "V": "Voided",
    ]
    static let paymentStates = ["A": "Unapproved", "B": "Not Deposited", "C": "Deposited", "R": "Rejected"]
    static let creditMemoStates = ["A": "Open", "B": "Fully Applied", "V": "Voided"]

    private static let commitments = ["1": "Available Qty", "2": "Complete Qty", "3": "Do Not Commit"]
    private static let customerStatuses = ["6": "LEAD-Unqualified", "7": "LEAD-Qualified", "13": "CUSTOMER-Closed Won"]
}
