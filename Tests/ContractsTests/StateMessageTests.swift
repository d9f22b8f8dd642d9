import Contracts
import JSONText
import TestSupport
import Testing

@Suite("Progress and stock are read strictly and written exactly")
struct StateMessageTests {
    /// The encoded message, changed as text.
    private static func bytes(_ encoded: [UInt8], _ old: String, _ new: String) throws -> [UInt8] {
        let text = String(decoding: encoded, as: UTF8.self)
        try #require(text.contains(old), "the sample has no \(old)")
        return Array(text.replacing(old, with: new, maxReplacements: 1).utf8)
    }

    @Test("what is written reads back")
    func roundTrip() throws {
        let progress = try Samples.progress()
        #expect(try OrderProgress.decode(progress.encode()) == progress)
        let least = OrderProgress(
            orderId: progress.orderId, netSuite: .init(id: "1"), state: .deletedInNetSuite, asOf: progress.asOf)
        #expect(try OrderProgress.decode(least.encode()) == least)
        let stock = try Samples.stock()
        #expect(try StockCount.decode(stock.encode()) == stock)
        let service = StockCount(sku: "S", itemId: "7", active: false, asOf: stock.asOf)
        #expect(try StockCount.decode(service.encode()) == service)
    }

    @Test("decimals keep their digits")
    func decimals() throws {
        let progress = try OrderProgress.decode(Samples.progress().encode())
        #expect(progress.lines.first?.shipped.text == "2.0")
        #expect(progress.netSuite.total?.text == "99.00")
        #expect(try StockCount.decode(Samples.stock().encode()).listPrice?.amount.text == "55.00")
    }

    @Test("fields of a newer sender are ignored, and null for a field that may lack is its absence")
    func newerSender() throws {
        let progress = try Samples.progress()
        let more = try Self.bytes(progress.encode(), #""closed":false"#, #""closed":false,"picked":{"a":[1]}"#)
        #expect(try OrderProgress.decode(more) == progress)
        var without = progress
        without.netSuite.number = nil
        without.shipments[0].carrier = nil
        without.shipments[0].date = nil
        let nulls = try [
            (#""SO1001""#, "null"), (#""UPS \"Ground\"""#, "null"), (#""date":"2026-05-28""#, #""date":null"#),
        ]
        .reduce(progress.encode()) { try Self.bytes($0, $1.0, $1.1) }
        #expect(try OrderProgress.decode(nulls) == without)
        var stock = try Samples.stock()
        let priceless = try Self.bytes(stock.encode(), #"{"amount":"55.00","currency":"USD"}"#, "null")
        stock.listPrice = nil
        #expect(try StockCount.decode(priceless) == stock)
        let former = try Self.bytes(
            progress.encode(), #","payments":[{"id":"7001","number":"PYMT3","status":"deposited","applied":"15"}]"#, "")
        without = progress
        without.payments = []
        #expect(try OrderProgress.decode(former) == without, "the list came later than the others")
    }

    @Test(
        "a bad field of progress is refused with its path",
        arguments: [
            (#""orderId":"801Qk00000aBcDeIAK""#, #""orderId":"802Qk00000Ab1CdIAJ""#, "orderId"),
            (#""orderId":"801Qk00000aBcDeIAK","#, "", "orderId"),
            (#""netSuite":{"id":"1001","#, #""netSuite":{"#, "netSuite.id"),
            (#""netSuite":{"id":"1001""#, #""netSuite":{"id":1001"#, "netSuite.id"),
            (#""number":"SO1001""#, #""number":"""#, "netSuite.number"),
            (#""total":"99.00""#, #""total":99.00"#, "netSuite.total"),
            (#""currency":"USD""#, #""currency":"usd""#, "netSuite.currency"),
            (#""state":"partly invoiced""#, #""state":"Partly Invoiced""#, "state"),
            (#""state":"partly invoiced","#, "", "state"),
            (#""id":"802Qk00000Ab1CdIAJ""#, #""id":"802Qk00000Ab1Cd""#, "lines[0].id"),
            (#""shipped":"2.0""#, #""shipped":"-2.0""#, "lines[0].shipped"),
            (#""invoiced":"1""#, #""invoiced":"one""#, "lines[0].invoiced"),
            (#""invoiced":"1","#, "", "lines[0].invoiced"), (#""closed":false"#, #""closed":"F""#, "lines[0].closed"),
            (#""lines":[{"id":"802Qk00000Ab1CdIAJ","shipped""#, #""lines":null,"x":[{"shipped""#, "lines"),
            (#""id":"5120""#, #""id":"5121""#, "shipments[1]"), (#""number":"IF77","#, "", "shipments[0].number"),
            (#""date":"2026-05-28""#, #""date":"5/28/2026""#, "shipments[0].date"),
            (#""status":"shipped""#, #""status":null"#, "shipments[0].status"),
            (#""carrier":"UPS \"Ground\"""#, #""carrier":7"#, "shipments[0].carrier"),
            (#""1Z999AA10123456785""#, "12", "shipments[0].trackingNumbers[1]"),
            (#""1Z999AA10123456785""#, #"" ""#, "shipments[0].trackingNumbers[1]"),
            (#","trackingNumbers":["1Z999AA10123456784","1Z999AA10123456785"]"#, "", "shipments[0].trackingNumbers"),
            (#""quantity":"2.0""#, #""quantity":"-2""#, "shipments[0].lines[0].quantity"),
            (#","quantity":"2.0""#, "", "shipments[0].lines[0].quantity"),
            (#""total":"49.50""#, #""total":"1e99""#, "invoices[0].total"),
            (#","unpaid":"29.50""#, "", "invoices[0].unpaid"), (#""paid":"20""#, #""paid":null"#, "invoices[0].paid"),
            (#","applied":"15""#, "", "payments[0].applied"), (#""id":"7001""#, #""id":"a\u0000b""#, "payments[0].id"),
            (#""status":"fully applied","#, "", "credits[0].status"),
            (#""total":"5""#, #""total":"5,00""#, "credits[0].total"),
            (#""asOf":"2026-05-28T20:26:40.123Z""#, #""asOf":"2026-05-28 20:26:40""#, "asOf"),
            (#","asOf":"2026-05-28T20:26:40.123Z""#, "", "asOf"),
        ])
    func badProgress(_ old: String, _ new: String, _ path: String) throws {
        let bytes = try Self.bytes(Samples.progress().encode(), old, new)
        let error = try caught(ContractError.self) { try OrderProgress.decode(bytes) }
        #expect(error.path == path)
    }

    @Test(
        "each list of progress but the payments is required", arguments: ["lines", "shipments", "invoices", "credits"])
    func lists(_ name: String) throws {
        let bytes = try Self.bytes(Samples.progress().encode(), "\"\(name)\":[{", "\"other\":[{")
        let error = try caught(ContractError.self) { try OrderProgress.decode(bytes) }
        #expect(error.path == name)
    }

    @Test(
        "a bad field of stock is refused with its path",
        arguments: [
            (#""sku":"SKU-RED","#, "", "sku"), (#""sku":"SKU-RED""#, #""sku":"""#, "sku"),
            (#""sku":"SKU-RED""#, #""sku":7"#, "sku"), (#""itemId":"801""#, #""itemId":null"#, "itemId"),
            (#""active":true"#, #""active":"T""#, "active"), (#""active":true,"#, "", "active"),
            (#""amount":"55.00""#, #""amount":55.00"#, "listPrice.amount"),
            (#""amount":"55.00","#, "", "listPrice.amount"),
            (#""currency":"USD""#, #""currency":"US Dollar""#, "listPrice.currency"),
            (#"{"amount":"55.00","currency":"USD"}"#, #""55.00""#, "listPrice"),
            (#""locations":[{"id":"1""#, #""locations":[{"id":"2""#, "locations[1]"),
            (#""locations":["#, #""elsewhere":["#, "locations"),
            (#""available":"8""#, #""available":null"#, "locations[0].available"),
            (#","backOrdered":"2.5""#, "", "locations[1].backOrdered"),
            (#""onHand":"-1""#, #""onHand":"many""#, "locations[1].onHand"),
            (#""name":"West""#, #""name":"  ""#, "locations[1].name"),
            (#""asOf":"2026-05-28T20:26:40.123Z""#, #""asOf":1780000000000"#, "asOf"),
        ])
    func badStock(_ old: String, _ new: String, _ path: String) throws {
        let bytes = try Self.bytes(Samples.stock().encode(), old, new)
        let error = try caught(ContractError.self) { try StockCount.decode(bytes) }
        #expect(error.path == path)
    }

    @Test("what is wrong with NetSuite's data is to be mended in NetSuite")
    func mends() throws {
        for (old, new) in [
            (#""number":"IF77""#, #""number":"""#), (#""date":"2026-05-28""#, #""date":"2026-02-30""#),
            (#""total":"99.00""#, #""total":"1e99""#),
            (#""number":"IF77""#, "\"number\":\"\(String(repeating: "9", count: 256))\""),
        ] {
            let bytes = try Self.bytes(Samples.progress().encode(), old, new)
            let error = try caught(ContractError.self) { try OrderProgress.decode(bytes) }
            #expect(error.mend.hasSuffix("in NetSuite"), "\(error)")
        }
    }

    @Test("a message beyond a megabyte is refused")
    func size() throws {
        var progress = try Samples.progress()
        let shipment = progress.shipments[0]
        progress.shipments = (1...6_000).map { number in
            var other = shipment
            other.id = "\(number)"
            return other
        }
        let error = try caught(ContractError.self) { try OrderProgress.decode(progress.encode()) }
        #expect(error.reason.contains("more than the 1048576 allowed"))
    }
}
