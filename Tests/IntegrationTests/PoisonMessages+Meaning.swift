import Contracts
import Foundation
import JSONText
import Kafka

/// Messages whose parts disagree, and orders that are well-formed and cannot be written.
extension PoisonMessage {
    private static let required = [
        "content-type", "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_ordering",
    ]

    private static func header(
        _ name: String, _ header: String, _ spoil: @escaping @Sendable (inout OrderMessage) throws -> Void
    ) -> PoisonMessage {
        PoisonMessage("\(name) \(header)", .letter(.invalidMessage, field: "header \(header)"), spoil)
    }

    static let headers =
        required.map { name in header("without", name) { $0.removeHeader(name) } }
        + required.map { name in header("null as", name) { $0.setHeader(name, nil) } }
        + required.map { name in header("no text as", name) { $0.setHeader(name, [0xC3, 0x28]) } }
        + required.map { name in header("another", name) { $0.setHeader(name, Array("other".utf8)) } } + [
            header("another order's", "ce_subject") {
                $0.setHeader("ce_subject", Array(try OrderMessage.id("801", 1).utf8))
            },
            header("another version's", "ce_ordering") { $0.setHeader("ce_ordering", Array("17".utf8)) },
            header("the highest", "ce_ordering") { $0.setHeader("ce_ordering", Array("\(Int64.max)".utf8)) },
            header("too high a", "ce_ordering") { $0.setHeader("ce_ordering", Array("99999999999999999999".utf8)) },
            header("a foreign", "ce_source") { $0.setHeader("ce_source", Array("/elsewhere/publisher".utf8)) },
            header("twice", "ce_id") { $0.headers.append($0.headers[2]) },
            PoisonMessage("no headers at all", .letter(.invalidMessage, field: "header content-type")) {
                $0.headers = []
            },
            PoisonMessage("a trace that is none", .written) { $0.setHeader("traceparent", Array("trace me".utf8)) },
            PoisonMessage("a replay of no letter", .written) {
                $0.headers.append(KafkaHeader("ce_replayof", "'; drop table"))
            },
            PoisonMessage("a replay of a letter out of range", .written) {
                $0.headers.append(KafkaHeader("ce_replayof", "99999999999999999999"))
            },
            PoisonMessage("foreign headers", .written) {
                $0.headers += [
                    KafkaHeader(name: "x-bytes", value: [0xFF, 0x00]), KafkaHeader(name: "x-none", value: nil),
                ]
            },
        ]

    static let keys = [
        PoisonMessage("no key", .letter(.invalidMessage, field: "key"), namesOrder: false) { $0.key = nil },
        PoisonMessage("an empty key", .letter(.invalidMessage, field: "key"), namesOrder: false) { $0.key = [] },
        PoisonMessage("a word as key", .letter(.invalidMessage, field: "key"), namesOrder: false) {
            $0.key = Array("order".utf8)
        },
        PoisonMessage("bytes as key", .letter(.invalidMessage, field: "key"), namesOrder: false) {
            $0.key = [0, 0xFF]
        },
        PoisonMessage("an account's id as key", .letter(.invalidMessage, field: "key"), namesOrder: false) {
            $0.key = Array(try OrderMessage.id("001", 1).utf8)
        },
        PoisonMessage("15 characters as key", .letter(.invalidMessage, field: "key"), namesOrder: false) {
            $0.key = $0.key.map { Array($0.prefix(15)) }
        },
        PoisonMessage("bytes that are no text under a word", .letter(.undecodable, field: nil), namesOrder: false) {
            $0.key = Array("order".utf8)
            $0.bytes = [0xC3]
        },
    ]

    // MARK: Orders that NetSuite cannot have

    static let mapping = [
        PoisonMessage("a currency in small letters", .letter(.invalidMessage, field: "currency")) {
            $0.body["currency"] = "usd"
        },
        PoisonMessage("a currency that the mapping lacks", .letter(.mappingFailed, field: "currency")) {
            $0.body["currency"] = "JPY"
        },
        PoisonMessage("a currency that NetSuite lacks", .letter(.refused, field: "currency")) {
            $0.body["currency"] = "CHF"
        },
        PoisonMessage("a SKU that NetSuite lacks", .letter(.missingItem, field: "lines[0].sku")) {
            $0.setLine("sku", "SKU-NOWHERE")
        },
        PoisonMessage("a SKU that would be a query", .letter(.missingItem, field: "lines[0].sku")) {
            $0.setLine("sku", "x') OR itemid LIKE '%' --")
        },
        PoisonMessage("a SKU of control characters", .letter(.missingItem, field: "lines[0].sku")) {
            $0.setLine("sku", "\u{1}\u{1F}\u{7F}\\\"%_")
        },
        PoisonMessage("a SKU of emoji", .letter(.missingItem, field: "lines[0].sku")) { $0.setLine("sku", "📦📦") },
        PoisonMessage("terms that the mapping lacks", .letter(.mappingFailed, field: "custom.Payment_Terms__c")) {
            $0.body["custom"] = ["Payment_Terms__c": "When it suits"]
        },
        PoisonMessage("a linked customer that is a word", .letter(.invalidMessage, field: "account.netSuiteId")) {
            $0.set("account", "netSuiteId", "Acme")
        },
        PoisonMessage("a linked customer that is not there", .letter(.refused, field: "entity")) {
            $0.set("account", "netSuiteId", "99999999")
        },
        PoisonMessage("a customer's name that is taken", .letter(.customerNameTaken, field: "account.name")) {
            $0.set("account", "name", .string(Self.takenName))
        },
    ]

    static let extremes = [
        PoisonMessage("amounts whose product fits nowhere", .letter(.mappingFailed, field: "lines[0].unitPrice")) {
            $0.setLine("quantity", "999999999999999999")
            $0.setLine("unitPrice", "999999999999999999")
        },
        PoisonMessage("a price of 18 decimals", .written) { $0.setLine("unitPrice", "0.000000000000000001") },
        PoisonMessage("a price below nothing", .written) { $0.setLine("unitPrice", "-1.00") },
        PoisonMessage("a name of 200 families", .written) {
            $0.set("account", "name", .string(String(repeating: "👩‍👩‍👧", count: 30) + "x"))
        },
        PoisonMessage("an e-mail that is none", .letter(.refused, field: "email")) {
            $0.set("account", "email", .string("nobody at \(OrderMessage.mark)"))
        },
        PoisonMessage("a country of nowhere", .letter(.mappingFailed, field: "shipTo.country")) {
            $0.set("shipTo", "country", "Atlantis")
        },
        PoisonMessage("an order number that writes to terminals", .written) {
            $0.body["orderNumber"] = "\u{1B}[2J\u{1B}[31m1"
        },
        PoisonMessage("an address without anything", .written) { $0.body["shipTo"] = [:] },
        PoisonMessage("no address at all", .written) { $0.body["shipTo"] = nil },
        PoisonMessage("an address that is null", .written) { $0.body["shipTo"] = .null },
    ]

    static let takenName = "Taken \(OrderMessage.mark) Ltd"

    static let versions = [
        PoisonMessage("a version two days ahead", .letter(.invalidMessage, field: "version")) {
            $0.setVersion($0.version + 2 * 86_400_000)
        },
        PoisonMessage("the highest version", .letter(.invalidMessage, field: "version")) { $0.setVersion(.max) },
        PoisonMessage("a version of nothing", .letter(.invalidMessage, field: "version")) { $0.setVersion(0) },
        PoisonMessage("a version below nothing", .letter(.invalidMessage, field: "version")) {
            $0.body["version"] = -5
        },
    ]
}
