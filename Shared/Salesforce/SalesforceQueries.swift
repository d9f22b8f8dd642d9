import Contracts
public import JSONText

/// One page of a query's records.
public struct QueryPage: Sendable {
    /// How many records the whole query has.
    public let totalSize: Int
    /// The records of this page, as Salesforce wrote them.
    public let records: [JSONObject]
    /// Where the next page lies; `nil` on the last.
    public let nextRecordsPath: String?
}

/// The daily limits that `limits` tells.
public struct SalesforceLimit: Sendable, Equatable {
    /// How much there is in all.
    public let maximum: Int
    /// How much is left.
    public let remaining: Int
}

extension SalesforceClient {
    /// Runs a query and gives its first page.
    public func query(_ soql: SOQL) async throws(SalesforceFailure) -> QueryPage {
        let path = path("query") + "?q=" + percentEncoded(soql.text)
        // Salesforce refuses URIs beyond 16,384 bytes with a page that has no code.
        guard path.utf8.count <= 15_000 else {
            throw .refused(SalesforceRefusal(code: "URI_TOO_LONG", message: "split the query's lists"))
        }
        return try page(try await call("GET", path))
    }

    /// The page behind this one; `nil` where this is the last.
    public func page(after page: QueryPage) async throws(SalesforceFailure) -> QueryPage? {
        guard let next = page.nextRecordsPath else { return nil }
        return try self.page(try await call("GET", next))
    }

    /// All records of a query, in its order; a query whose cursor died is begun again once.
    public func records(_ soql: SOQL) async throws(SalesforceFailure) -> [JSONObject] {
        do {
            return try await allPages(soql)
        } catch .refused(let refusal) where refusal.code == "INVALID_QUERY_LOCATOR" {
            return try await allPages(soql)
        }
    }

    /// What Salesforce says of its limits, by name, such as `DailyApiRequests`.
    public func limits() async throws(SalesforceFailure) -> [String: SalesforceLimit] {
        let answer = try parsed(try await call("GET", path("limits/")))
        var limits: [String: SalesforceLimit] = [:]
        for member in answer.object?.members ?? [] {
            guard let maximum = member.value["Max"]?.int64, let remaining = member.value["Remaining"]?.int64 else {
                continue
            }
            limits[member.name] = SalesforceLimit(maximum: Int(maximum), remaining: Int(remaining))
        }
        return limits
    }

    /// Whatever is missing or too much is trouble: a row that is silently lost would be an order that never comes.
    private func allPages(_ soql: SOQL) async throws(SalesforceFailure) -> [JSONObject] {
        var latest = try await query(soql)
        let expected = latest.totalSize
        guard latest.nextRecordsPath != nil || latest.records.count == expected else {
            throw .systemTrouble(reason: "a query's answer shows \(latest.records.count) of \(expected) records")
        }
        var records = latest.records
        var pages: Set<String> = []
        while let path = latest.nextRecordsPath, let page = try await page(after: latest) {
            guard pages.insert(path).inserted, !page.records.isEmpty || page.nextRecordsPath == nil else {
                throw .systemTrouble(reason: "a query's pages go round in a circle")
            }
            records += page.records
            guard records.count <= expected else {
                throw .systemTrouble(reason: "a query's pages have more than its \(expected) records")
            }
            latest = page
        }
        return records
    }

    private func page(_ body: [UInt8]) throws(SalesforceFailure) -> QueryPage {
        let answer = try parsed(body)
        guard let elements = answer["records"]?.array, let isDone = answer["done"]?.bool,
            let total = answer["totalSize"]?.int64, total >= 0
        else { throw .systemTrouble(reason: "a query's answer has no records, no end or no total") }
        let records = elements.compactMap(\.object)
        guard records.count == elements.count else {
            throw .systemTrouble(reason: "a query's answer has a row that is no record")
        }
        let next = isDone ? nil : answer["nextRecordsUrl"]?.string
        guard isDone || next != nil else { throw .systemTrouble(reason: "a query's answer ends without its next page") }
        return QueryPage(
            totalSize: Int(total), records: records,
            nextRecordsPath: try next.map { path throws(SalesforceFailure) in try checkedPath(path) })
    }

    /// A path that Salesforce gave; anything else could send the token elsewhere.
    private func checkedPath(_ path: String) throws(SalesforceFailure) -> String {
        let isPlain = path.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "@") }
        guard path.hasPrefix("/services/data/"), isPlain, !path.contains("..") else {
            throw .systemTrouble(reason: "a query's next page lies outside the API")
        }
        return path
    }
}

/// Percent-encodes everything but letters, digits and `-._~` (RFC 3986, section 2.3).
func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var encoded: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            encoded.append(byte)
        default: encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return String(decoding: encoded, as: UTF8.self)
}
