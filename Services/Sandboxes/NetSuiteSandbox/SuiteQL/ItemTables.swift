import FoundationEssentials

/// A row whose cells are all there.
final class ListedRecord: QueryRecord {
    let cells: [String: QueryCell]

    init(_ cells: [String: QueryCell]) { self.cells = cells }
}

extension QuerySource {
    /// A table of few rows, which are put together as a whole.
    ///
    /// - Parameter key: the column by which rows are looked up; `rows` is asked for the wanted values, nil for all.
    init(_ columns: [String], named key: String, rows: @escaping ([String]?) -> [[String: QueryCell]]) {
        var readers: [String: @Sendable (ListedRecord) -> QueryCell] = [:]
        for name in columns { readers[name] = { $0.cells[name] ?? .null } }
        self.init(readers, rows: { wanted in rows(wanted.values(of: key)).map(ListedRecord.init) })
    }
}

/// An item, as a row.
final class ItemRecord: QueryRecord {
    let item: Item
    let context: QueryContext

    init(_ item: Item, in context: QueryContext) {
        self.item = item
        self.context = context
    }
}

extension QueryContext {
    private func items(_ ids: [String]?) -> [Item] {
        ids.map { $0.compactMap { account.item(id: $0) } } ?? account.items
    }

    var itemTable: QuerySource {
        QuerySource(
            QueryContext.itemColumns,
            rows: { [self] wanted in
                let items =
                    if let skus = wanted.values(of: "itemid") {
                        skus.compactMap { account.item(sku: $0) }
                    } else {
                        items(wanted.values(of: "id"))
                    }
                return items.map { ItemRecord($0, in: self) }
            })
    }

    private static let itemColumns: [String: @Sendable (ItemRecord) -> QueryCell] = [
        "id": { QueryCell(id: $0.item.id, display: $0.item.sku) },
        "itemid": { QueryCell($0.item.sku) },
        "fullname": { QueryCell($0.item.sku) },
        "displayname": { QueryCell($0.item.displayName) },
        "externalid": { QueryCell($0.item.externalId) },
        "itemtype": { QueryCell(.text($0.item.kind.queryType), display: $0.item.kind.words) },
        "isinactive": { QueryCell(flag: $0.item.isInactive) },
        "upccode": { _ in .null },
        "lastmodifieddate": { $0.context.time($0.item.modified) },
    ]

    // MARK: Prices

    /// One row per level and quantity break, of which there is one each; with the switch one per currency too.
    var pricingTable: QuerySource {
        let hasCurrency = account.settings.hasPricingCurrency
        let columns = ["item", "pricelevel", "unitprice", "priceqty", "quantity", "saleunit"]
        let currencies =
            hasCurrency ? Catalogue.currencies : Catalogue.currencies.filter { $0.id == Catalogue.baseCurrency }
        return QuerySource(
            columns + (hasCurrency ? ["currency"] : []), named: "item",
            rows: { [self] ids in
                items(ids).flatMap { item in
                    currencies.map { currency in
                        [
                            "item": QueryCell(id: item.id, display: item.sku),
                            "pricelevel": QueryCell(id: Catalogue.basePrice, display: "Base Price"),
                            "unitprice": QueryCell(
                                number: (item.listPrice / currency.exchangeRate).rounded(toScale: 2)),
                            "priceqty": QueryCell(1), "quantity": QueryCell(1),
                            "currency": QueryCell(id: currency.id, display: currency.name),
                        ]
                    }
                }
            })
    }

    var itemPriceTable: QuerySource {
        QuerySource(
            ["item", "price", "pricelevelname", "currencypage", "discountdisplay", "isinactive"], named: "item",
            rows: { [self] ids in
                items(ids).map { item in
                    [
                        "item": QueryCell(id: item.id, display: item.sku), "price": QueryCell(number: item.listPrice),
                        "pricelevelname": QueryCell("Base Price"), "currencypage": QueryCell(1),
                        "isinactive": QueryCell(flag: item.isInactive),
                    ]
                }
            })
    }

    // MARK: Stock

    /// Inventory items at every location; other kinds have no rows.
    private func stock(_ ids: [String]?) -> [[String: QueryCell]] {
        items(ids).flatMap { item in
            Catalogue.locations.compactMap { location in
                account.stock.levels[StockKey(item: item.id, location: location.id)].map { level in
                    [
                        "item": QueryCell(id: item.id, display: item.sku), "location": QueryCell(location),
                        "quantityonhand": QueryCell(number: level.onHand),
                        "quantityavailable": QueryCell(number: level.available),
                        "quantitycommitted": QueryCell(number: level.committed),
                        "quantitybackordered": QueryCell(number: level.backOrdered),
                        "quantityonorder": QueryCell(0), "quantityintransit": QueryCell(0),
                        "lastquantityavailablechange": time(level.availableChanged),
                    ]
                }
            }
        }
    }

    private static let quantityColumns = [
        "item", "location", "quantityonhand", "quantityavailable", "quantitycommitted", "quantityonorder",
        "quantitybackordered", "quantityintransit",
    ]

    var stockTable: QuerySource {
        QuerySource(QueryContext.quantityColumns + ["lastquantityavailablechange"], named: "item", rows: stock)
    }

    var inventoryItemLocationsTable: QuerySource {
        QuerySource(QueryContext.quantityColumns + ["preferredstocklevel", "reorderpoint"], named: "item", rows: stock)
    }
}
