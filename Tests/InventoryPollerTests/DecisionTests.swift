import Contracts
import JSONText
import NetSuite
import ServiceRuntime
import Testing

@testable import InventoryPoller

private func row(_ columns: JSONObject) -> SuiteQLRow { SuiteQLRow(columns: columns) }

@Suite("When all items are counted")
struct FullCountPlanTests {
    /// New York: the clocks skip 02:00 on 8 March 2026 and show 01:00 twice on 1 November.
    private static func rules() throws -> TimeZoneRules {
        TimeZoneRules(
            name: "America/New_York",
            transitions: [
                .init(at: try UTCInstant("2026-03-08T07:00:00Z"), offsetSeconds: -4 * 3600),
                .init(at: try UTCInstant("2026-11-01T06:00:00Z"), offsetSeconds: -5 * 3600),
            ], initialOffsetSeconds: -5 * 3600)
    }

    struct Case: Sendable {
        let name: String
        var hour = 3
        let last: String?
        let now: String
        let expected: String?
    }

    @Test(
        "once for each day of the account's, at its hour, also where the clocks skip it or show it twice",
        arguments: [
            Case(
                name: "very first start", last: nil, now: "2026-01-15T15:00:00Z",
                expected: "2026-01-15 since 2026-01-15T15:00:00.000Z after 0"),
            Case(
                name: "very first start before the hour", last: nil, now: "2026-01-15T06:00:00Z",
                expected: "2026-01-14 since 2026-01-15T06:00:00.000Z after 0"),
            Case(name: "before the hour", last: "2026-01-14 done", now: "2026-01-15T07:59:59Z", expected: nil),
            Case(
                name: "at the hour", last: "2026-01-14 done", now: "2026-01-15T08:00:00Z",
                expected: "2026-01-15 since 2026-01-15T08:00:00.000Z after 0"),
            Case(name: "done today", last: "2026-01-15 done", now: "2026-01-15T23:00:00Z", expected: nil),
            Case(
                name: "away over an hour that was due", last: "2026-01-13 done", now: "2026-01-15T05:30:00Z",
                expected: "2026-01-14 since 2026-01-15T05:30:00.000Z after 0"),
            Case(
                name: "interrupted today", last: "2026-01-15 since 2026-01-15T08:00:00.000Z after 4711",
                now: "2026-01-15T09:00:00Z", expected: "2026-01-15 since 2026-01-15T08:00:00.000Z after 4711"),
            Case(
                name: "interrupted yesterday", last: "2026-01-14 since 2026-01-14T08:00:00.000Z after 4711",
                now: "2026-01-15T09:00:00Z", expected: "2026-01-15 since 2026-01-15T09:00:00.000Z after 0"),
            Case(
                name: "interrupted yesterday, and today's is not due",
                last: "2026-01-14 since 2026-01-14T08:00:00.000Z after 4711", now: "2026-01-15T06:00:00Z",
                expected: "2026-01-14 since 2026-01-14T08:00:00.000Z after 4711"),
            Case(
                name: "an hour that spring skips, before", hour: 2, last: "2026-03-07 done",
                now: "2026-03-08T06:59:59Z", expected: nil),
            Case(
                name: "an hour that spring skips, behind", hour: 2, last: "2026-03-07 done",
                now: "2026-03-08T07:00:00Z", expected: "2026-03-08 since 2026-03-08T07:00:00.000Z after 0"),
            Case(
                name: "an hour that autumn shows twice, first", hour: 1, last: "2026-10-31 done",
                now: "2026-11-01T05:00:00Z", expected: "2026-11-01 since 2026-11-01T05:00:00.000Z after 0"),
            Case(
                name: "an hour that autumn shows twice, second", hour: 1, last: "2026-11-01 done",
                now: "2026-11-01T06:00:00Z", expected: nil),
            Case(name: "midnight", hour: 0, last: "2026-01-14 done", now: "2026-01-15T04:59:59Z", expected: nil),
            Case(
                name: "behind midnight", hour: 0, last: "2026-01-14 done", now: "2026-01-15T05:00:00Z",
                expected: "2026-01-15 since 2026-01-15T05:00:00.000Z after 0"),
            Case(
                name: "a clock that was set back", last: "2026-01-15 done", now: "2026-01-14T12:00:00Z", expected: nil),
        ])
    func due(test: Case) throws {
        let last = test.last.flatMap(FullCountCursor.init(text:))
        #expect((last == nil) == (test.last == nil))
        #expect(last?.text == test.last)
        let next = FullCountPlan(hour: test.hour).next(
            last, now: try UTCInstant(test.now), rules: try Self.rules())
        #expect(next?.text == test.expected, "\(test.name)")
    }

    @Test(
        "a text that is no cursor is none",
        arguments: ["", "done", "2026-13-01 done", "2026-01-15", "2026-01-15 since yesterday after 1"])
    func noCursor(text: String) {
        #expect(FullCountCursor(text: text) == nil)
    }
}

@Suite("Counts of what was read")
struct StockCountingTests {
    private static func count(
        _ items: [JSONObject], stock: [JSONObject] = [], prices: [JSONObject] = [], asked: [Int64]? = nil
    ) throws -> StockCounting.Result {
        let reading = StockReading(
            asked: asked ?? items.compactMap { row($0).wholeNumber("id") }, items: items.map(row),
            stock: stock.map(row), prices: prices.map(row))
        return StockCounting(currency: "USD").result(of: reading, asOf: try UTCInstant("2026-01-15T15:00:00Z"))
    }

    private static let red: JSONObject = ["id": "7", "itemid": "SKU-RED", "isinactive": "F"]

    @Test("texts and numbers give the same count to the byte, by location in the order of their ids")
    func textsAndNumbers() throws {
        let texts = try Self.count(
            [Self.red],
            stock: [
                [
                    "item": "7", "location": "12", "locationname": "West", "available": "1.50", "onhand": "2",
                    "backordered": "0",
                ],
                ["item": "7", "location": "2", "available": "4", "onhand": "4.0", "backordered": "0"],
            ], prices: [["item": "7", "unitprice": "49.50"]])
        let numbers = try Self.count(
            [["id": 7, "itemid": " SKU-RED ", "isinactive": "F"]],
            stock: [
                ["item": 7, "location": 2, "available": 4, "onhand": 4, "backordered": 0],
                [
                    "item": 7, "location": 12, "locationname": "West",
                    "available": .number(JSONNumber(text: "1.5") ?? JSONNumber(1)),
                    "onhand": 2, "backordered": 0,
                ],
            ], prices: [["item": 7, "unitprice": .number(JSONNumber(text: "49.5") ?? JSONNumber(1))]])
        #expect(texts.counted.map { $0.count.encode() } == numbers.counted.map { $0.count.encode() })
        #expect(texts.counted.first?.count.locations.map(\.name) == ["2", "West"])
        #expect(texts.counted.first?.count.listPrice?.amount.text == "49.5")
    }

    @Test("an item without stock or price is counted without, and one with two prices has none")
    func without() throws {
        let result = try Self.count(
            [Self.red, ["id": "8", "itemid": "SRV", "isinactive": "T"]],
            prices: [["item": "7", "unitprice": "1"], ["item": "7", "unitprice": "2"]])
        #expect(result.counted.map(\.count.sku) == ["SKU-RED", "SRV"])
        #expect(result.counted.allSatisfy { $0.count.locations.isEmpty && $0.count.listPrice == nil })
        #expect(result.counted.map(\.count.active) == [true, false])
    }

    @Test("a damaged row costs its item, and a row of no item is said")
    func damaged() throws {
        let result = try Self.count(
            [
                Self.red, ["id": "8", "isinactive": "F"], ["id": "9", "itemid": "B", "isinactive": "X"],
                ["id": "10", "itemid": "C", "isinactive": "F"], ["id": "11", "itemid": "D", "isinactive": "F"],
                ["itemid": "E", "isinactive": "F"],
            ],
            stock: [
                ["item": "7", "location": "1", "onhand": "4", "backordered": "0"],
                ["item": "10", "location": "x", "available": "1", "onhand": "4", "backordered": "0"],
                ["location": "1", "available": "1", "onhand": "4", "backordered": "0"],
            ], prices: [["item": "11", "unitprice": "many"]], asked: [7, 8, 9, 10, 11, 12])
        #expect(result.counted.isEmpty)
        #expect(result.unreadable == [7, 8, 9, 10, 11])
        #expect(result.unattributed == 2)
        #expect(result.absent == [12])
    }

    @Test("a number that no SKU can be is left out, and numbers that differ in letter case are two")
    func numbers() throws {
        let long = String(repeating: "X", count: 300)
        let result = try Self.count([
            Self.red, ["id": "8", "itemid": .string(long), "isinactive": "F"],
            ["id": "9", "itemid": "sku-red", "isinactive": "F"],
        ])
        #expect(result.counted.map(\.count.sku) == ["SKU-RED", "sku-red"])
        #expect(result.unusable == [8])
    }

    @Test("of items with one number the active one is counted, then the oldest")
    func ambiguous() throws {
        let result = try Self.count([
            ["id": "7", "itemid": "A", "isinactive": "T"], ["id": "8", "itemid": "A", "isinactive": "F"],
            ["id": "9", "itemid": "A", "isinactive": "F"],
        ])
        #expect(result.counted.map(\.id) == [8])
        #expect(result.ambiguous == [7, 9])
    }
}

@Suite("Which prices are list prices")
struct PriceListTests {
    private static let currencies = [
        row(["id": "1", "symbol": "USD", "isbasecurrency": "T"]),
        row(["id": 4, "symbol": "EUR", "isbasecurrency": "F"]),
    ]

    @Test("the base currency's, or the configured one's where prices say theirs")
    func query() throws {
        let base = try PriceList(level: 1, configured: nil, currencies: Self.currencies, saysCurrency: true)
        #expect(base.currency == "USD" && base.query == PriceListQuery(level: 1, currencyId: 1))
        let euro = try PriceList(level: 5, configured: "EUR", currencies: Self.currencies, saysCurrency: true)
        #expect(euro.currency == "EUR" && euro.query == PriceListQuery(level: 5, currencyId: 4))
        let silent = try PriceList(level: 1, configured: nil, currencies: Self.currencies, saysCurrency: false)
        #expect(silent.currency == "USD" && silent.query == PriceListQuery(level: 1, currencyId: nil))
        let single = try PriceList(level: 1, configured: "CHF", currencies: nil, saysCurrency: false)
        #expect(single.currency == "CHF" && single.query != nil && single.problem == nil)
    }

    @Test("what cannot be is said with the setting's name")
    func problems() throws {
        #expect(throws: Trouble.self) {
            try PriceList(level: 1, configured: "SEK", currencies: Self.currencies, saysCurrency: true)
        }
        #expect(throws: Trouble.self) {
            try PriceList(level: 1, configured: "EUR", currencies: Self.currencies, saysCurrency: false)
        }
        let unnamed = try PriceList(level: 1, configured: nil, currencies: nil, saysCurrency: false)
        #expect(unnamed.query == nil && unnamed.problem?.contains("LIST_PRICE_CURRENCY") == true)
        let hidden = try PriceList(level: 1, configured: nil, currencies: Self.currencies, saysCurrency: nil)
        #expect(hidden.query == nil && hidden.problem?.contains("pricing") == true)
    }
}

@Suite("Which item a SKU was published of")
struct PublishedItemsTests {
    @Test("a SKU belongs to the item that it was published of last")
    func moves() {
        var published = PublishedItems()
        published.note("A", of: 1)
        published.note("B", of: 1)
        #expect(published.skus(of: 1) == ["A", "B"] && published.skus(of: 1, except: "B") == ["A"])
        published.note("A", of: 2)
        published.note("B", of: 2)
        #expect(!published.contains(1) && published.item(of: "A") == 2)
        #expect(published.skus(of: 2) == ["A", "B"])
    }

    @Test("a number is withdrawn when its item has another one or is none any more, but not while an item has it")
    func withdrawals() throws {
        var published = PublishedItems()
        for (sku, item) in [("A", Int64(1)), ("B", 2), ("C", 3), ("D", 4), ("E", 5)] { published.note(sku, of: item) }
        var result = StockCounting.Result()
        let asOf = try UTCInstant("2026-01-15T08:00:00Z")
        // 1 was renamed, 2 took the number of 3, which is gone, 4 has none that can be a SKU, 5 cannot be read.
        result.counted = [(Int64(1), "A2"), (2, "C")].map { id, sku in
            .init(id: id, count: StockCount(sku: sku, itemId: String(id), active: true, asOf: asOf))
        }
        (result.absent, result.unusable, result.unreadable) = ([3], [4], [5])
        let gone = published.withdrawals(after: result)
        #expect(gone.map { "\($0.sku) of \($0.item)" }.sorted() == ["A of 1", "B of 2", "D of 4"])
    }
}
