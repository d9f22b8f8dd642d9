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
                + "customers get besides their own), startsPendingApproval, timeZone (of times in SuiteQL), "
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
        ("GET /control/orders[/ID]", "sales orders with all lines; ID: internal id, eid:EXTERNAL or number"),
        ("PATCH /control/orders/ID", "a change made by a person; the body is that of the record service"),
        ("DELETE /control/orders/ID", "deletes the order"),
        (
            "POST /control/orders/ID/STEP",
            "approve, fulfil, bill, cancel or close; fulfil and bill take {lines: [{line, quantity}]}, else all that is left"
        ),
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
