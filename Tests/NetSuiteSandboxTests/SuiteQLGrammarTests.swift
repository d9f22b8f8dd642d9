import EventLoop
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import NetSuiteSandbox

@Suite("SuiteQL beyond plain selects")
struct SuiteQLGrammarTests {
    @Loop
    private func stage() async throws -> SandboxHarness {
        let harness = try await SandboxHarness()
        try await harness.createCustomer()
        for number in 1...3 { _ = try await harness.created("salesOrder", orderBody("SF-\(number)")) }
        return harness
    }

    static let cases: [(String, [[String: String]])] = [
        (
            "SELECT item, COUNT(*) AS n, SUM(quantity) AS q, MIN(foreignamount) AS low FROM transactionline "
                + "WHERE mainline = 'F' GROUP BY item ORDER BY item",
            [
                ["item": "318", "n": "3", "q": "-6", "low": "-99"],
                ["item": "319", "n": "3", "q": "-3", "low": "-10"],
            ]
        ),
        (
            "SELECT item FROM transactionline WHERE mainline = 'F' GROUP BY item HAVING SUM(ABS(quantity)) > 3",
            [["item": "318"]]
        ),
        ("SELECT SUM(quantity) AS s, COUNT(*) AS n FROM transactionline WHERE id = 77", [["n": "0"]]),
        ("SELECT COUNT(DISTINCT entity) AS n, MAX(tranid) AS last FROM transaction", [["n": "1", "last": "SO1003"]]),
        ("SELECT TO_CHAR(AVG(quantity)) AS a FROM transactionline WHERE item = 318", [["a": "-2"]]),
        (
            "SELECT symbol AS s FROM currency WHERE id = 1 UNION SELECT itemid FROM item WHERE id IN (318, 319) "
                + "UNION SELECT itemid FROM item WHERE id = 318 ORDER BY s",
            [["s": "SKU-BLUE"], ["s": "SKU-RED"], ["s": "USD"]]
        ),
        (
            "SELECT id FROM currency WHERE id = 1 UNION ALL SELECT id FROM currency WHERE id = 1",
            [["id": "1"], ["id": "1"]]
        ),
        (
            "SELECT CASE WHEN id = 1 THEN 'home' WHEN symbol = 'EUR' THEN 'near' ELSE 'far' END AS c FROM currency ORDER BY id",
            [["c": "home"], ["c": "far"], ["c": "near"]]
        ),
        ("SELECT CASE id WHEN 1 THEN 'one' END AS c FROM currency WHERE id IN (1, 2) ORDER BY 1", [["c": "one"], [:]]),
        (
            "SELECT id * 2 + 1 AS n, -id AS m, '#' || id || '/' || name AS t FROM location WHERE id = 2",
            [["n": "5", "m": "-2", "t": "#2/West"]]
        ),
        (
            "SELECT BUILTIN.CF(status) AS c, BUILTIN.DF(type) AS d FROM transaction WHERE tranid = 'SO1001'",
            [["c": "SalesOrd:B", "d": "Sales Order"]]
        ),
        ("SELECT id FROM transaction WHERE status = 'SalesOrd:B'", []),
        (
            "SELECT id FROM item WHERE id NOT IN (SELECT item FROM transactionline WHERE item IS NOT NULL) AND id < 321",
            [["id": "320"]]
        ),
        ("SELECT id FROM item WHERE itemid = ''", []),
        ("SELECT id FROM item WHERE NOT (upccode = 'x') AND id = 318", []),
        (
            "SELECT TO_CHAR(SYSDATE, 'YYYY-MM-DD HH24:MI:SS.FF1') AS t, TO_CHAR(SYSDATE - 1, 'DD') AS d FROM currency "
                + "WHERE rownum <= 1",
            [["t": "2025-03-14 10:02:30.0", "d": "13"]]
        ),
        (
            "SELECT tranid FROM transaction WHERE lastmodifieddate BETWEEN TO_DATE('03/14/2025', 'MM/DD/YYYY') AND "
                + "TO_TIMESTAMP('2025-03-14 10:02:00.5', 'YYYY-MM-DD HH24:MI:SS.FF1') AND trandate = '3/14/2025' AND rownum <= 1",
            [["tranid": "SO1001"]]
        ),
        (
            "SELECT UPPER(name) u, LOWER(name) l, NVL(NULL, 'x') AS n, ROUND(1.005, 2) AS r FROM location WHERE id = 1",
            [["u": "MAIN", "l": "main", "n": "x", "r": "1.01"]]
        ),
        (
            "SELECT l.id, c.symbol FROM location l LEFT JOIN currency c ON c.id = l.id AND c.symbol = 'USD' ORDER BY l.id DESC",
            [["id": "2"], ["id": "1", "symbol": "USD"]]
        ),
    ]

    @Test("statements and their rows", arguments: cases)
    func statements(text: String, rows: [[String: String]]) async throws {
        try await onLoop {
            let harness = try await stage()
            #expect(try await harness.rows(text) == rows)
        }
    }

    static let refused = [
        "SELECT item, quantity FROM transactionline GROUP BY item",
        "SELECT DISTINCT itemid FROM item ORDER BY id",
        "SELECT id FROM item UNION SELECT id, itemid FROM item",
        "SELECT id FROM item WHERE id IN (SELECT id, itemid FROM item)",
        "SELECT id FROM item WHERE id IN (\((0...1000).map(String.init).joined(separator: ", ")))",
        "SELECT id FROM item ORDER BY 7",
        "SELECT SUM(SUM(id)) AS n FROM item",
        "SELECT SUM(itemid) AS n FROM item",
        "SELECT id / 0 AS n FROM item",
        "SELECT id FROM item WHERE displayname = 5",
        "SELECT id FROM item WHERE id IN ()",
        "SELECT CASE id END AS n FROM item",
        "SELECT SUBSTR(itemid, 1) AS n FROM item",
        "SELECT id FROM item i, currency c",
        "SELECT SYSDATE + 99999999999 AS n FROM item",
        "SELECT TO_CHAR(lastmodifieddate, 'YYYY Q') AS n FROM item",
    ]

    @Test("what Oracle or the contract does not allow is an unsupported search", arguments: refused)
    func refusals(text: String) async throws {
        try await onLoop {
            let harness = try await stage()
            let answer = await harness.query(text)
            #expect(
                answer.status == 400
                    && answer.detail == SuiteQLTests.prefix + "Search error occurred: Invalid or unsupported search.")
        }
    }

    @Test("a list of 1,000 literals is allowed, and parameters are not")
    func limits() async throws {
        try await onLoop {
            let harness = try await stage()
            let list = (1...1000).map(String.init).joined(separator: ", ")
            #expect(
                try await harness.rows("SELECT id FROM item WHERE id IN (\(list)) AND id < 320 ORDER BY id").count == 2)
            let bound = await harness.send(
                "POST", "/services/rest/query/v1/suiteql",
                ["q": "SELECT id FROM item WHERE id = ?", "params": ["318"]],
                headers: [("Prefer", "transient")])
            #expect(bound.status == 400 && bound.code == "INVALID_PARAMETER")
        }
    }

    @Test("a hidden table is not found, a column hidden by a switch is unknown")
    func hidden() async throws {
        try await onLoop {
            let harness = try await stage()
            let currency =
                "SELECT item, currency, unitprice FROM pricing WHERE item = 318 AND pricelevel = 1 ORDER BY currency"
            #expect(await harness.query(currency).detail.contains("Unknown identifier 'currency'"))
            _ = await harness.send(
                "PATCH", "/control/settings",
                ["hiddenTables": ["priceLevel", "deletedrecord"], "hasPricingCurrency": true])
            #expect(try await harness.rows(currency).map { $0["unitprice"] } == ["55", "44", "50"])
            for table in ["priceLevel", "deletedRecord"] {
                let answer = await harness.query("SELECT * FROM \(table)")
                #expect(
                    answer.detail == SuiteQLTests.prefix
                        + "Search error occurred: Record '\(table.lowercased())' was not found.")
            }
        }
    }

    @Test("a thousand orders of one minute are paged by key without a loss or a double")
    func equalStamps() async throws {
        try await onLoop {
            let harness = try await stage()
            let template = try #require(harness.sandbox.account.salesOrder(externalId: "SF-1"))
            for _ in 0..<1_000 {
                let (id, number) = harness.sandbox.account.transactions.next(.salesOrder)
                var order = SalesOrder(
                    id: id, externalId: nil, tranId: number, values: template.values, created: template.created,
                    modified: template.modified)
                order.lines = template.lines
                harness.sandbox.account.store(order)
            }
            let mark = "TO_TIMESTAMP('2025-03-14 10:02:00', 'YYYY-MM-DD HH24:MI:SS')"
            var seen: [String] = []
            var condition = "lastmodifieddate >= \(mark)"
            var pages = 0
            while true {
                let page = await harness.query(
                    "SELECT id, TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS at FROM transaction "
                        + "WHERE type = 'SalesOrd' AND \(condition) ORDER BY lastmodifieddate, id", "?limit=300")
                let rows = page.json["items"]?.array ?? []
                seen += rows.compactMap { $0["id"]?.string }
                pages += 1
                guard page.json["hasMore"] == true, let last = seen.last else { break }
                condition =
                    "lastmodifieddate >= \(mark) AND (lastmodifieddate > \(mark) OR (lastmodifieddate = \(mark) AND id > \(last)))"
            }
            #expect(pages == 4 && seen.count == 1_003 && Set(seen).count == 1_003)
            #expect(seen.compactMap(Int.init) == seen.compactMap(Int.init).sorted())
        }
    }
}
