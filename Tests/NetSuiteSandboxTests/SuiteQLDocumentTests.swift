import EventLoop
import FoundationEssentials
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import NetSuiteSandbox

/// The queries of the contract's section "Queries to use", over an order with two fulfilments, two invoices, a payment and
/// a credit memo, beside an order without any.
@Suite("SuiteQL over an order's documents")
struct SuiteQLDocumentTests {
    @Loop
    private func stage() async throws -> (harness: SandboxHarness, order: String, ids: DocumentFixture.Ids) {
        let harness = try await SandboxHarness()
        try await harness.createCustomer()
        let id = try await harness.created("salesOrder", orderBody("SF-1"))
        _ = try await harness.created("salesOrder", orderBody("SF-2"))
        let order = try #require(harness.sandbox.account.salesOrders[id])
        let ids = DocumentFixture.follow(order, in: &harness.sandbox.account, at: harness.sandbox.now)
        return (harness, id, ids)
    }

    @Test("orders changed since a mark")
    func changed() async throws {
        try await onLoop {
            let (harness, order, _) = try await stage()
            let rows = try await harness.rows(
                """
                SELECT t.id, t.tranid, t.externalid, t.status, t.otherrefnum, t.foreigntotal,
                       TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD"T"HH24:MI:SS') AS modified
                  FROM transaction t
                 WHERE t.type = 'SalesOrd'
                   AND t.lastmodifieddate >= TO_TIMESTAMP('2025-03-14 09:00:00', 'YYYY-MM-DD HH24:MI:SS')
                 ORDER BY t.lastmodifieddate, t.id
                """)
            #expect(rows.map { $0["externalid"] } == ["SF-1", "SF-2"])
            #expect(
                rows[0] == [
                    "id": order, "tranid": "SO1001", "externalid": "SF-1", "status": "G", "foreigntotal": "109",
                    "modified": "2025-03-14T10:02:00",
                ])
            let later = try await harness.rows(
                "SELECT id FROM transaction WHERE lastmodifieddate > "
                    + "TO_TIMESTAMP('2025-03-14 10:02:00', 'YYYY-MM-DD HH24:MI:SS')")
            #expect(later.isEmpty)
        }
    }

    @Test("fulfilments of an order, a row for each tracking number")
    func fulfilments() async throws {
        try await onLoop {
            let (harness, order, ids) = try await stage()
            let rows = try await harness.rows(
                """
                SELECT DISTINCT f.id, f.tranid, f.status, TO_CHAR(f.trandate, 'YYYY-MM-DD') AS trandate, tn.trackingnumber
                  FROM NextTransactionLineLink l
                  JOIN transaction f ON f.id = l.nextdoc AND f.type = 'ItemShip'
                  LEFT JOIN TrackingNumberMap m ON m.transaction = f.id
                  LEFT JOIN TrackingNumber tn ON tn.id = m.trackingnumber
                 WHERE l.previousdoc = \(order) AND l.linktype = 'ShipRcpt'
                """)
            let first = ["id": ids.fulfilments[0], "tranid": "IF1001", "status": "C", "trandate": "2025-03-15"]
            let second = ["id": ids.fulfilments[1], "tranid": "IF1002", "status": "C", "trandate": "2025-03-17"]
            #expect(
                rows == [
                    first.merging(["trackingnumber": "1Z001"]) { $1 },
                    first.merging(["trackingnumber": "1Z002"]) { $1 },
                    second.merging(["trackingnumber": "1Z003"]) { $1 },
                ])
            let carriers = try await harness.rows(
                "SELECT shipcarrier, BUILTIN.DF(shipcarrier) AS carrier, BUILTIN.DF(trackingnumberlist) AS numbers "
                    + "FROM transaction WHERE id = \(ids.fulfilments[0])")
            #expect(carriers == [["shipcarrier": "ups", "carrier": "UPS", "numbers": "1Z001, 1Z002"]])
            let packages = try await harness.rows(
                "SELECT packagetrackingnumber AS n FROM itemFulfillmentPackage WHERE itemfulfillment = \(ids.fulfilments[1])"
            )
            #expect(packages == [["n": "1Z003"], [:]])
        }
    }

    @Test("invoices and what is still owed")
    func invoices() async throws {
        try await onLoop {
            let (harness, order, ids) = try await stage()
            let rows = try await harness.rows(
                """
                SELECT DISTINCT i.id, i.tranid, i.status, i.foreigntotal, i.foreignamountpaid, i.foreignamountunpaid
                  FROM NextTransactionLineLink l JOIN transaction i ON i.id = l.nextdoc
                 WHERE l.previousdoc = \(order) AND l.linktype = 'OrdBill' AND i.type = 'CustInvc'
                """)
            #expect(
                rows == [
                    [
                        "id": ids.invoices[0], "tranid": "INV1001", "status": "A", "foreigntotal": "49.5",
                        "foreignamountpaid": "30", "foreignamountunpaid": "19.5",
                    ],
                    [
                        "id": ids.invoices[1], "tranid": "INV1002", "status": "A", "foreigntotal": "59.5",
                        "foreignamountpaid": "10", "foreignamountunpaid": "49.5",
                    ],
                ])
        }
    }

    @Test("what was applied to an order's invoices, credit memos among them")
    func applied() async throws {
        try await onLoop {
            let (harness, order, ids) = try await stage()
            let rows = try await harness.rows(
                """
                SELECT l.previousdoc AS invoice, t.id, t.type, t.status, SUM(l.foreignamount) AS applied
                  FROM NextTransactionLineLink l JOIN transaction t ON t.id = l.nextdoc
                 WHERE l.linktype = 'Payment' AND l.previousdoc IN
                       (SELECT b.nextdoc FROM NextTransactionLink b WHERE b.previousdoc = \(order) AND b.linktype = 'OrdBill')
                 GROUP BY l.previousdoc, t.id, t.type, t.status
                 ORDER BY applied DESC
                """)
            #expect(
                rows == [
                    [
                        "invoice": ids.invoices[0], "id": ids.payment, "type": "CustPymt", "status": "C",
                        "applied": "30",
                    ],
                    ["invoice": ids.invoices[1], "id": ids.memo, "type": "CustCred", "status": "B", "applied": "10"],
                ])
        }
    }

    @Test("shipped quantity by line of the order, without the cost lines")
    func shipped() async throws {
        try await onLoop {
            let (harness, order, ids) = try await stage()
            let rows = try await harness.rows(
                """
                SELECT l.previousline, l.nextdoc, f.status, fl.item, ABS(fl.quantity) AS qty
                  FROM NextTransactionLineLink l
                  JOIN transaction f ON f.id = l.nextdoc
                  JOIN transactionline fl ON fl.transaction = l.nextdoc AND fl.id = l.nextline AND fl.iscogs = 'F'
                 WHERE l.previousdoc = \(order) AND f.type = 'ItemShip' AND l.linktype IN ('PickPack', 'ShipRcpt')
                """)
            let expected = [("1", 0, "318"), ("1", 1, "318"), ("2", 1, "319")].map { line, fulfilment, item in
                [
                    "previousline": line, "nextdoc": ids.fulfilments[fulfilment], "status": "C", "item": item,
                    "qty": "1",
                ]
            }
            #expect(rows == expected)
            let lines = try await harness.rows(
                "SELECT id, mainline, quantity, isinventoryaffecting AS stock, iscogs, createdfrom FROM transactionline "
                    + "WHERE transaction = \(ids.fulfilments[0]) ORDER BY id")
            #expect(lines.map { $0["quantity"] } == [nil, "-1", "1"])
            #expect(lines.map { $0["stock"] } == ["F", "T", "F"] && lines.map { $0["iscogs"] } == ["F", "F", "T"])
            #expect(lines.allSatisfy { $0["createdfrom"] == order })
            let totals = try await harness.rows(
                "SELECT quantityshiprecv, quantitypicked, quantitypacked, quantitybilled, isclosed, isfullyshipped "
                    + "FROM transactionline WHERE transaction = \(order) AND id = 1")
            #expect(
                totals == [
                    [
                        "quantityshiprecv": "2", "quantitypicked": "2", "quantitypacked": "2", "quantitybilled": "2",
                        "isclosed": "F", "isfullyshipped": "T",
                    ]
                ])
        }
    }

    @Test("a fulfilment that is picked hangs on its order by PickPack, and by ShipRcpt once it is shipped")
    func linkTypes() async throws {
        try await onLoop {
            let (harness, order, ids) = try await stage()
            var fulfilment = try #require(harness.sandbox.account.documents.fulfilments[ids.fulfilments[0]])
            fulfilment.status = .picked
            harness.sandbox.account.documents.store(fulfilment)
            let rows = try await harness.rows(
                "SELECT nextdoc, linktype, nexttype FROM NextTransactionLink WHERE previousdoc = \(order) ORDER BY linktype"
            )
            #expect(rows.map { $0["linktype"] } == ["OrdBill", "OrdBill", "PickPack", "ShipRcpt"])
            let back = try await harness.rows(
                "SELECT previousdoc, previoustype FROM PreviousTransactionLineLink WHERE nextdoc = \(fulfilment.id)")
            #expect(back == [["previousdoc": order, "previoustype": "SalesOrd"]])
        }
    }

    @Test("memos for an order are found by what their lines were created from; their total is below zero")
    func memos() async throws {
        try await onLoop {
            let (harness, _, ids) = try await stage()
            let rows = try await harness.rows(
                "SELECT DISTINCT cl.createdfrom, c.id, c.status, c.foreigntotal FROM transactionline cl "
                    + "JOIN transaction c ON c.id = cl.transaction "
                    + "WHERE cl.createdfrom IN (\(ids.invoices.joined(separator: ", "))) AND c.type = 'CustCred'")
            #expect(
                rows == [["createdfrom": ids.invoices[1], "id": ids.memo, "status": "B", "foreigntotal": "-10"]])
        }
    }

    @Test("base prices, stock by location and items by number")
    func prices() async throws {
        try await onLoop {
            let (harness, _, _) = try await stage()
            #expect(
                try await harness.rows(
                    "SELECT item, unitprice FROM pricing WHERE pricelevel = 1 AND priceqty = 1 AND item IN (318, 319)")
                    == [["item": "318", "unitprice": "55"], ["item": "319", "unitprice": "10"]])
            let stock = try await harness.rows(
                "SELECT a.item, i.itemid, a.location, a.quantityonhand, a.quantityavailable "
                    + "FROM aggregateItemLocation a JOIN item i ON i.id = a.item WHERE i.itemid IN ('SKU-RED', 'SKU-BLUE')"
            )
            #expect(stock.count == 4)
            #expect(
                stock.first == [
                    "item": "318", "itemid": "SKU-RED", "location": "1", "quantityonhand": "100",
                    "quantityavailable": "98",
                ])
            #expect(
                try await harness.rows(
                    "SELECT id, itemid, externalid, itemtype FROM item WHERE itemid = 'SKU-RED' AND isinactive = 'F'")
                    == [["id": "318", "itemid": "SKU-RED", "itemtype": "InvtPart"]])
            let levels = try await harness.rows("SELECT id, name FROM priceLevel")
            #expect(levels == [["id": "1", "name": "Base Price"]])
            let prices = try await harness.rows("SELECT price, pricelevelname FROM itemPrice WHERE item = 318")
            #expect(prices == [["price": "55", "pricelevelname": "Base Price"]])
        }
    }

    @Test("a deleted order is a row of deletedRecord, and gone everywhere else")
    func deletions() async throws {
        try await onLoop {
            let (harness, _, _) = try await stage()
            let id = try #require(harness.sandbox.account.salesOrder(externalId: "SF-2")).id
            let target = "\(SandboxHarness.records)/salesOrder/\(id)"
            #expect(await harness.send("DELETE", target).status == 204)
            let gone = await harness.send("GET", target)
            #expect(gone.status == 404 && gone.code == "NONEXISTENT_ID")
            #expect(
                try await harness.rows(
                    "SELECT recordid, type, name FROM deletedRecord WHERE deleteddate >= TO_DATE('2025-03-14', 'YYYY-MM-DD')"
                ) == [["recordid": id, "type": "salesorder", "name": "SO1002"]])
            #expect(try await harness.rows("SELECT id FROM transaction WHERE id = \(id)").isEmpty)
            #expect(try await harness.rows("SELECT id FROM transactionline WHERE transaction = \(id)").isEmpty)
        }
    }
}
