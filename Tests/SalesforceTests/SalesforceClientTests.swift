import Contracts
import EventLoop
import Foundation
import HTTPServer
import JSONText
import Salesforce
import Signing
import Telemetry
import TestSupport
import Testing

@Suite("The client logs in once and keeps its head")
struct SalesforceLoginTests {
    @Test("the assertion is signed with RS256 and ends in three minutes")
    func assertion() async throws {
        try await onLoop {
            let fake = try FakeSalesforce.start()
            let client = try fake.client()
            #expect(try await client.organizationId().text == "00DQk000000XyZaMAK")
            #expect(try await client.userId().text == "005Qk000001AbCdIAK")
            let form = try #require(fake.assertions.first)
            #expect(form.hasPrefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="))
            let token = try #require(form.split(separator: "=").last.map(String.init))
            let key = try FakeSalesforce.key.get().publicKey
            let claims = try JSONValue.parse(JSONWebToken.verify(token, algorithms: [.RS256], key: key))
            #expect(claims["iss"]?.string == "client" && claims["sub"]?.string == "user@example.com")
            #expect(claims["aud"]?.string == "https://login.salesforce.com")
            let left = try #require(claims["exp"]?.int64) - Int64(Date().timeIntervalSince1970)
            #expect((170...181).contains(left))
            await fake.stop()
        }
    }

    @Test("many callers share one login, and one renewal of an expired session")
    func singleFlight() async throws {
        try await onLoop {
            let fake = try FakeSalesforce.start()
            fake.answer = { _ in .json(Array(#"{"totalSize":0,"done":true,"records":[]}"#.utf8)) }
            let client = try fake.client()
            let ask: @Loop @Sendable () async throws -> Void = { _ = try await client.query("SELECT Id FROM Order") }
            for round in 1...2 {
                let tasks = (0..<10).map { _ in EventLoop.shared.start { try await ask() } }
                for task in tasks { try await task.value }
                #expect(fake.logins == round)
                fake.expiredTokens.insert("Bearer \(fake.validToken)")
            }
            await fake.stop()
        }
    }

    @Test("a session that is never accepted ends after three logins, and is tried again after 30 minutes")
    func loginsAreBounded() async throws {
        try await onLoop {
            let fake = try FakeSalesforce.start()
            fake.answer = { _ in .errors(401, "INVALID_SESSION_ID") }
            let time = SimulatedTime(wallClock: Date())
            let client = try fake.client(time: time)
            for _ in 0..<5 {
                await #expect(throws: SalesforceFailure.self) { try await client.limits() }
            }
            #expect(fake.logins == 3)
            await time.advance(by: .seconds(31 * 60))
            fake.answer = { _ in .json(Array("{}".utf8)) }
            #expect(try await client.limits().isEmpty)
            #expect(fake.logins == 4)
            await fake.stop()
        }
    }

    @Test("a refused login is trouble of the system, with its code and without its text")
    func refusedLogin() async throws {
        try await onLoop {
            let fake = try FakeSalesforce.start()
            fake.loginAnswer = { _ in
                .json(
                    Array(#"{"error":"invalid_grant","error_description":"audience is invalid for Jane Doe"}"#.utf8),
                    status: 400)
            }
            let client = try fake.client()
            let failure = try await caught(SalesforceFailure.self) { try await client.limits() }
            #expect("\(failure)".contains("HTTP 400, invalid_grant, the audience is not accepted"))
            #expect(!"\(failure)".contains("Jane"))
            await fake.stop()
        }
    }

    @Test(
        "the token goes to hosts of Salesforce and to the host that gave it only",
        arguments: [
            "https://evil.example", "http://acme.my.salesforce.com", "https://acme.my.salesforce.com.evil.example",
            "https://acme.my.salesforce.com@evil.example", "https://acme.my.salesforce.com/path", "",
            "http://127.0.0.1:1",
        ])
    func foreignInstances(_ instance: String) async throws {
        try await onLoop {
            let fake = try FakeSalesforce.start()
            fake.loginAnswer = { _ in FakeSalesforce.token("secret-token", instance: instance) }
            let client = try fake.client()
            let failure = try await caught(SalesforceFailure.self) { try await client.organizationId() }
            #expect("\(failure)".contains("instance_url"))
            await fake.stop()
        }
    }

    @Test("a My Domain host is accepted")
    func myDomain() async throws {
        try await onLoop {
            let fake = try FakeSalesforce.start()
            fake.loginAnswer = { _ in FakeSalesforce.token("t", instance: "https://acme--uat.sandbox.my.salesforce.com")
            }
            #expect(try await fake.client().organizationId().prefix == "00D")
            await fake.stop()
        }
    }
}

@Suite("Answers of Salesforce are told apart")
struct SalesforceAnswerTests {
    static let id = Result { try SalesforceId("801Qk00000aBcDeIAK") }

    static func update() throws -> RecordUpdate {
        RecordUpdate(object: "Order", id: try id.get(), fields: ["NetSuite_Status__c": "shipped", "X__c": nil])
    }

    @Test("pages are followed to the end, with numbers exact, usage and clock kept")
    func paging() async throws {
        try await onLoop {
            let fake = try FakeSalesforce.start()
            fake.answer = { request in
                let isFirst = request.path.hasSuffix("/query")
                let body =
                    isFirst
                    ? #"{"totalSize":2,"done":false,"nextRecordsUrl":"/services/data/v67.0/query/01g-2","records":[{"A":1.10}]}"#
                    : #"{"totalSize":2,"done":true,"records":[{"A":2}]}"#
                return .json(
                    Array(body.utf8),
                    headers: [("Sforce-Limit-Info", "api-usage=25/5000; per-app-api-usage=1/2(appName=x)")])
            }
            let client = try fake.client()
            let records = try await client.records("SELECT A FROM Order WHERE Name = \("O'Neil\\ & Söhne+1")")
            #expect(records.map { $0["A"]?.number?.text } == ["1.10", "2"])
            #expect(client.usage == APIUsage(used: 25, allowed: 5000))
            #expect(client.serverTime != nil)
            let query = try #require(fake.requests.first)
            #expect(query.queryItems.first?.value == #"SELECT A FROM Order WHERE Name = 'O\'Neil\\ & Söhne+1'"#)
            #expect(query.headers["Sforce-Call-Options"] == "client=crossdock")
            await fake.stop()
        }
    }

    @Test(
        "a next page elsewhere is not followed", arguments: ["https://evil.example/", "/other", "/services/data/../x"])
    func foreignPage(_ next: String) async throws {
        try await onLoop {
            let fake = try FakeSalesforce.start()
            let body: JSONValue = ["done": false, "records": [], "nextRecordsUrl": .string(next)]
            fake.answer = { _ in .json(body.bytes()) }
            let client = try fake.client()
            await #expect(throws: SalesforceFailure.self) { try await client.records("SELECT Id FROM Order") }
            #expect(fake.requests.count == 1)
            await fake.stop()
        }
    }

    @Test("each record of a collection has its own result")
    func collections() async throws {
        try await onLoop {
            let fake = try FakeSalesforce.start()
            fake.answer = { _ in
                .json(
                    Array(
                        """
                        [{"id":"801Qk00000aBcDeIAK","success":true,"errors":[]},
                        {"success":false,"errors":[{"statusCode":"STRING_TOO_LONG","message":"m","fields":["F__c"]}]},
                        {"success":false,"errors":[{"statusCode":"UNABLE_TO_LOCK_ROW","message":"m","fields":[]}]}]
                        """.utf8))
            }
            let client = try fake.client()
            let results = try await client.update([Self.update(), Self.update(), Self.update()])
            #expect(results[0] == .updated)
            #expect(results[1] == .refused(SalesforceRefusal(code: "STRING_TOO_LONG", fields: ["F__c"], message: "m")))
            guard case .busy = results[2] else {
                Issue.record("a locked row is busy")
                return
            }
            let request = try #require(fake.requests.first)
            #expect(request.method == "PATCH" && request.path == "/services/data/v67.0/composite/sobjects")
            let body = try JSONValue.parse(request.body)
            #expect(body["allOrNone"]?.bool == false)
            let expected: JSONValue = [
                "attributes": ["type": "Order"], "id": "801Qk00000aBcDeIAK", "NetSuite_Status__c": "shipped",
                "X__c": nil,
            ]
            #expect(body["records"]?[0] == expected)
            await fake.stop()
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let answer: HTTPResponse
        let isRead: @Sendable (SalesforceFailure) -> Bool
        let isWrite: @Sendable (SalesforceFailure) -> Bool

        init(
            _ name: String, _ answer: HTTPResponse, read: @escaping @Sendable (SalesforceFailure) -> Bool,
            write: @escaping @Sendable (SalesforceFailure) -> Bool
        ) {
            testDescription = name
            self.answer = answer
            isRead = read
            isWrite = write
        }
    }

    static let trouble: @Sendable (SalesforceFailure) -> Bool = { failure in
        guard case .systemTrouble = failure else { return false }
        return true
    }
    static let unknown: @Sendable (SalesforceFailure) -> Bool = { failure in
        guard case .unknownOutcome = failure else { return false }
        return true
    }
    static let refused: @Sendable (SalesforceFailure) -> Bool = { failure in
        guard case .refused = failure else { return false }
        return true
    }

    static let cases: [Case] = [
        Case("a refusal", .errors(400, "INVALID_FIELD"), read: refused, write: refused),
        Case("the daily limit", .errors(403, "REQUEST_LIMIT_EXCEEDED"), read: trouble, write: trouble),
        Case("maintenance", .text("<html>down</html>", status: 503), read: trouble, write: trouble),
        Case("no routing", .text("", status: 420), read: trouble, write: trouble),
        Case("an error behind", .text("oops", status: 500), read: trouble, write: unknown),
        Case("a bad gateway", .text("oops", status: 502), read: trouble, write: unknown),
        Case("a cut connection", .disconnect, read: trouble, write: unknown),
        Case("an unreadable answer", .text("{", status: 200), read: trouble, write: unknown),
        Case("an answer of another shape", .text("[1]", status: 200), read: trouble, write: unknown),
        Case("another 401", .errors(401, "INVALID_AUTH_HEADER"), read: trouble, write: trouble),
        Case("a refusal without code", .text("no", status: 400), read: trouble, write: trouble),
        Case("a lock", .errors(400, "UNABLE_TO_LOCK_ROW"), read: trouble, write: trouble),
    ]

    @Test("reads and writes end in the right kind of failure", arguments: cases)
    func failures(_ given: Case) async throws {
        try await onLoop {
            let fake = try FakeSalesforce.start()
            fake.answer = { _ in given.answer }
            let client = try fake.client()
            let read = try await caught(SalesforceFailure.self) { try await client.query("SELECT Id FROM Order") }
            #expect(given.isRead(read), "\(String(describing: read))")
            let write = try await caught(SalesforceFailure.self) {
                try await client.update([Self.update(), Self.update()])
            }
            #expect(given.isWrite(write), "\(String(describing: write))")
            #expect(!"\(read) \(write)".contains("Jane"))
            await fake.stop()
        }
    }

    @Test("a host that does not answer is trouble of the system, for writes too")
    func nothingListens() async throws {
        try await onLoop {
            let fake = try FakeSalesforce.start()
            let client = try fake.client()
            _ = try await client.organizationId()
            await fake.stop()
            let failure = try await caught(SalesforceFailure.self) { try await client.update([Self.update()]) }
            #expect(Self.trouble(failure))
        }
    }

    @Test("a description is read, and an object that is not granted is none")
    func describe() async throws {
        try await onLoop {
            let fake = try FakeSalesforce.start()
            fake.answer = { request in
                guard request.path.contains("/Order/") else { return .errors(404, "NOT_FOUND") }
                return .json(
                    Array(
                        """
                        {"name":"Order","queryable":true,"updateable":true,"fields":[{"name":"NetSuite_Order_Id__c",
                        "type":"string","length":32,"updateable":true,"externalId":true,"unique":true,"filterable":true}]}
                        """.utf8))
            }
            let client = try fake.client()
            let order = try #require(try await client.describe("Order"))
            let field = try #require(order.fields["NetSuite_Order_Id__c"])
            #expect(field.length == 32 && field.isUnique && field.isExternalId && field.isUpdateable)
            #expect(try await client.describe("Nothing") == nil)
            await fake.stop()
        }
    }
}

@Suite("Small facts are read exactly")
struct SalesforceFactTests {
    @Test("usage that is none is ignored", arguments: ["", "api-usage=", "api-usage=1", "api-usage=a/b", "x=1/2"])
    func badUsage(_ header: String) {
        #expect(APIUsage(header: header) == nil)
    }

    @Test("an HTTP date is read")
    func httpDate() {
        #expect(UTCInstant(httpDate: "Sun, 06 Nov 1994 08:49:37 GMT")?.text == "1994-11-06T08:49:37.000Z")
        #expect(UTCInstant(httpDate: "Sunday, 06-Nov-94 08:49:37 GMT") == nil)
        #expect(UTCInstant(httpDate: "Sun, 06 Foo 1994 08:49:37 GMT") == nil)
    }

    @Test("values cannot become query")
    func injection() throws {
        let hostile = "x' OR Name != '\\"
        let query: SOQL = "SELECT Id FROM Order WHERE Name = \(hostile)"
        #expect(query.text == #"SELECT Id FROM Order WHERE Name = 'x\' OR Name != \'\\'"#)
        let id = try SalesforceId("801Qk00000aBcDeIAK")
        let list: SOQL = "Id IN \([id, id]) AND SystemModstamp > \(try UTCInstant("2026-05-28T20:26:40.000+0000"))"
        #expect(
            list.text == "Id IN ('801Qk00000aBcDeIAK','801Qk00000aBcDeIAK') AND SystemModstamp > 2026-05-28T20:26:40Z")
    }
}
