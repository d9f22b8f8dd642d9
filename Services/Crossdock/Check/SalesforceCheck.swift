import Contracts
import EventLoop
import FoundationEssentials
import JSONText
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
        let shown = ShownOfProducts(settings)
        let setsStatus = (try? settings.optional(ObjectExpectation.orderStatus)) != nil
        for expectation in ObjectExpectation.all(CarriedFields(settings), shown, setsStatus: setsStatus) {
            findings += await check(expectation, client)
        }
        if shown.usesPriceBook { findings.append(await priceBookFinding(client)) }
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

    private static func priceBookFinding(_ client: SalesforceClient) async -> Finding {
        let name = "standard price book"
        do {
            let books = try await client.records("SELECT Id, IsActive FROM Pricebook2 WHERE IsStandard = true")
            guard let book = books.first, books.count == 1 else {
                return .bad(area, name, "is not seen", mend: "give the user Read on Price Books and Products")
            }
            guard book["IsActive"]?.bool == true else {
                return .attention(area, name, "is not active", mend: "activate it, so that its prices can be used")
            }
            return .good(area, name, "is there and active")
        } catch {
            return .bad(
                area, name, error.description,
                mend:
                    "give the user Read on Products and Edit on Price Books, or set SHOW_PRICE and SHOW_ACTIVE to false"
            )
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
