import Contracts
import EventLoop
import Foundation
import JSONText
import Salesforce

@testable import OrderPublisher

/// Answers the publisher's own queries from records in memory.
@Loop
final class FakeSalesforce: OrderSource {
    var orders: [String: JSONObject] = [:]
    var lines: [String: JSONObject] = [:]
    /// Records that whole readings give in an older state, or not at all, as a lagging replica would.
    var lagging: [String: JSONObject?] = [:]
    var usage: APIUsage?
    var serverTime: UTCInstant? = try? UTCInstant("2026-05-28T21:00:00Z")
    private(set) var queries: [String] = []

    func presentTime() async throws(SalesforceFailure) -> UTCInstant {
        serverTime ?? UTCInstant(millisecondsSinceEpoch: 0)
    }

    func organizationId() async throws(SalesforceFailure) -> SalesforceId {
        do { return try SalesforceId(SampleOrders.organizationId) } catch { throw .systemTrouble(reason: "\(error)") }
    }

    func fieldNames(of object: String) async throws(SalesforceFailure) -> Set<String> {
        let described = SampleOrders.described
        return switch object {
        case "Order": described.order
        case "OrderItem": described.line
        case "Account": described.account
        default: described.product
        }
    }

    func count(_ soql: SOQL) async throws(SalesforceFailure) -> Int { orders.count }

    func records(_ soql: SOQL) async throws(SalesforceFailure) -> [JSONObject] {
        let text = soql.text
        queries.append(text)
        if text.contains("FROM Organization") { return [["DefaultCurrencyIsoCode": "USD"]] }
        let all = text.contains("FROM OrderItem") ? lines : orders
        if text.contains(" IN (") {
            let column = text.contains("FROM OrderItem") ? "OrderId" : "Id"
            let ids = Set(matches(of: #"'([0-9A-Za-z]{18})'"#, in: text))
            return all.compactMap { id, record in lagging[id] ?? record }
                .filter { ids.contains($0[column]?.string ?? "") }
        }
        return page(of: Array(all.values), text)
    }

    private func page(of records: [JSONObject], _ text: String) -> [JSONObject] {
        let stamp = (matches(of: #"SystemModstamp >=? ([0-9TZ:-]+)"#, in: text).first).flatMap { try? UTCInstant($0) }
        let id = matches(of: #"Id > '([0-9A-Za-z]+)'"#, in: text).first ?? ""
        guard let stamp else { return [] }
        let from = WatchCursor(stamp: stamp, id: id)
        let sorted = records.map { (position(of: $0), $0) }.filter { id.isEmpty ? $0.0 >= from : $0.0 > from }
            .sorted { $0.0 < $1.0 }
        return sorted.prefix(ChangeDetection.pageSize).map(\.1)
    }

    private func position(of record: JSONObject) -> WatchCursor {
        let stamp = (record["SystemModstamp"]?.string).flatMap { try? UTCInstant($0) }
        return WatchCursor(stamp: stamp ?? UTCInstant(millisecondsSinceEpoch: 0), id: record["Id"]?.string ?? "")
    }

    private func matches(of pattern: String, in text: String) -> [String] {
        guard let expression = try? NSRegularExpression(pattern: pattern) else { return [] }
        let range = NSRange(text.startIndex..., in: text)
        return expression.matches(in: text, range: range).compactMap { match in
            Range(match.range(at: 1), in: text).map { String(text[$0]) }
        }
    }

    // MARK: - What people do

    /// Puts an active order with one line, numbered from 1.
    func activate(_ number: Int, at stamp: String, quantity: Int = 2) throws {
        let id = Self.id("801Qk", number)
        let lineId = Self.id("802Qk", number)
        orders[id] = SampleOrders.order([
            "Id": .string(id), "SystemModstamp": .string(stamp), "ActivatedDate": .string(stamp),
            "OrderNumber": .string("\(number)"),
        ])
        lines[lineId] = SampleOrders.line(
            1,
            [
                "Id": .string(lineId), "OrderId": .string(id), "SystemModstamp": .string(stamp),
                "Quantity": .number(JSONNumber(quantity)),
            ])
    }

    func change(order number: Int, _ changes: [String: JSONValue]) {
        for (name, value) in changes { orders[Self.id("801Qk", number)]?[name] = value }
    }

    func change(lineOf number: Int, _ changes: [String: JSONValue]) {
        for (name, value) in changes { lines[Self.id("802Qk", number)]?[name] = value }
    }

    nonisolated static func id(_ prefix: String, _ number: Int) -> String {
        let digits = String(number)
        let text = prefix + String(repeating: "0", count: 10 - digits.count) + digits
        return (try? SalesforceId(text).text) ?? text
    }
}
