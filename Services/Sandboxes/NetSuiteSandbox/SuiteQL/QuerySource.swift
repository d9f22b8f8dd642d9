import FoundationEssentials

/// One cell: its value, and what `BUILTIN.DF` and `BUILTIN.CF` show for it, which is computed only when asked for.
struct QueryCell {
    let value: QueryValue
    let display: () -> String?
    /// The value with the kind of record before it, such as `SalesOrd:B`; only states have one.
    let code: () -> String?

    init(
        _ value: QueryValue, display: @autoclosure @escaping () -> String? = nil,
        code: @autoclosure @escaping () -> String? = nil
    ) {
        self.value = value
        self.display = display
        self.code = code
    }

    init(_ text: String?) { self.init(text.map(QueryValue.text) ?? .null) }

    init(number: Decimal?) { self.init(number.map(QueryValue.number) ?? .null) }

    init(_ number: Int) { self.init(.integer(Int64(number))) }

    init(id: String?, display: @autoclosure @escaping () -> String? = nil) {
        guard let id else {
            self.init(.null)
            return
        }
        if let number = Int64(id) {
            self.init(.integer(number), display: display())
        } else {
            self.init(.text(id), display: display())
        }
    }

    init(_ reference: Reference?) { self.init(id: reference?.id, display: reference?.name) }

    init(_ entry: ListEntry?) { self.init(id: entry?.id, display: entry?.name) }

    init(flag: Bool) { self.init(.text(flag ? "T" : "F"), display: flag ? "Yes" : "No") }

    init(_ date: CivilDate?) { self.init(date.map { .time(ClockTime(date: $0).secondsSinceEpoch) } ?? .null) }

    static var null: QueryCell { QueryCell(.null) }
}

/// A row of a table of the query service. A class, since a statement passes rows from hand to hand.
protocol QueryRecord: AnyObject {}

/// Reads one column of a row.
typealias QueryReader = (any QueryRecord) -> QueryCell

/// What a statement wants of a table, so that not every row must be looked at.
struct QueryWanted {
    /// Columns that must have one of these values, as text.
    var values: [String: Set<String>] = [:]
    /// Columns that must lie in this range of local seconds.
    var times: [String: ClosedRange<Int64>] = [:]

    /// The wanted values in an order that is always the same; nil where all are wanted.
    func values(of column: String) -> [String]? { values[column].map { $0.count > 1 ? $0.sorted() : Array($0) } }

    mutating func demand(_ values: Set<String>, of column: String) {
        self.values[column] = self.values[column]?.intersection(values) ?? values
    }

    mutating func demand(_ range: ClosedRange<Int64>, of column: String) {
        let known = times[column] ?? Int64.min...Int64.max
        guard known.overlaps(range) else {
            // Nothing fulfils both: any range that holds no row says so.
            times[column] = Int64.min...Int64.min
            return
        }
        times[column] = known.clamped(to: range)
    }
}

/// A table of the query service.
struct QuerySource {
    let columns: [String: QueryReader]
    /// Fields that records have but queries do not see.
    var unexposed: Set<String> = []
    /// All rows, or at least those that are wanted.
    let rows: (QueryWanted) -> [any QueryRecord]

    /// A table whose rows are all of one class.
    init<Record: QueryRecord>(
        _ columns: [String: @Sendable (Record) -> QueryCell], unexposed: Set<String> = [],
        rows: @escaping (QueryWanted) -> [Record]
    ) {
        self.columns = columns.mapValues { read in
            { row in
                guard let record = row as? Record else { return .null }
                return read(record)
            }
        }
        self.unexposed = unexposed
        self.rows = rows
    }
}

/// The account as one statement sees it.
final class QueryContext: Sendable {
    let account: Account
    /// Records that were created later are not shown yet.
    let horizon: Stamp?

    init(_ account: Account, horizon: Stamp? = nil) {
        self.account = account
        self.horizon = horizon
    }

    func shows(_ created: Stamp) -> Bool { horizon.map { created <= $0 } ?? true }

    /// A stamp in the account's zone, to the minute.
    func time(_ stamp: Stamp) -> QueryCell {
        QueryCell(.time(account.settings.zone.localSeconds(stamp.minute)))
    }

    func source(named name: String) throws(Refusal) -> QuerySource {
        guard let source = known(name) else { throw .unknownTable(name) }
        if account.settings.hiddenTables.contains(name) { throw .hiddenTable(name) }
        return source
    }

    private func known(_ name: String) -> QuerySource? {
        switch name {
        case "transaction": transactionTable
        case "transactionline": transactionLineTable
        case "nexttransactionlinelink", "previoustransactionlinelink": lineLinkTable
        case "nexttransactionlink", "previoustransactionlink": linkTable
        case "trackingnumbermap": trackingNumberMapTable
        case "trackingnumber": trackingNumberTable
        case "itemfulfillmentpackage": packageTable
        case "deletedrecord": deletedRecordTable
        case "item": itemTable
        case "aggregateitemlocation": stockTable
        case "inventoryitemlocations": inventoryItemLocationsTable
        case "pricing": pricingTable
        case "itemprice": itemPriceTable
        case "customer": customerTable
        case "currency": currencyTable
        case "location": listTable(Catalogue.locations)
        case "term": listTable(Catalogue.terms)
        case "subsidiary": listTable(Catalogue.subsidiaries)
        case "pricelevel": listTable(Catalogue.priceLevels.filter { $0.id != Catalogue.customPrice })
        case "shipitem": listTable(Catalogue.shipMethods, name: "itemid")
        default: nil
        }
    }
}
