import Contracts
import EventLoop
import FoundationEssentials
import Salesforce
import ServiceRuntime
import Telemetry

/// What must be right in Salesforce.
@Loop
enum SalesforceCheck {
    private nonisolated static let area = "salesforce"

    static func findings(_ settings: Settings) async -> [Finding] {
        let problems = settings.problems(of: SalesforceSettings.all)
        guard problems.isEmpty else { return problems.map { CheckCommand.configuration(area, $0) } }
        let client: SalesforceClient
        do {
            client = try self.client(settings)
        } catch {
            let mend = "use the unencrypted PEM key whose certificate the app knows"
            return [.bad(area, "private key", "\(error)", mend: mend)]
        }
        defer { client.close() }
        var findings: [Finding] = []
        do {
            let organization = try await client.organizationId()
            findings.append(.good(area, "login", "organisation \(organization.text)"))
        } catch {
            findings.append(
                .bad(
                    area, "login", error.description,
                    mend:
                        "check SALESFORCE_LOGIN_URL, _AUDIENCE, _CLIENT_ID, _USERNAME, the app's certificate, and that "
                        + "the user is pre-authorised for the app"))
            return findings
        }
        findings.append(await clockFinding(client))
        for expectation in ObjectExpectation.all(CarriedFields(settings)) {
            findings += await check(expectation, client)
        }
        findings.append(await limitFinding(client))
        return findings
    }

    private static func client(_ settings: Settings) throws -> SalesforceClient {
        let configuration = try SalesforceConfiguration(
            loginURL: try settings.value(of: SalesforceSettings.loginURL),
            audience: try settings.value(of: SalesforceSettings.audience),
            clientId: try settings.value(of: SalesforceSettings.clientId),
            username: try settings.value(of: SalesforceSettings.username),
            privateKeyPEM: try settings.value(of: SalesforceSettings.privateKey),
            apiVersion: try settings.value(of: SalesforceSettings.apiVersion), deadline: .seconds(15))
        return SalesforceClient(
            configuration: configuration, userAgent: "crossdock/\(ProductVersion.text)",
            certificateAuthorityFile: try settings.optional(SalesforceSettings.certificateAuthority),
            logger: OperatorSession.quietLogger)
    }

    private static func clockFinding(_ client: SalesforceClient) async -> Finding {
        do {
            let theirs = try await client.presentTime()
            let ours = UTCInstant(date: LoopTime.shared.wallClock)
            return .clock(area, aheadBy: theirs.millisecondsSinceEpoch - ours.millisecondsSinceEpoch)
        } catch {
            return .bad(area, "clock", error.description, mend: "try again; the address answers no plain request")
        }
    }

    private static func limitFinding(_ client: SalesforceClient) async -> Finding {
        let name = "daily API calls"
        do {
            guard let limit = try await client.limits()["DailyApiRequests"] else {
                return .attention(area, name, "Salesforce does not say", mend: "give the user \"View Setup\"")
            }
            let detail = "\(limit.remaining) of \(limit.maximum) left"
            if limit.remaining <= 0 {
                return .bad(area, name, detail, mend: "wait for the rolling day to free calls, or buy more")
            }
            guard limit.remaining * 5 >= limit.maximum else {
                return .attention(area, name, detail, mend: "raise POLL_INTERVAL_SECONDS, or see who else uses them")
            }
            return .good(area, name, detail)
        } catch {
            return .attention(area, name, error.description, mend: "give the user \"View Setup and Configuration\"")
        }
    }

    private static func check(_ expectation: ObjectExpectation, _ client: SalesforceClient) async -> [Finding] {
        do {
            let description = try await client.describe(expectation.object)
            return expectation.findings(description)
        } catch {
            return [.bad(area, expectation.object, error.description, mend: "try again, or look at the user's rights")]
        }
    }
}

/// What the integration user must see and may change of one Salesforce object.
struct ObjectExpectation: Sendable {
    struct Field: Sendable {
        let name: String
        var isWritten = false
        var minimumLength: Int?
        var isUniqueExternalId = false
    }

    let object: String
    let fields: [Field]

    static func all(_ carried: CarriedFields) -> [ObjectExpectation] {
        func read(_ names: [String], _ object: String = "") -> [Field] {
            (names + (carried.names[object] ?? [])).map { Field(name: $0) }
        }
        let shown = CustomField.Order.settlementFields.map { name, length in
            Field(
                name: name, isWritten: true, minimumLength: length,
                isUniqueExternalId: name == CustomField.Order.netSuiteId)
        }
        let order = ["OrderNumber", "Status", "StatusCode", "EffectiveDate", "AccountId", "SystemModstamp"]
        let line = ["OrderId", "OrderItemNumber", "Product2Id", "Quantity", "UnitPrice", "SystemModstamp"]
        let link = Field(
            name: CustomField.Account.netSuiteCustomerId, isWritten: true, minimumLength: 32, isUniqueExternalId: true)
        return [
            ObjectExpectation(object: "Order", fields: read(order, "Order") + shown),
            ObjectExpectation(object: "OrderItem", fields: read(line, "OrderItem")),
            ObjectExpectation(object: "Account", fields: read(["Name"], "Account") + [link]),
            ObjectExpectation(object: "Product2", fields: read(["ProductCode", "StockKeepingUnit"])),
        ]
    }

    func findings(_ description: ObjectDescription?) -> [Finding] {
        guard let description else {
            return [
                .bad(
                    "salesforce", object, "the object does not exist or is not granted",
                    mend: "give the integration user read access to \(object)")
            ]
        }
        let found = objectFindings(description) + fields.compactMap { finding($0, description) }
        guard found.isEmpty else { return found }
        return [.good("salesforce", object, "\(fields.count) fields are there and granted")]
    }

    private func objectFindings(_ description: ObjectDescription) -> [Finding] {
        var findings: [Finding] = []
        if !description.isQueryable {
            findings.append(.bad("salesforce", object, "cannot be queried", mend: "grant Read on \(object)"))
        }
        if fields.contains(where: \.isWritten) && !description.isUpdateable {
            findings.append(.bad("salesforce", object, "cannot be changed", mend: "grant Edit on \(object)"))
        }
        return findings
    }

    private func finding(_ field: Field, _ description: ObjectDescription) -> Finding? {
        let name = "\(object).\(field.name)"
        guard let described = description.fields[field.name] else {
            return .bad(
                "salesforce", name, "does not exist or is not granted",
                mend: field.name.hasSuffix("__c")
                    ? "create the field, or grant it to the integration user by a permission set"
                    : "grant it by field-level security; is the feature on?")
        }
        if field.isWritten && !described.isUpdateable {
            return .bad("salesforce", name, "cannot be written", mend: "grant Edit on the field by a permission set")
        }
        if let minimum = field.minimumLength, described.length < minimum {
            return .bad(
                "salesforce", name, "takes \(described.length) characters", mend: "make it \(minimum) characters long")
        }
        if field.isUniqueExternalId && !(described.isUnique && described.isExternalId) {
            return .attention(
                "salesforce", name, "is not marked External ID and Unique",
                mend: "mark it so, that two records never claim one NetSuite id")
        }
        return nil
    }
}
