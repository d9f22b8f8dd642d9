import EventLoop
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import NetSuiteSandbox

@Suite("SuiteQL")
struct SuiteQLTests {
    @Loop
    private func harness() async throws -> SandboxHarness {
        let harness = try await SandboxHarness()
        try await harness.createCustomer()
        for number in 1...3 { _ = try await harness.created("salesOrder", orderBody("SF-\(number)")) }
        return harness
    }

    @Test("items by number: exact, active ones only")
    func items() async throws {
        try await onLoop {
            let harness = try await harness()
            _ = await harness.send("PATCH", "/control/items/SKU-MAT", ["isInactive": true])
            let rows = try await harness.rows(
                "SELECT id, itemid, isinactive FROM item "
                    + "WHERE itemid IN ('SKU-RED', 'sku-blue', 'SKU-NONE', 'SKU-MAT') AND isinactive = 'F' ORDER BY id")
            #expect(rows == [["id": "318", "itemid": "SKU-RED", "isinactive": "F"]])
        }
    }

    @Test("orders read back with number, state, total and version")
    func transactions() async throws {
        try await onLoop {
            let harness = try await harness()
            let rows = try await harness.rows(
                """
                SELECT t.id, t.tranid, t.status, BUILTIN.DF(t.status) AS words, t.foreigntotal, t.otherrefnum,
                       BUILTIN.DF(t.currency) currency, t.custbody_crossdock_version AS version,
                       TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD"T"HH24:MI:SS') AS modified, t.trandate
                  FROM transaction t WHERE t.type = 'SalesOrd' AND t.externalid IN ('SF-1', 'SF-9')
                """)
            #expect(
                rows == [
                    [
                        "id": "4711", "tranid": "SO1001", "status": "B", "words": "Sales Order : Pending Fulfillment",
                        "foreigntotal": "109", "currency": "US Dollar", "version": "17",
                        "modified": "2025-03-14T10:02:00", "trandate": "3/14/2025",
                    ]
                ])
        }
    }

    @Test("the header is line 0 and sales quantities are negative")
    func lines() async throws {
        try await onLoop {
            let harness = try await harness()
            let rows = try await harness.rows(
                "SELECT id, mainline, quantity, foreignamount, custcol_crossdock_line_id AS line FROM transactionline "
                    + "WHERE transaction = 4711 ORDER BY id")
            #expect(
                rows == [
                    ["id": "0", "mainline": "T", "foreignamount": "109"],
                    ["id": "1", "mainline": "F", "quantity": "-2", "foreignamount": "-99", "line": "802A"],
                    ["id": "2", "mainline": "F", "quantity": "-1", "foreignamount": "-10"],
                ])
        }
    }

    @Test(
        "conditions, joins and orders",
        arguments: [
            ("SELECT tranid FROM transaction WHERE id IN ('4711', 4718) ORDER BY tranid DESC", ["SO1002", "SO1001"]),
            ("SELECT tranid FROM transaction WHERE tranid <> 'SO1001' AND id > 0 ORDER BY id", ["SO1003", "SO1002"]),
            ("SELECT tranid FROM transaction WHERE rownum <= 1", ["SO1001"]),
            (
                "SELECT tranid FROM transaction WHERE tranid LIKE '%2' OR (id = 4711 AND voided = 'F') ORDER BY tranid",
                ["SO1001", "SO1002"]
            ),
            (
                "SELECT tranid FROM transaction WHERE otherrefnum IS NULL AND tranid BETWEEN 'SO1002' AND 'SO1003'",
                ["SO1002", "SO1003"]
            ),
            (
                "SELECT tranid FROM transaction WHERE lastmodifieddate >= TO_TIMESTAMP('2025-03-14 10:02:00', "
                    + "'YYYY-MM-DD HH24:MI:SS') AND lastmodifieddate < TO_DATE('2025-03-15', 'YYYY-MM-DD') AND id NOT IN (4718)",
                ["SO1001", "SO1003"]
            ),
            ("SELECT DISTINCT c.companyname FROM transaction t JOIN customer c ON c.id = t.entity", ["Acme Ltd"]),
            (
                "SELECT i.itemid FROM transaction t JOIN transactionline l ON l.transaction = t.id LEFT JOIN item i "
                    + "ON i.id = l.item WHERE t.externalid = 'SF-2' AND l.mainline = 'F' ORDER BY l.id",
                ["SKU-RED", "SKU-BLUE"]
            ),
            ("SELECT UPPER(symbol) || '/' || id AS x FROM currency WHERE isbasecurrency = 'T'", ["USD/1"]),
            ("SELECT COUNT(*) AS n FROM transaction", ["3"]),
            ("SELECT externalid FROM transaction WHERE externalid = 'sf-1'", []),
            ("SELECT companyname FROM customer WHERE companyname = 'O''Neil'", []),
        ] as [(String, [String])])
    func statements(text: String, values: [String]) async throws {
        try await onLoop {
            let harness = try await harness()
            #expect(try await harness.rows(text).flatMap { $0.values } == values)
        }
    }

    static let prefix = "Invalid search query. Detailed unprocessed description follows. "

    @Test(
        "each mistake has NetSuite's words",
        arguments: [
            ("SELECT id FROM foo", "Invalid search type: foo."),
            (
                "SELECT x FROM customer",
                "Search error occurred: Unknown identifier 'x'. Available identifiers are: {customer=customer}"
            ),
            (
                "SELECT t.x FROM transaction t JOIN item i ON i.id = t.id",
                "Search error occurred: Unknown identifier 'x'. Available identifiers are: {t=transaction, i=item}"
            ),
            (
                "SELECT createdfrom FROM transaction",
                "Search error occurred: Field 'createdfrom' for record 'transaction' was not "
                    + "found. Reason: NOT_EXPOSED - Field is not exposed."
            ),
            ("SELECT id FROM item WHERE id = ?", "Search error occurred: Invalid or unsupported search."),
            ("SELECT id FROM item; DROP", "Search error occurred: Invalid or unsupported search."),
            ("SELECT id FROM [item]", "Search error occurred: Invalid or unsupported search."),
            ("SELECT id FROM item WHERE itemid = 'open", "Search error occurred: Invalid or unsupported search."),
            ("UPDATE item SET id = 1", "Search error occurred: Invalid or unsupported search."),
            (
                "SELECT id FROM transaction WHERE lastmodifieddate > '2025-03-14'",
                "Search error occurred: Invalid or unsupported search."
            ),
        ])
    func mistakes(text: String, detail: String) async throws {
        try await onLoop {
            let harness = try await harness()
            let answer = await harness.query(text)
            #expect(answer.status == 400 && answer.code == "INVALID_PARAMETER")
            #expect(answer.error["o:errorQueryParam"] == "q")
            #expect(answer.detail == Self.prefix + detail)
        }
    }

    @Test("pages have links, and rules for limit and offset")
    func pages() async throws {
        try await onLoop {
            let harness = try await harness()
            let address = "\(SandboxHarness.origin)/services/rest/query/v1/suiteql"
            let page = await harness.query("SELECT id FROM item ORDER BY id", "?limit=3&offset=3")
            #expect(page.json["count"] == 3 && page.json["totalResults"] == 11 && page.json["hasMore"] == true)
            let links = page.json["links"]?.array?.compactMap { $0["rel"]?.string }
            #expect(links == ["self", "first", "prev", "next", "last"])
            #expect(page.json["links"]?[3]?["href"] == .string("\(address)?limit=3&offset=6"))
            for parameters in ["?limit=1001", "?limit=0", "?limit=3&offset=2", "?offset=x", "?size=3"] {
                let answer = await harness.query("SELECT id FROM item", parameters)
                #expect(answer.status == 400 && answer.code == "INVALID_PARAMETER")
            }
        }
    }

    @Test("Prefer: transient is mandatory, in any spelling of the header")
    func transient() async throws {
        try await onLoop {
            let harness = try await harness()
            let without = await harness.query("SELECT id FROM item", prefer: nil)
            #expect(without.code == "INVALID_HEADER" && without.error["o:errorHeader"] == "Prefer")
            let lower = await harness.send(
                "POST", "/services/rest/query/v1/suiteql", ["q": "SELECT id FROM item"],
                headers: [("prefer", "transient")])
            #expect(lower.status == 200)
        }
    }
}
