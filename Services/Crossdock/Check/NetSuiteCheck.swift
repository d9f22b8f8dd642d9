import Contracts
import EventLoop
import FoundationEssentials
import NetSuite
import OrderMapping
import ServiceRuntime
import Telemetry

/// What must be right in NetSuite.
@Loop
enum NetSuiteCheck {
    private nonisolated static let area = "netsuite"

    static func findings(_ settings: Settings, _ mapping: OrderMapping?) async -> [Finding] {
        let problems = settings.problems(of: NetSuiteSettings.all)
        guard problems.isEmpty else { return problems.map { CheckCommand.configuration(area, $0) } }
        let client: NetSuiteClient
        let budget: CheckLoginBudget
        do {
            let configuration = try self.configuration(settings)
            budget = CheckLoginBudget(settings, url: configuration.baseURL)
            client = try self.client(configuration, settings, budget)
        } catch {
            let mend = "use the unencrypted PEM key whose certificate is mapped in NetSuite"
            return [.bad(area, "private key", "\(error)", mend: mend)]
        }
        var findings = await findings(client, mapping)
        if findings.contains(where: { $0.name == "login" && $0.verdict == .good }) {
            findings += await WatchCheck.findings(client, settings)
        }
        await budget.close()
        return findings
    }

    private static func findings(_ client: NetSuiteClient, _ mapping: OrderMapping?) async -> [Finding] {
        var findings: [Finding] = []
        do {
            let theirs = try await client.serverTime()
            let ours = UTCInstant(date: LoopTime.shared.wallClock)
            findings.append(.good(area, "login", "a token was given and is accepted"))
            findings.append(.clock(area, aheadBy: theirs.millisecondsSinceEpoch - ours.millisecondsSinceEpoch))
        } catch {
            return [loginFinding(error)]
        }
        findings += await permissionFindings(client)
        findings.append(await customFieldFinding(client))
        if let mapping { findings += await mappedFieldFindings(client, mapping) }
        findings.append(await limitFinding(client))
        return findings
    }

    private static func configuration(_ settings: Settings) throws -> NetSuiteConfiguration {
        try NetSuiteConfiguration(
            baseURL: try settings.value(of: NetSuiteSettings.url),
            tokenAudience: try settings.optional(NetSuiteSettings.tokenAudience),
            clientId: try settings.value(of: NetSuiteSettings.clientId),
            certificateId: try settings.value(of: NetSuiteSettings.certificateId),
            privateKeyPEM: try settings.value(of: NetSuiteSettings.privateKey),
            algorithmName: try settings.value(of: NetSuiteSettings.signatureAlgorithm),
            concurrency: try settings.value(of: NetSuiteSettings.concurrency), requestDeadline: .seconds(15),
            operationLimit: .seconds(40))
    }

    private static func client(
        _ configuration: NetSuiteConfiguration, _ settings: Settings, _ budget: CheckLoginBudget
    ) throws -> NetSuiteClient {
        NetSuiteClient(
            configuration: configuration, userAgent: "crossdock/\(ProductVersion.text)",
            certificateAuthorityFile: try settings.optional(NetSuiteSettings.certificateAuthority), loginBudget: budget,
            logger: OperatorSession.quietLogger)
    }

    private static func loginFinding(_ failure: NetSuiteFailure) -> Finding {
        let mend: String
        switch failure {
        case .systemTrouble(let trouble) where trouble.kind == .login:
            mend =
                "check NETSUITE_CLIENT_ID, _CERTIFICATE_ID, _PRIVATE_KEY, _SIGNATURE_ALGORITHM, that the mapping and its "
                + "certificate are valid, and this machine's clock"
        case .systemTrouble(let trouble) where trouble.kind == .throttled:
            mend = "other integrations use all concurrent requests now: try again, or reserve some for this one"
        case .systemTrouble, .notSent, .unknown:
            mend = "check NETSUITE_URL and the way to it (proxy, firewall, certificates)"
        case .refused:
            mend = "give the role the permission REST Web Services"
        }
        return .bad(area, "login", words(failure), mend: mend)
    }

    private static func permissionFindings(_ client: NetSuiteClient) async -> [Finding] {
        let none = RecordKey.externalId("CROSSDOCK-CHECK-NONE")
        return [
            await permission("sales orders", mend: "give the role Transactions > Sales Order (Create or Edit)") {
                _ = try await client.salesOrder(none, includingLines: false)
            },
            await permission("customers", mend: "give the role Lists > Customers (Create or Edit)") {
                _ = try await client.customer(none)
            },
            await permission(
                "items and SuiteQL", mend: "give the role Lists > Items (View) and SuiteAnalytics Workbook"
            ) {
                _ = try await client.items(bySKU: ["CROSSDOCK-CHECK-NONE"])
            },
        ]
    }

    static func permission(
        _ name: String, mend: String, _ probe: @Loop @Sendable () async throws -> Void
    ) async -> Finding {
        do {
            try await probe()
            return .good(area, name, "may be read")
        } catch {
            return .bad(area, name, words(error), mend: mend)
        }
    }

    private static func customFieldFinding(_ client: NetSuiteClient) async -> Finding {
        do {
            let missing = try await client.missingCustomFields()
            guard missing.isEmpty else {
                return .bad(
                    area, "custom fields", "missing: \(missing.joined(separator: ", "))",
                    mend: "create them as free-form text: \(CustomField.salesOrderVersion) on sales orders, "
                        + "\(CustomField.salesOrderLineId) on their lines")
            }
            return .good(area, "custom fields", "both are there")
        } catch {
            return .bad(area, "custom fields", words(error), mend: "give the role SuiteAnalytics Workbook")
        }
    }

    /// Custom fields that the mapping fills, each looked for where a query would see it.
    private static func mappedFieldFindings(_ client: NetSuiteClient, _ mapping: OrderMapping) async -> [Finding] {
        let written = mapping.fieldsWritten
        let columns =
            written.customer.map { ($0, "customer") } + written.order.map { ($0, "transaction") }
            + written.line.map { ($0, "transactionline") }
        var findings: [Finding] = []
        for (column, table) in columns where column.hasPrefix("cust") {
            do {
                _ = try await client.suiteQL("SELECT \(column) FROM \(table) WHERE rownum <= 1")
                findings.append(.good(area, column, "is there"))
            } catch .refused(let refusal) where refusal.code == "INVALID_PARAMETER" {
                findings.append(
                    .bad(area, column, "does not exist or the role does not see it", mend: "create it, or unmap it"))
            } catch {
                findings.append(.attention(area, column, words(error), mend: "try again"))
            }
        }
        return findings
    }

    private static func limitFinding(_ client: NetSuiteClient) async -> Finding {
        let name = "concurrent requests"
        let ours = Int64(client.configuration.concurrency)
        do {
            let limits = try await client.governanceLimits()
            let detail = "the account allows \(limits.account), NETSUITE_CONCURRENCY is \(ours)"
            guard ours <= limits.integration ?? limits.account else {
                return .bad(area, name, detail, mend: "lower NETSUITE_CONCURRENCY; all writers together must fit")
            }
            guard ours * 5 <= limits.account * 4 || limits.account <= 5 else {
                return .attention(area, name, detail, mend: "leave room for other integrations")
            }
            return .good(area, name, detail)
        } catch {
            return .attention(
                area, name, words(error), mend: "only an administrator sees the limit; look at Integration Governance")
        }
    }

    static func words(_ error: any Error) -> String {
        guard let failure = error as? NetSuiteFailure else { return "\(error)" }
        return switch failure {
        case .unknown(let reason), .notSent(let reason): reason
        case .systemTrouble(let trouble): trouble.reason
        case .refused(let refusal): "NetSuite refuses: HTTP \(refusal.status) \(refusal.code ?? "")"
        }
    }
}
