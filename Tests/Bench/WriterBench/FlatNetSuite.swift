import Contracts
import EventLoop
import HTTPServer
import JSONText

/// A NetSuite that costs next to nothing: it answers what netsuite-writer asks, from memory, in constant work.
///
/// It judges no log-in and no field, but keeps what exactly-once rests on: external ids are unique, an order names a
/// customer that is there, and requests above the slots are refused. What was created stays over runs.
@Loop
final class FlatNetSuite {
    /// Where it is reached; addresses of new records begin with it.
    var origin = ""
    var figures = Figures()
    var serviceTime = Duration.zero
    /// 0 is no limit.
    var slots = 0
    /// Called when an order was created, with its number and the moment at which its request was there.
    var onOrder: (@Loop (Int, Int64) -> Void)?

    private var customers = Records(firstId: 1_000)
    private var orders = Records(firstId: 1_000_000)
    private var atOnce = 0
    private var begunAt: Int64 = 0

    /// A new run: what was seen before is forgotten, what was created stays.
    func begin(serviceTime: Duration, slots: Int) {
        figures = Figures()
        self.serviceTime = serviceTime
        self.slots = slots
        begunAt = monotonicNanoseconds()
    }

    /// Answers one request.
    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        let arrived = monotonicNanoseconds()
        figures.requests += 1
        if request.path == Self.tokenPath {
            figures.tokens += 1
            return .json(Self.token)
        }
        if request.method == "OPTIONS" {
            figures.tokenTests += 1
            return HTTPResponse(status: 204)
        }
        atOnce += 1
        figures.atOnceMost = max(figures.atOnceMost, atOnce)
        defer { atOnce -= 1 }
        if slots > 0, atOnce > slots {
            figures.refused += 1
            return RefusedRequest.concurrencyLimit.response
        }
        let ordersBefore = figures.orders
        let response = performed(request, arrived)
        let isOrder = figures.orders > ordersBefore
        if serviceTime > .zero {
            await keep()
            // A request of the run before is none of this run's.
            guard arrived >= begunAt else { return response }
            figures.keptNanoseconds += monotonicNanoseconds() - arrived
            figures.kept += 1
        }
        if isOrder { figures.lastOrderAt = monotonicNanoseconds() }
        return response
    }

    /// Keeps a request for its service time, also when its client has gone: NetSuite's slot is taken all the same.
    private func keep() async {
        await withCheckedContinuation { waiter in
            EventLoop.shared.schedule(after: serviceTime) { waiter.resume() }
        }
    }

    private static let tokenPath = "/services/rest/auth/oauth2/v1/token"
    private static let recordPath = "/services/rest/record/v1"
    private static let token = {
        let token: JSONValue = ["access_token": "load", "expires_in": "3600", "token_type": "bearer"]
        return token.bytes()
    }()

    // MARK: Requests

    private func performed(_ request: HTTPRequest, _ arrived: Int64) -> HTTPResponse {
        switch (request.method, request.path) {
        case ("POST", "/services/rest/record/v1/salesOrder"): return createOrder(request.body, arrived)
        case ("POST", "/services/rest/record/v1/customer"): return createCustomer(request.body)
        case ("POST", "/services/rest/query/v1/suiteql"): return query(request)
        case ("GET", let path) where path.hasPrefix(Self.recordPath + "/"): return record(request, path)
        default: return unknown(request)
        }
    }

    private func createOrder(_ body: [UInt8], _ arrived: Int64) -> HTTPResponse {
        guard let externalId = BodyScan.text(#""externalId":"#, in: body),
            let customer = BodyScan.number(#""entity":"#, in: body), customers.has(id: customer)
        else {
            figures.noteUnexpected("POST salesOrder without external id or known customer")
            return RefusedRequest.unknownCustomer.response
        }
        guard let id = orders.add(externalId, body) else {
            figures.doubled += 1
            return RefusedRequest.recordExists.response
        }
        if figures.orders == 0 { figures.firstOrderAt = arrived }
        figures.orders += 1
        if let number = OrderFactory.number(endingWith: externalId.utf8) { onOrder?(number, arrived) }
        return created("salesOrder", id)
    }

    private func createCustomer(_ body: [UInt8]) -> HTTPResponse {
        guard let externalId = BodyScan.text(#""externalId":"#, in: body) else {
            figures.noteUnexpected("POST customer without external id")
            return RefusedRequest.unknownCustomer.response
        }
        guard let id = customers.add(externalId, body) else {
            figures.doubledCustomers += 1
            return RefusedRequest.entityExists.response
        }
        figures.customers += 1
        return created("customer", id)
    }

    private func created(_ record: String, _ id: Int) -> HTTPResponse {
        HTTPResponse(status: 204, headers: [("Location", "\(origin)\(Self.recordPath)/\(record)/\(id)")])
    }

    private func unknown(_ request: HTTPRequest) -> HTTPResponse {
        figures.noteUnexpected("\(request.method) \(request.path)")
        return RefusedRequest.noSuchRecord.response
    }

    // MARK: Reading

    /// Every order's internal id by its external id, as JSON.
    func orderIds() -> [UInt8] {
        var writer = JSONWriter(capacity: 64 * orders.count)
        writer.beginObject()
        orders.forEach { externalId, id in
            writer.name(externalId)
            writer.int(id)
        }
        writer.endObject()
        return writer.bytes
    }

    /// A record by its id or external id, as it was created, with what NetSuite adds.
    private func record(_ request: HTTPRequest, _ path: String) -> HTTPResponse {
        figures.gets += 1
        let parts = path.dropFirst(Self.recordPath.utf8.count + 1).split(separator: "/")
        guard parts.count == 2,
            let records = parts[0] == "salesOrder" ? orders : parts[0] == "customer" ? customers : nil
        else { return unknown(request) }
        let key = parts[1]
        let id = key.hasPrefix("eid:") ? records.id(of: String(key.dropFirst(4))) : Int(key)
        guard let id, let body = records.body(of: id), var record = (try? JSONValue.parse(body))?.object else {
            return RefusedRequest.noSuchRecord.response
        }
        record["id"] = .string(String(id))
        if parts[0] == "salesOrder" {
            record["tranId"] = .string("SO\(id)")
            record["status"] = ["id": "B", "refName": "Pending Fulfillment"]
            record["orderStatus"] = ["id": "B"]
            record["total"] = .number(JSONNumber(100))
            record["item"] = request.query("expandSubResources") == "true" ? Self.numbered(record["item"]) : nil
        }
        return .json(JSONValue.object(record).bytes())
    }

    /// The lines with the keys that NetSuite gives them.
    private static func numbered(_ sublist: JSONValue?) -> JSONValue? {
        guard let items = sublist?["items"]?.array else { return sublist }
        let lines = items.enumerated().map { index, item in
            var line = item.object ?? [:]
            line["line"] = .number(JSONNumber(index + 1))
            return JSONValue.object(line)
        }
        return ["items": .array(lines), "totalResults": .number(JSONNumber(lines.count)), "hasMore": false]
    }

    private func query(_ request: HTTPRequest) -> HTTPResponse {
        guard let statement = (try? JSONValue.parse(request.body))?["q"]?.string else { return refusedQuery(request) }
        if statement.hasPrefix("SELECT id, itemid, isinactive FROM item WHERE itemid IN (") {
            figures.itemQueries += 1
            return .json(items(statement))
        }
        if statement.hasPrefix("SELECT id, tranid, status, foreigntotal, currency, entity FROM transaction WHERE "),
            let list = statement.split(separator: "(").last?.split(separator: ")").first
        {
            figures.readBacks += 1
            return .json(readBack(list))
        }
        return refusedQuery(request)
    }

    private func refusedQuery(_ request: HTTPRequest) -> HTTPResponse {
        figures.otherQueries += 1
        figures.noteUnexpected("\(request.method) \(request.path) with another query")
        return RefusedRequest.query.response
    }

    /// Every SKU of ours is an item; others are none.
    private func items(_ statement: String) -> [UInt8] {
        let numbers = Set(BodyScan.literals(in: statement).compactMap(OrderFactory.number(ofSKU:))).sorted()
        return Self.page(numbers) { number, writer in
            writer.name("id")
            writer.string(String(10_000 + number))
            writer.name("itemid")
            writer.string(OrderFactory.sku(number))
            writer.name("isinactive")
            writer.string("F")
        }
    }

    private func readBack(_ list: Substring) -> [UInt8] {
        let ids = list.split(separator: ",").compactMap { Int($0.drop { $0 == " " }) }.filter(orders.has(id:)).sorted()
        return Self.page(ids) { id, writer in
            for (name, value) in [
                ("id", String(id)), ("tranid", "SO\(id)"), ("status", "B"), ("foreigntotal", "100"), ("currency", "1"),
            ] {
                writer.name(name)
                writer.string(value)
            }
        }
    }

    private static func page(_ rows: [Int], _ row: (Int, inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(capacity: 128 + 128 * rows.count)
        writer.beginObject()
        writer.name("links")
        writer.beginArray()
        writer.endArray()
        writer.name("count")
        writer.int(rows.count)
        writer.name("hasMore")
        writer.bool(false)
        writer.name("items")
        writer.beginArray()
        for number in rows {
            writer.beginObject()
            row(number, &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.name("offset")
        writer.int(0)
        writer.name("totalResults")
        writer.int(rows.count)
        writer.endObject()
        return writer.bytes
    }
}

/// Records of one kind: internal ids that rise by one, and external ids that are unique without regard to case.
///
/// Ours differ in more than case only where they name different records, so they are compared as they are written.
struct Records {
    let firstId: Int
    private var ids: [String: Int] = [:]
    private var bodies: [[UInt8]] = []

    init(firstId: Int) { self.firstId = firstId }

    /// The new record's id; nil where the external id is taken.
    mutating func add(_ externalId: String, _ body: [UInt8]) -> Int? {
        let id = firstId + bodies.count
        let known = ids.updateValue(id, forKey: externalId)
        if let known {
            ids[externalId] = known
            return nil
        }
        bodies.append(body)
        return id
    }

    var count: Int { bodies.count }

    func forEach(_ body: (String, Int) -> Void) {
        for (externalId, id) in ids { body(externalId, id) }
    }

    func has(id: Int) -> Bool { bodies.indices.contains(id - firstId) }
    func id(of externalId: String) -> Int? { ids[externalId] }
    func body(of id: Int) -> [UInt8]? { has(id: id) ? bodies[id - firstId] : nil }
}
