import EventLoop
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import NetSuiteSandbox

@Suite("Customers")
struct CustomerTests {
    static let records = SandboxHarness.records

    @Test(
        "neither the external id nor the name is taken twice",
        arguments: [
            ("sfacc-1", "Other Ltd"), ("SFACC-2", "ACME ltd"), ("SFACC-2", "C1201"),
        ])
    func duplicates(externalId: String, name: String) async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            let body: JSONValue = [
                "externalId": .string(externalId), "companyName": .string(name), "subsidiary": ["id": "1"],
            ]
            let answer = await harness.send("POST", "\(Self.records)/customer", body)
            #expect(answer.code == "USER_ERROR")
            #expect(answer.detail == "Error while accessing a resource. This entity already exists.")
            #expect(harness.sandbox.account.customerIds.count == 1)
        }
    }

    @Test(
        "mandatory fields depend on the kind of customer",
        arguments: [
            (["companyName": "Acme"], "Primary Subsidiary"),
            (["subsidiary": "1"], "Company Name"),
            (["isPerson": true, "subsidiary": 1], "First Name, Last Name"),
        ] as [(JSONValue, String)])
    func missing(body: JSONValue, labels: String) async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            let answer = await harness.send("POST", "\(Self.records)/customer", body)
            #expect(answer.detail == "Error while accessing a resource. Please enter value(s) for: \(labels).")
        }
    }

    @Test("an order's currency must be one of the customer's")
    func currencies() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            let target = "\(Self.records)/salesOrder"
            let euro = orderBody { $0["currency"] = ["id": "4"] }
            #expect(await harness.send("POST", target, euro).path == "currency")
            let patched = await harness.send(
                "PATCH", "\(Self.records)/customer/eid:SFACC-1",
                ["currencyList": ["items": [["currency": ["id": "4"]]]]])
            #expect(patched.status == 204)
            #expect(await harness.send("POST", target, euro).status == 204)
            _ = await harness.send("PATCH", "/control/settings", ["customerCurrencies": ["2"]])
            try await harness.createCustomer("SFACC-2", name: "Two")
            let shown = await harness.send("GET", "/control/customers/eid:SFACC-2")
            #expect(shown.json["currencies"] == ["USD", "GBP"])
        }
    }

    @Test("addresses sent again without their key are added again")
    func addresses() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            let target = "\(Self.records)/customer/eid:SFACC-1"
            let book: JSONValue = [
                "addressBook": ["items": [["defaultShipping": true, "addressBookAddress": ["city": "Ulm"]]]]
            ]
            _ = await harness.send("PATCH", target, book)
            var read = await harness.send("GET", "\(target)?expandSubResources=true")
            #expect(read.json["addressBook"]?["totalResults"] == 2)
            #expect(read.json["addressBook"]?["items"]?[0]?["defaultShipping"] == false)
            let key = read.json["addressBook"]?["items"]?[1]?["internalId"] ?? .null
            let keyed: JSONValue = ["addressBook": ["items": [["internalId": key, "label": "HQ"]]]]
            _ = await harness.send("PATCH", "\(target)?replace=addressBook", keyed)
            read = await harness.send("GET", "\(target)?expandSubResources=true")
            let entries = read.json["addressBook"]?["items"]
            #expect(entries?.array?.count == 1 && entries?[0]?["label"] == "HQ")
            #expect(entries?[0]?["addressBookAddress"]?["city"] == "Ulm")
        }
    }

    @Test("a list finds by external id and shows links only")
    func list() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            let id = try await harness.createCustomer()
            try await harness.createCustomer("SFACC-2", name: "Two")
            let found = await harness.send("GET", "\(Self.records)/customer?q=externalId%20IS%20%22SFACC-1%22")
            #expect(found.header("Content-Type") == "application/vnd.oracle.resource+json; type=collection")
            #expect(found.json["totalResults"] == 1 && found.json["hasMore"] == false)
            #expect(found.json["items"]?[0]?["id"] == .string(id) && found.json["items"]?[0]?["companyName"] == nil)
            #expect(await harness.send("GET", "\(Self.records)/customer/?limit=1&offset=1").json["count"] == 1)
            #expect(await harness.send("GET", "\(Self.records)/customer?limit=2&offset=1").code == "INVALID_PARAMETER")
        }
    }
}
