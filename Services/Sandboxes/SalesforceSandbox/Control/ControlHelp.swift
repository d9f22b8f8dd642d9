import JSONText
import SandboxFaults

/// What the control API offers; shown by `--help` and by `GET /control`.
enum ControlHelp {
    static let routes: [(route: String, does: String)] =
        own + FaultHelp.entries(SalesforceSandbox.faultKinds).map { ($0.call, $0.does) }

    private static let own: [(route: String, does: String)] = [
        ("GET /control", "this list"),
        ("GET /control/accounts", "all accounts, every field"),
        (
            "POST /control/accounts",
            "make one: name, number, phone, website, parentId, netSuiteId, billing{street, city, state, postalCode, "
                + "country}, shipping{…}, fields{API names}"
        ),
        ("GET /control/accounts/ID", "one account"),
        ("PATCH /control/accounts/ID", "change it: fields{API names}"),
        ("GET /control/products", "all products with their prices"),
        ("POST /control/products", "make one: sku, name, productCode, prices{USD: \"55.00\"}, active"),
        ("PATCH /control/products/ID", "change it: fields{API names}"),
        ("GET /control/orders", "all orders with lines, account and NetSuite fields; ?status=Activated"),
        (
            "POST /control/orders",
            "make one: accountId or account{…}, lines[{sku, quantity, unitPrice, description, serviceDate, fields}], "
                + "currency, effectiveDate, endDate, poNumber, poDate, name, description, type, billTo{…}, shipTo{…}, "
                + "fields{}, activate, stamp (commits late with this older SystemModstamp), count (many with one stamp)"
        ),
        ("GET /control/orders/ID", "one order, by id or order number"),
        ("GET /control/orders/ID/history", "its field history, the oldest first: field, old, new, by (a user's id)"),
        (
            "PATCH /control/orders/ID",
            "amend it as the sales user: any member above, lines[{id or sku, quantity, unitPrice, …}], addLines[], "
                + "removeLines[], reopen (deactivate before, activate after: lines come and go only in drafts), stamp"
        ),
        ("POST /control/orders/ID/activate", "activate it; stamp"),
        ("POST /control/orders/ID/deactivate", "make it a draft again; stamp"),
        ("DELETE /control/orders/ID", "delete a draft"),
        (
            "GET /control/journal",
            "every request received, whether applied, and the most at once; ?after=SEQUENCE; DELETE empties it"
        ),
        (
            "POST /control/refusals",
            "refuse writes of the integration user: kind (validation-rule, row-locked, approval-lock, no-access, "
                + "trigger-fails), object, field, recordId, times (for ever where absent), message; GET lists them"
        ),
        ("DELETE /control/refusals", "refuse nothing more; /NUMBER removes one"),
        (
            "PATCH /control/settings",
            "latencyMilliseconds, pageSize, nestedPageSize, dailyLimit, callsUsed, sessionIdleSeconds, "
                + "locatorIdleSeconds, orderTouch, hidden[], readOnly[], mayEditActivatedOrders; GET shows them"
        ),
        ("DELETE /control/sessions", "end every session"),
        ("DELETE /control/locators", "lose every query locator"),
        ("POST /control/reset", "forget everything and seed anew"),
    ]

    static let json: JSONValue = [
        "salesforceSandbox": "Acts as the sales user; the REST API acts as the integration user.",
        "routes": .array(routes.map { ["route": .string($0.route), "does": .string($0.does)] }),
    ]

    static var text: String {
        routes.map { "  \($0.route)\n      \($0.does)" }.joined(separator: "\n")
    }
}
