import CommandLineGrammar
import Contracts
import FoundationEssentials
import JSONText
import Ledger
import Telemetry

/// What is known of one item.
struct ProductPage {
    let count: StockCount
    /// When the count was stored (PostgreSQL's clock).
    let storedAt: Date
    /// Whether Kafka has it.
    let isPublished: Bool
    let feedback: ProductFeedback?
    let now: Date

    private var age: Duration {
        .milliseconds(UTCInstant(date: now).millisecondsSinceEpoch - count.asOf.millisecondsSinceEpoch)
    }

    /// All locations together; nil where there are none, or the sum needs more digits than are carried.
    private func total(_ amount: (StockCount.Location) -> ExactDecimal) -> ExactDecimal? {
        guard !count.locations.isEmpty else { return nil }
        return try? count.locations.reduce(ExactDecimal.zero) { try $0 + amount($1) }
    }

    func text(_ style: TerminalStyle) -> String {
        let activity = count.active ? style.paint("active", .good) : style.paint("inactive", .attention)
        var lines = [style.paint("Product \(LogEscaping.escape(count.sku))", .heading) + "  " + activity]
        lines.append(OrderPage.line("NetSuite item", "internal id \(count.itemId)"))
        lines.append(
            OrderPage.line(
                "List price", count.listPrice.map { "\($0.amount.text) \($0.currency)" } ?? "NetSuite has none"))
        let asOf = ReadableTime.seconds(count.asOf.date)
        lines.append(OrderPage.line("As of", "\(asOf) (UTC), \(ReadableTime.age(age)) ago"))
        for (index, sentence) in salesforceSentences.enumerated() {
            lines.append(OrderPage.line(index == 0 ? "In Salesforce" : "", sentence))
        }
        guard !count.locations.isEmpty else {
            return lines.joined(separator: "\n") + "\n\nNo stock is kept of this item.\n"
        }
        var table = OutputTable("LOCATION", "ID", "AVAILABLE", "ON HAND", "BACK-ORDERED")
        for location in count.locations {
            table.add(
                .init(location.name), .init(location.id), .init(location.available.text), .init(location.onHand.text),
                .init(location.backOrdered.text))
        }
        table.add(
            .init("all together"), .init(""), .init(total(\.available)?.plainText),
            .init(total(\.onHand)?.plainText), .init(total(\.backOrdered)?.plainText))
        return lines.joined(separator: "\n") + "\n\n" + table.text(style)
    }

    /// Whether Salesforce shows it, and what is in the way.
    var salesforceSentences: [String] {
        guard let feedback else {
            return [
                isPublished
                    ? "not shown yet: status-feedback has not taken the count"
                    : "not shown yet: the count is not in Kafka"
            ]
        }
        var sentences: [String] = []
        let since = feedback.shownAt.map(ReadableTime.seconds)
        if let sentence = feedback.sentence, let letter = feedback.letterId {
            sentences.append("refused: \(sentence)")
            sentences.append("dead letter \(letter), see: crossdock dead-letters show \(letter)")
        } else if feedback.productCount == 0 {
            sentences.append("no product has this SKU\(since.map { " (looked at \($0) UTC)" } ?? "")")
        } else if feedback.asOfMilliseconds < count.asOf.millisecondsSinceEpoch {
            sentences.append("an older count\(since.map { ", since \($0) (UTC)" } ?? ""); this one is on its way")
        } else if feedback.isShown, let since {
            let products = feedback.productCount ?? 1
            sentences.append("shown since \(since) (UTC)" + (products > 1 ? ", by \(products) products" : ""))
        } else {
            sentences.append("not shown yet: the count is being written")
        }
        if feedback.isOverdue { sentences.append("marked stale: the count is older than STOCK_STALE_HOURS") }
        return sentences
    }

    var json: JSONValue {
        func amount(_ value: ExactDecimal?) -> JSONValue { value.map { .string($0.plainText) } ?? .null }
        func instant(_ date: Date?) -> JSONValue { date.map { .string(UTCInstant(date: $0).text) } ?? .null }
        let count = (try? JSONValue.parse(self.count.encode())) ?? .null
        let shown: JSONValue =
            feedback.map { feedback in
                [
                    "isShown": .bool(
                        feedback.isShown && feedback.productCount != 0
                            && feedback.asOfMilliseconds >= self.count.asOf.millisecondsSinceEpoch),
                    "since": instant(feedback.shownAt),
                    "products": feedback.productCount.map { .number(JSONNumber(Int64($0))) } ?? .null,
                    "isStale": .bool(feedback.isOverdue),
                    "letterId": feedback.letterId.map { .string($0) } ?? .null,
                    "sentence": feedback.sentence.map { .string($0) } ?? .null,
                ]
            } ?? .null
        return [
            "count": count, "available": amount(total(\.available)), "onHand": amount(total(\.onHand)),
            "backOrdered": amount(total(\.backOrdered)), "ageSeconds": .number(JSONNumber(age.components.seconds)),
            "storedAt": instant(storedAt), "isPublished": .bool(isPublished), "salesforce": shown,
        ]
    }
}
