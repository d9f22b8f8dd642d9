import EventLoop
import NetSuite
import ServiceRuntime

/// NetSuite's items by SKU: many orders' look-ups in one query, hits kept for a while, misses never.
@Loop
final class ItemCatalogue {
    private struct Hit {
        let id: String
        let until: MonotonicInstant
    }

    private let age: Duration
    private let time: any TimeSource
    private let lookUps: Coalescer<String, String?>
    private var hits: [String: Hit] = [:]

    /// - Parameter lookUp: asks NetSuite for SKUs, at most 200; gives internal ids of those that exist and are active.
    init(
        age: Duration, time: any TimeSource,
        lookUp: @escaping @Loop @Sendable ([String]) async throws -> [String: String]
    ) {
        self.age = age
        self.time = time
        lookUps = Coalescer(maximumBatch: 200, time: time) { skus in
            let found = try await Self.found(Array(Set(skus)), by: lookUp)
            return skus.map { found[$0] }
        }
    }

    /// A query is refused as a whole: where one SKU makes it so, that one is found by halves and is there no item;
    /// where NetSuite refuses also a harmless one, it is no SKU's fault.
    private static func found(
        _ skus: [String], by lookUp: @escaping @Loop @Sendable ([String]) async throws -> [String: String]
    ) async throws -> [String: String] {
        do {
            return try await lookUp(skus)
        } catch NetSuiteFailure.refused(let refusal) where refusal.code == spoiltQuery {
            guard skus.count > 1 else {
                _ = try await lookUp([harmlessSKU])
                return [:]
            }
            let half = skus.count / 2
            let first = try await found(Array(skus.prefix(half)), by: lookUp)
            return first.merging(try await found(Array(skus.dropFirst(half)), by: lookUp)) { one, _ in one }
        }
    }

    /// What NetSuite says of a query that it cannot read; other refusals say nothing about a SKU.
    nonisolated private static let spoiltQuery = "INVALID_PARAMETER"

    /// Asked for where only it matters whether NetSuite answers.
    nonisolated static let harmlessSKU = "crossdock"

    /// Internal ids of these SKUs; a SKU that NetSuite does not have is absent.
    func items(_ skus: Set<String>) async throws -> [String: String] {
        var ids: [String: String] = [:]
        var missing: [String] = []
        for sku in skus {
            if let hit = hits[sku], hit.until > time.now { ids[sku] = hit.id } else { missing.append(sku) }
        }
        guard !missing.isEmpty else { return ids }
        let asked = missing.map { sku in EventLoop.shared.start { [lookUps] in try await lookUps.submit(sku) } }
        for (sku, answer) in zip(missing, asked) {
            guard let id = try await answer.value else { continue }
            ids[sku] = id
            keep(sku, id)
        }
        return ids
    }

    /// Forgets SKUs whose items NetSuite refused, so that they are looked up once more.
    func forget(_ skus: Set<String>) {
        for sku in skus { hits[sku] = nil }
    }

    private func keep(_ sku: String, _ id: String) {
        // Bounded: a catalogue larger than this is looked up again rather than held.
        if hits.count >= 50_000 { hits.removeAll(keepingCapacity: true) }
        hits[sku] = Hit(id: id, until: time.now + age)
    }
}
