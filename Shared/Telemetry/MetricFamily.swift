import Synchronization

/// One metric with the samples of all its label values.
final class MetricFamily: Sendable {
    enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    struct Sample: Sendable {
        var value: Double = 0
        var bucketCounts: [UInt64] = []
        var count: UInt64 = 0
    }

    let name: String
    let help: String
    let kind: Kind
    let labelNames: [String]
    let buckets: [Double]
    private let samples: Mutex<Samples>

    /// The samples in the order of their first change. Most changes are to the one changed before, which is not looked up.
    struct Samples: Sendable {
        fileprivate var all: [(labels: [String], sample: Sample)] = []
        private var places: [[String]: Int] = [:]
        private var latest = 0

        fileprivate mutating func change(
            _ labels: [String], orNew: () -> (labels: [String], sample: Sample), _ change: (inout Sample) -> Void
        ) {
            if latest >= all.count || all[latest].labels != labels { latest = place(of: labels, orNew: orNew) }
            change(&all[latest].sample)
        }

        private mutating func place(of labels: [String], orNew: () -> (labels: [String], sample: Sample)) -> Int {
            if let place = places[labels] { return place }
            let new = orNew()
            if let place = places[new.labels] { return place }
            all.append(new)
            places[new.labels] = all.count - 1
            return all.count - 1
        }
    }

    init(name: String, help: String, kind: Kind, labelNames: [String], buckets: [Double]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labelNames = labelNames
        self.buckets = buckets
        // Without labels there is exactly one sample: show it from the start, so that a rate over it can be computed.
        var samples = Samples()
        if labelNames.isEmpty { samples.change([], orNew: { ([], Self.emptySample(kind, buckets)) }, { _ in }) }
        self.samples = Mutex(samples)
    }

    func update(_ labelValues: [String], _ change: (inout Sample) -> Void) {
        precondition(labelValues.count == labelNames.count, "metric \(name) has \(labelNames.count) labels")
        samples.withLock { samples in
            let isFull = samples.all.count >= MetricsRegistry.maximumSeries
            samples.change(
                labelValues,
                orNew: { (isFull ? labelValues.map { _ in "other" } : labelValues, Self.emptySample(kind, buckets)) },
                change)
        }
    }

    func observe(_ value: Double, _ labelValues: [String]) {
        update(labelValues) { sample in
            sample.value += value
            sample.count += 1
            if let index = buckets.firstIndex(where: { value <= $0 }) {
                sample.bucketCounts[index] += 1
            }
        }
    }

    func text(prefix: String) -> String {
        let base = prefix + "_" + String(name.map { $0 == "." ? "_" : $0 })
        let printed = kind == .counter ? base + "_total" : base
        let current = samples.withLock { $0.all }.sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
        var text = "# HELP \(printed) \(Self.escaped(help, quotes: false))\n# TYPE \(printed) \(kind.rawValue)\n"
        for (values, sample) in current {
            let labels = zip(labelNames, values).map { "\($0)=\"\(Self.escaped($1, quotes: true))\"" }
            if kind == .histogram {
                text += histogramLines(printed, labels, sample)
            } else {
                text += "\(printed)\(Self.braced(labels)) \(Self.number(sample.value))\n"
            }
        }
        return text
    }

    private func histogramLines(_ printed: String, _ labels: [String], _ sample: Sample) -> String {
        var text = ""
        var cumulated: UInt64 = 0
        for (bound, count) in zip(buckets, sample.bucketCounts) {
            cumulated += count
            text += "\(printed)_bucket\(Self.braced(labels + ["le=\"\(Self.number(bound))\""])) \(cumulated)\n"
        }
        text += "\(printed)_bucket\(Self.braced(labels + ["le=\"+Inf\""])) \(sample.count)\n"
        text += "\(printed)_sum\(Self.braced(labels)) \(Self.number(sample.value))\n"
        text += "\(printed)_count\(Self.braced(labels)) \(sample.count)\n"
        return text
    }

    private static func emptySample(_ kind: Kind, _ buckets: [Double]) -> Sample {
        Sample(bucketCounts: kind == .histogram ? Array(repeating: 0, count: buckets.count) : [])
    }

    private static func braced(_ labels: [String]) -> String {
        labels.isEmpty ? "" : "{" + labels.joined(separator: ",") + "}"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 9_007_199_254_740_992 { return String(Int64(value)) }
        return value.description
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    static func isValid(name: String) -> Bool {
        guard let first = name.utf8.first, (0x61...0x7a).contains(first) else { return false }
        return name.utf8.allSatisfy {
            (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2e || $0 == 0x5f
        }
    }

    static func isValid(label: String) -> Bool {
        guard let first = label.utf8.first, (0x61...0x7a).contains(first), label != "le" else { return false }
        return label.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5f }
    }
}
