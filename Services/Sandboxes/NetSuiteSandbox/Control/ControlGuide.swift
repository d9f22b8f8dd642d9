import JSONText
import SandboxFaults

/// What the control API offers, for `GET /control` and `--help`.
enum ControlGuide {
    static let entries: [(call: String, does: String)] = own + FaultHelp.entries(Set(FaultKind.allCases))

    private static let own: [(call: String, does: String)] = [
        ("GET /control/counts", "how many records there are, requests in flight, the most at once, failed log-ins"),
        ("GET /control/settings", "the settings below"),
        (
            "PATCH /control/settings",
            "latencyMilliseconds, concurrencyLimit, customFields, hiddenCustomFields, customerCurrencies (ids that new "
                + "customers get besides their own), startsPendingApproval, invoicesNeedApproval, childTouchesOrder (whether fulfilments and "
                + "invoices move the stamp of their order, and what is applied that of its invoice), timeZone (of times in SuiteQL), "
                + "suiteQLLagSeconds (how late SuiteQL shows a change), hiddenTables (of SuiteQL: as for a role without "
                + "the permission), hasPricingCurrency (a column of the table pricing)"
        ),
        ("GET /control/clock", "the account's time, the world's, and the rate"),
        (
            "PATCH /control/clock",
            "{at: instant, advanceSeconds, rate: account seconds for one of the world's}: stamps of records, serverTime and "
                + "SYSDATE follow it, log-ins and the journal never do"
        ),
        ("GET /control/items[/SKU]", "the catalogue, with stock by location"),
        ("POST /control/items", "{sku, kind, listPrice, displayName, externalId, isInactive, stock}: a new item"),
        (
            "PATCH /control/items/SKU",
            "{listPrice, isInactive, stock: [{location, onHand}], modifiedAt}; kinds are InvtPart, NonInvtPart, Service, Kit"
        ),
        ("GET /control/customers[/ID]", "customers with their addresses; ID: internal id, eid:EXTERNAL or name"),
        ("POST /control/customers", "a customer entered by a person; the body is that of the record service"),
        ("PATCH /control/customers/ID", "the same, for a change"),
        (
            "GET /control/orders[/ID]",
            "sales orders with all lines, one also with its documents; ID: internal id, eid:EXTERNAL or number, here and below"
        ),
        (
            "POST /control/orders",
            "an order entered by a person; the body is that of the record service; with count: so many, -1, -2 … at externalId"
        ),
        ("PATCH /control/orders/ID", "a change made by a person; the body is that of the record service"),
        (
            "DELETE /control/{orders,fulfilments,invoices,payments,credits}/ID",
            "deletes it; what others follow from is refused"
        ),
        (
            "POST /control/orders/ID/fulfil",
            "{lines: [{line, quantity}] (else all that is left), status: A picked, B packed or C shipped (C), date, carrier, "
                + "shipMethod, location, externalId, packages: [{trackingNumber, description, weight}]}: a fulfilment"
        ),
        ("POST /control/orders/ID/bill", "{lines, date, dueDate, externalId}: an invoice"),
        ("POST /control/orders/ID/{approve,cancel,close}", "close takes {lines: [1, 2]}, else all are closed"),
        (
            "GET /control/{fulfilments,invoices,payments,credits}[/ID]",
            "documents with their lines, amounts, packages and what is applied to what"
        ),
        ("POST /control/fulfilments/ID/{pack,ship}", "{packages}: moves it on"),
        (
            "POST /control/invoices/ID/pay",
            "{amount (else what is due), date, status: A, B or C (C), apply: true, false or another invoice}: a payment"
        ),
        (
            "POST /control/invoices/ID/credit",
            "{amount, or lines of the invoice (else all), apply: true, false or another invoice}: a credit memo"
        ),
        ("POST /control/invoices/ID/{void,approve,reject}", "its state"),
        ("POST /control/{payments,credits}/ID/apply", "{invoice, amount}: applies what is left of it"),
        ("POST /control/{payments,credits}/ID/unapply", "{invoice}, else from all invoices"),
        ("POST /control/payments/ID/reject", "it pays nothing any more"),
        ("POST /control/credits/ID/void", "it credits nothing any more"),
        ("modifiedAt: INSTANT in any of these bodies", "the record's stamp, older than now: a change committed late"),
        ("GET /control/journal?after=N", "every request to the services, from sequence N on, and the most at once"),
        ("DELETE /control/journal", "forgets the journal and the highest figure"),
        ("POST /control/logins/expire", "every access token given out is refused from now on"),
        ("POST /control/logins/unlock", "lifts the lock after five failed log-ins"),
        ("POST /control/reset", "as after the start, without faults; log-ins stay"),
    ]

    static var json: JSONValue {
        let calls = entries.map { entry -> JSONValue in ["call": .string(entry.call), "does": .string(entry.does)] }
        return ["program": "netsuite-sandbox", "controls": .array(calls)]
    }

    static var text: String {
        entries.map { "  \($0.call)\n      \($0.does)" }.joined(separator: "\n")
    }
}
