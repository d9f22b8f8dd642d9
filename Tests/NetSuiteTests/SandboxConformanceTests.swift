import Contracts
import EventLoop
import JSONText
import NetSuite
import TestSupport
import Testing

@Suite("The NetSuite client on the sandbox")
struct SandboxConformanceTests {
    private static let customer: JSONValue = [
        "externalId": "SFACC-001000000000001AAA", "isPerson": false, "companyName": "Acme Ltd",
        "subsidiary": ["id": "1"], "currency": ["id": "1"],
    ]

    private static func order(_ number: Int, customerId: String) -> JSONValue {
        [
            "externalId": .string("SF-80100000000000\(number)AAA"), "entity": ["id": .string(customerId)],
            "tranDate": "2026-05-28", "orderStatus": ["id": "B"], "custbody_crossdock_version": "1774000000000",
            "item": [
                "items": [
                    [
                        "item": ["id": "318"], "quantity": 2, "price": ["id": "-1"], "rate": 49,
                        "custcol_crossdock_line_id": "802000000000001AAA",
                    ]
                ]
            ],
        ]
    }

    @Test("a day's operations: create, refuse the double, read, change, query")
    func operations() async throws {
        try await onLoop {
            let sandbox = try await RunningSandbox()
            let client = sandbox.client
            #expect(try await client.missingCustomFields().isEmpty)
            #expect(try await client.serverTime().millisecondsSinceEpoch > 1_700_000_000_000)
            let items = try await client.items(bySKU: ["SKU-RED", "SKU-DESK", "SKU-MISSING"])
            #expect(items["SKU-RED"]?.id == "318")
            #expect(items["SKU-DESK"]?.id == "322")
            #expect(items["SKU-MISSING"] == nil)

            guard case .applied(let customerId) = try await client.createCustomer(Self.customer) else {
                Issue.record("the customer was refused")
                return
            }
            guard case .refused(let double) = try await client.createCustomer(Self.customer) else {
                Issue.record("the second customer was not refused")
                return
            }
            #expect(double.classification == .alreadyExists)
            #expect(try await client.customer(.externalId("SFACC-001000000000001AAA"))?.id == customerId)
            #expect(try await client.customer(.externalId("SFACC-nobody")) == nil)

            let body = Self.order(2_001, customerId: customerId)
            guard case .applied(let id) = try await client.createSalesOrder(body) else {
                Issue.record("the order was refused")
                return
            }
            guard case .refused(let again) = try await client.createSalesOrder(body) else {
                Issue.record("the second order was not refused")
                return
            }
            #expect(again.classification == .alreadyExists)
            let record = try #require(try await client.salesOrder(.externalId("SF-801000000000002001AAA")))
            #expect(record.id == id)
            #expect(record.status == "B")
            #expect(record.version == "1774000000000")
            #expect(try record.total == ExactDecimal("98"))
            #expect(record.lines?.first?.crossdockLineId == "802000000000001AAA")
            let line = try #require(record.lines?.first?.line)

            let change: JSONValue = [
                "custbody_crossdock_version": "1774000000001",
                "item": ["items": [["line": .number(JSONNumber(line)), "quantity": 3]]],
            ]
            #expect(try await client.updateSalesOrder(id, change) == .applied(id: id))
            let changed = try #require(try await client.salesOrder(.internalId(id)))
            #expect(changed.version == "1774000000001")
            #expect(changed.lines?.count == 1)
            #expect(try changed.lines?.first?.quantity == ExactDecimal("3"))

            let summary = try #require(try await client.readBack([id])[id])
            #expect(summary.tranId == record.tranId)
            #expect(summary.status == "B")
            #expect(try summary.total == ExactDecimal("147"))
            #expect(summary.customerId == customerId)

            guard case .refused(let unknown) = try await client.updateSalesOrder(id, ["colour": "red"]) else {
                Issue.record("an unknown property was not refused")
                return
            }
            #expect(unknown.classification == .invalidField)
            await sandbox.end()
        }
    }

    @Test("many at once stay within the account's limit, and lost log-ins are renewed")
    func manyAtOnce() async throws {
        try await onLoop {
            let sandbox = try await RunningSandbox()
            let client = sandbox.client
            guard case .applied(let customerId) = try await client.createCustomer(Self.customer) else {
                Issue.record("the customer was refused")
                return
            }
            let calls = (0..<100).map { number in
                EventLoop.shared.start {
                    try await client.createSalesOrder(Self.order(1_000 + number, customerId: customerId))
                }
            }
            _ = try await sandbox.control("POST", "logins/expire")
            var ids: [String] = []
            for call in calls {
                if case .applied(let id) = try await call.value { ids.append(id) }
            }
            #expect(Set(ids).count == 100)
            #expect(try await client.readBack(ids).count == 100)
            let requests = try await sandbox.control("GET", "journal")["requests"]?.array ?? []
            let throttled = requests.filter { $0["status"]?.int64 == 429 }
            let applied = requests.filter { $0["applied"]?.bool == true && $0["method"]?.string == "POST" }
            #expect(throttled.isEmpty)
            #expect(applied.count >= 101)
            await sandbox.end()
        }
    }
}
