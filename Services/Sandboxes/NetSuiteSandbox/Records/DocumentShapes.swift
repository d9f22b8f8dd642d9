/// Documents that follow from orders, field by field.
extension Shapes {
    static func transaction(_ kind: TransactionKind, _ customFields: [String]) -> Shape {
        switch kind {
        case .salesOrder: salesOrder(customFields)
        case .itemFulfillment: itemFulfillment
        case .invoice: invoice
        case .customerPayment: customerPayment
        case .creditMemo: creditMemo
        }
    }

    static let package = Shape(
        "itemFulfillment-packageElement",
        [
            Field("packageDescr", "Contents Description", .text(maximum: 999)),
            Field("packageWeight", "Weight", .number),
            Field("packageTrackingNumber", "Tracking Number", .text(maximum: 64)),
            Field("packageTrackingNumberReturn", "Return Tracking Number", .text(maximum: 64)),
            Field("packageCartonNumber", "Carton Number", .number),
        ])

    static let fulfilmentLine = Shape(
        "itemFulfillment-itemElement", ignored: ["links", "refName"],
        [
            Field("line", "Line", .number, readOnly: true),
            Field("orderLine", "Order Line", .number),
            Field("itemReceive", "Fulfill", .boolean),
            Field("item", "Item", .reference(.item), readOnly: true),
            Field("description", "Description", .text(maximum: 4000), readOnly: true),
            Field("quantity", "Quantity", .number),
            Field("quantityRemaining", "Remaining", .number, readOnly: true),
            Field("location", "Location", .reference(.location)),
        ])

    static let itemFulfillment = Shape(
        "itemFulfillment", ignored: ["links", "id", "refName"],
        head("Ref. No.", customer: "entity")
            + [
                Field("createdFrom", "Created From", .reference(.salesOrder), readOnly: true),
                Field("shipStatus", "Status", .option(fulfilmentStates)),
                Field("status", "Status", .option(fulfilmentStates), readOnly: true),
                Field("shipMethod", "Ship Via", .reference(.shipMethod)),
                Field("shipCarrier", "Carrier", .option(carriers)),
                Field("pickedDate", "Picked Date", .date),
                Field("packedDate", "Packed Date", .date),
                Field("shippedDate", "Shipped Date", .date),
                Field("item", "Item", .sublist(fulfilmentLine)),
                Field("package", "Packages", .sublist(package)),
            ])

    static let invoiceLine = Shape(
        "invoice-itemElement", ignored: ["links", "refName"],
        [
            Field("line", "Line", .number, readOnly: true),
            Field("orderLine", "Order Line", .number),
            Field("orderDoc", "Order", .reference(.salesOrder), readOnly: true),
        ] + soldLine)

    static let invoice = Shape(
        "invoice", ignored: ["links", "id", "refName"],
        head("Invoice #", customer: "entity")
            + [
                Field("createdFrom", "Created From", .reference(.salesOrder), readOnly: true),
                Field("status", "Status", .option(invoiceStates), readOnly: true),
                Field("approvalStatus", "Approval Status", .option(approvals)),
                Field("dueDate", "Due Date", .date),
                Field("otherRefNum", "PO #", .text(maximum: 45)),
                Field("terms", "Terms", .reference(.terms)),
                Field("location", "Location", .reference(.location)),
                Field("subsidiary", "Subsidiary", .reference(.subsidiary)),
                Field("shippingCost", "Shipping Cost", .number, readOnly: true),
                Field("subtotal", "Subtotal", .number, readOnly: true),
                Field("taxTotal", "Tax", .number, readOnly: true),
                Field("total", "Total", .number, readOnly: true),
                Field("amountPaid", "Amount Paid", .number, readOnly: true),
                Field("amountRemaining", "Amount Remaining", .number, readOnly: true),
                Field("trackingNumbers", "Tracking Numbers", .text(maximum: 4000), readOnly: true),
                Field("item", "Item", .sublist(invoiceLine)),
            ])

    static let apply = Shape(
        "customerPayment-applyElement", ignored: ["links", "refName"],
        [
            Field("line", "Line", .number),
            Field("doc", "Invoice", .reference(.invoice)),
            Field("apply", "Apply", .boolean),
            Field("amount", "Payment", .number),
            Field("refNum", "Ref No.", .text(maximum: 45), readOnly: true),
            Field("type", "Type", .text(maximum: 45), readOnly: true),
            Field("total", "Original Amount", .number, readOnly: true),
            Field("due", "Amount Due", .number, readOnly: true),
        ])

    static let customerPayment = Shape(
        "customerPayment", ignored: ["links", "id", "refName"],
        head("Payment #", customer: "customer")
            + [
                Field("status", "Status", .option(paymentStates), readOnly: true),
                Field("payment", "Payment Amount", .number),
                Field("account", "Account", .reference(.account)),
                Field("undepFunds", "Undeposited Funds", .boolean),
                Field("autoApply", "Auto Apply", .boolean),
                Field("checkNum", "Check #", .text(maximum: 45)),
                Field("total", "Total", .number, readOnly: true),
                Field("applied", "Applied", .number, readOnly: true),
                Field("unapplied", "Unapplied", .number, readOnly: true),
                Field("apply", "Apply", .sublist(apply)),
            ])

    static let creditMemoLine = Shape(
        "creditMemo-itemElement", ignored: ["links", "refName"],
        [
            Field("line", "Line", .number, readOnly: true),
            Field("orderLine", "Order Line", .number),
            Field("orderDoc", "Created From", .reference(.invoice), readOnly: true),
        ] + soldLine)

    static let creditMemo = Shape(
        "creditMemo", ignored: ["links", "id", "refName"],
        head("Credit #", customer: "entity")
            + [
                Field("createdFrom", "Created From", .reference(.invoice), readOnly: true),
                Field("status", "Status", .option(creditMemoStates), readOnly: true),
                Field("otherRefNum", "PO #", .text(maximum: 45)),
                Field("location", "Location", .reference(.location)),
                Field("subsidiary", "Subsidiary", .reference(.subsidiary)),
                Field("autoApply", "Auto Apply", .boolean),
                Field("subtotal", "Subtotal", .number, readOnly: true),
                Field("taxTotal", "Tax", .number, readOnly: true),
                Field("total", "Total", .number, readOnly: true),
                Field("applied", "Applied", .number, readOnly: true),
                Field("unapplied", "Unapplied", .number, readOnly: true),
                Field("amountRemaining", "Amount Remaining", .number, readOnly: true),
                Field("item", "Item", .sublist(creditMemoLine)),
                Field("apply", "Apply", .sublist(apply)),
            ])

    private static let soldLine = [
        Field("item", "Item", .reference(.item)),
        Field("quantity", "Quantity", .number),
        Field("rate", "Rate", .number),
        Field("amount", "Amount", .number),
        Field("description", "Description", .text(maximum: 4000)),
        Field("location", "Location", .reference(.location)),
        Field("lineUniqueKey", "Line Unique Key", .number, readOnly: true),
    ]

    /// What all of them have.
    private static func head(_ number: String, customer: String) -> [Field] {
        [
            Field("externalId", "External ID", .text(maximum: 255)),
            Field("tranId", number, .text(maximum: 45), readOnly: true),
            Field("tranDate", "Date", .date),
            Field(customer, "Customer", .reference(.customer)),
            Field("memo", "Memo", .text(maximum: 999)),
            Field("currency", "Currency", .reference(.currency)),
            Field("exchangeRate", "Exchange Rate", .number, readOnly: true),
            Field("createdDate", "Date Created", .instant, readOnly: true),
            Field("lastModifiedDate", "Last Modified", .instant, readOnly: true),
        ]
    }

    static let approvals = ["1": "Pending Approval", "2": "Approved", "3": "Rejected"]
    private static let carriers = Dictionary(
        Catalogue.carriers.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
}
