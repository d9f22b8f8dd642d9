import Signing

/// How one sandbox is set up.
struct SandboxSettings: Sendable {
    /// The key whose private half signs our assertions; without it every login is refused.
    var publicKey: PublicKey?
    /// The consumer key of the connected app.
    var clientId = "crossdock-sandbox-client"
    /// The integration user's name.
    var username = "integration@crossdock.example"
    /// The audiences that an assertion may name.
    var audiences: Set<String> = [
        "https://login.salesforce.com", "https://test.salesforce.com", "login.salesforce.com", "test.salesforce.com",
    ]
    /// Refuse an assertion that expires more than five minutes ahead.
    var isExpiryStrict = false
    /// How long a session lives without use, in seconds.
    var sessionIdleSeconds: Int64 = 7_200
    /// API calls in any 24 hours.
    var dailyLimit = 15_000
    /// The most rows of a page; a client may ask for fewer.
    var pageSize = 2_000
    /// The most rows of a nested result.
    var nestedPageSize = 2_000
    /// How long an unused query locator lives, in seconds.
    var locatorIdleSeconds: Int64 = 900
    /// What the organisation has switched on.
    var schemaOptions = SchemaOptions()
    /// Whether an edited product moves its order's stamp.
    var orderTouch = OrderTouch.total
    /// Fields that a customer added: object, field.
    var customFields: [(object: String, field: FieldDefinition)] = []
    /// Objects (`Contact`) and fields (`Order.PoNumber`) that the integration user cannot see.
    var hidden: Set<String> = []
    /// Fields that the integration user can only read.
    var readOnly: Set<String> = []
    /// Whether the integration user has the permission "Edit Activated Orders".
    var mayEditActivatedOrders = true
    /// How long every answer is held back.
    var latency = Duration.zero
    /// Whether the control API is served.
    var servesControl = true

    /// The schema with everything in it.
    func schema() -> Schema {
        var schema = Schema(
            OrderObjects.definitions(schemaOptions) + CustomerObjects.definitions(schemaOptions))
        for (object, field) in customFields {
            _ = schema.add(field, to: object)
        }
        return schema
    }

    /// Reads `Order.Payment_Terms__c:string:40`; the kinds are string, textarea, number, currency, date, datetime,
    /// checkbox.
    static func customField(_ text: String) -> (object: String, field: FieldDefinition)? {
        let parts = text.split(separator: ":").map(String.init)
        let names = parts.first?.split(separator: ".").map(String.init) ?? []
        guard names.count == 2, names[1].hasSuffix("__c"), parts.count >= 2 else { return nil }
        let length = parts.count > 2 ? Int(parts[2]) : 255
        guard let length, length > 0 else { return nil }
        let field: FieldDefinition
        switch parts[1] {
        case "string": field = .string(names[1], min(length, 255))
        case "textarea": field = .textarea(names[1], length)
        case "number": field = .number(names[1], digits: 14, scale: 4)
        case "currency": field = .number(names[1], .currency, digits: 16, scale: 2)
        case "date": field = FieldDefinition(names[1], .date)
        case "datetime": field = FieldDefinition(names[1], .datetime)
        case "checkbox": field = .checkbox(names[1])
        default: return nil
        }
        return (names[0], field)
    }
}
