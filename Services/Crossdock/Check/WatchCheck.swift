import Contracts
import EventLoop
import Ledger
import NetSuite
import ServiceRuntime

/// What must be right in NetSuite for what comes back: what the watches of orders and of stock read.
@Loop
enum WatchCheck {
    private nonisolated static let area = "netsuite"

    /// What one query of the watches needs.
    struct Table: Sendable {
        /// In words.
        let name: String
        /// Asks for every column that is read of it.
        let statement: String
        let mend: String
        /// Whether the watches do without it, and show less.
        var isOptional = false
    }

    nonisolated static let tables = [
        Table(
            name: "orders and documents",
            statement: "SELECT id, type, tranid, status, externalid, currency, foreigntotal, foreignamountpaid, "
                + "foreignamountunpaid, voided, shipcarrier, trandate, lastmodifieddate FROM transaction "
                + "WHERE rownum <= 1",
            mend: "give the role Transactions > Find Transaction"),
        Table(
            name: "lines of documents",
            statement: "SELECT transaction, id, itemtype, quantity, quantityshiprecv, quantitybilled, isclosed, "
                + "mainline, taxline, iscogs, createdfrom FROM transactionline WHERE rownum <= 1",
            mend: "give the role Transactions > Find Transaction"),
        Table(
            name: "links of documents",
            statement: "SELECT previousdoc, previousline, nextdoc, nextline, linktype, foreignamount "
                + "FROM NextTransactionLineLink WHERE rownum <= 1",
            mend: "give the role Transactions > Find Transaction"),
        Table(
            name: "tracking numbers",
            statement: "SELECT m.transaction, n.id, n.trackingnumber FROM TrackingNumberMap m "
                + "JOIN TrackingNumber n ON n.id = m.trackingnumber WHERE rownum <= 1",
            mend: "give the role Transactions > Item Fulfillment (View)"),
        Table(
            name: "deleted records",
            statement: "SELECT recordid, type, name, deleteddate FROM deletedRecord WHERE rownum <= 1",
            mend: "give the role the permission Deleted Records: without it nobody learns of a deleted order",
            isOptional: true),
        Table(
            name: "stock by location",
            statement: "SELECT item, location, quantityavailable, quantityonhand, quantitybackordered, "
                + "lastquantityavailablechange FROM aggregateItemLocation WHERE rownum <= 1",
            mend: "give the role Lists > Items (View) and Lists > Locations (View)"),
        Table(
            name: "items' activity",
            statement: "SELECT id, itemid, isinactive, lastmodifieddate FROM item WHERE rownum <= 1",
            mend: "give the role Lists > Items (View)"),
        Table(
            name: "list prices",
            statement: "SELECT item, pricelevel, priceqty, unitprice FROM pricing WHERE rownum <= 1",
            mend: "give the role Lists > Items (View); without it no list price is shown", isOptional: true),
        Table(
            name: "currencies", statement: "SELECT id, symbol, isbasecurrency FROM currency WHERE rownum <= 1",
            mend:
                "give the role the permission Currency, or set NETSUITE_CURRENCY where the account has one only: without "
                + "either neither the amounts of orders nor list prices are shown",
            isOptional: true),
    ]

    private nonisolated static func words(_ kind: DocumentKind) -> (name: String, permission: String) {
        switch kind {
        case .itemFulfillment: ("item fulfilments", "Item Fulfillment")
        case .invoice: ("invoices", "Invoice")
        case .customerPayment: ("customer payments", "Customer Payment")
        case .creditMemo: ("credit memos", "Credit Memo")
        }
    }

    static func findings(_ client: NetSuiteClient, _ settings: Settings) async -> [Finding] {
        var findings: [Finding] = []
        for table in tables { findings.append(await finding(table, client)) }
        let none = RecordKey.externalId("CROSSDOCK-CHECK-NONE")
        for kind in DocumentKind.allCases {
            let (name, permission) = words(kind)
            findings.append(
                await NetSuiteCheck.permission(name, mend: "give the role Transactions > \(permission) (View)") {
                    _ = try await client.document(kind, none)
                })
        }
        findings.append(await zoneFinding(client, settings))
        return findings
    }

    private static func finding(_ table: Table, _ client: NetSuiteClient) async -> Finding {
        do throws(NetSuiteFailure) {
            _ = try await client.suiteQL(table.statement)
            return .good(area, table.name, "may be read")
        } catch .refused(let refusal) {
            let detail = "NetSuite refuses: HTTP \(refusal.status) \(refusal.code ?? "")"
            return table.isOptional
                ? .attention(area, table.name, detail, mend: table.mend)
                : .bad(area, table.name, detail, mend: table.mend)
        } catch {
            return .attention(area, table.name, NetSuiteCheck.words(error), mend: "try again")
        }
    }

    // MARK: Time zone

    private nonisolated static let zoneName = "time zone"

    private static func zoneFinding(_ client: NetSuiteClient, _ settings: Settings) async -> Finding {
        let zone: String
        do throws(ConfigurationError) {
            guard let value = try settings.optional(NetSuiteSettings.timeZone) else {
                return .attention(
                    area, zoneName, "NETSUITE_TIME_ZONE is not set",
                    mend: "set it for status-feedback and inventory-poller: Setup > Company > Company Information")
            }
            zone = value
        } catch {
            return .bad(area, zoneName, "\(error.variable) \(error.reason)", mend: error.mend)
        }
        do {
            let now = try await client.serverTime()
            guard let rules = try await rules(zone, around: now, settings) else {
                return .bad(
                    area, zoneName, "PostgreSQL does not know \(zone) as a time zone",
                    mend: "write NETSUITE_TIME_ZONE as an IANA name, such as America/Los_Angeles")
            }
            return finding(try await client.zoneProof(of: rules, at: now), zone)
        } catch let failure as NetSuiteFailure {
            return .attention(area, zoneName, NetSuiteCheck.words(failure), mend: "try again")
        } catch {
            return .skipped(area, zoneName, because: "the database, which knows the zones' rules, gives no answer")
        }
    }

    nonisolated static func finding(_ proof: ZoneProof, _ zone: String) -> Finding {
        switch proof {
        case .proven:
            .good(area, zoneName, "\(zone) agrees with orders of each part of the year")
        case .halfProven:
            .good(area, zoneName, "\(zone) agrees with the orders there are; none is of another part of the year")
        case .notProvable:
            .attention(
                area, zoneName, "no order shows yet whether it is \(zone)",
                mend: "compare with Setup > Company > Company Information; the watches read four hours again till then")
        case .contradicted(let contradiction):
            .bad(
                area, zoneName, contradiction.description,
                mend: "look it up under Setup > Company > Company Information; the watches stop until it is right")
        }
    }

    private static func rules(
        _ zone: String, around instant: UTCInstant, _ settings: Settings
    ) async throws -> TimeZoneRules? {
        let database = try OperatorLedger(
            settings: settings, applicationName: "crossdock check", logger: OperatorSession.quietLogger)
        do {
            let rules = try await database.ledger.timeZoneRules(named: zone, around: instant)
            await database.close()
            return rules
        } catch {
            await database.close()
            throw error
        }
    }
}
