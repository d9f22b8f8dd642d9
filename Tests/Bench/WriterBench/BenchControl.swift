import EventLoop
import HTTPServer
import JSONText

/// Both neighbours of netsuite-writer behind one port: NetSuite, the driver of orders, and what tells them.
@Loop
final class BenchControl {
    let netSuite: FlatNetSuite
    private let driver: OrderDriver

    init(netSuite: FlatNetSuite, driver: OrderDriver) {
        self.netSuite = netSuite
        self.driver = driver
        netSuite.onOrder = { [weak netSuite] number, moment in
            if let added = driver.run?.arrived(number, at: moment) {
                netSuite?.figures.added.record(microseconds: added)
            }
        }
    }

    /// Answers one request.
    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        switch (request.method, request.path) {
        case ("POST", "/control/run"): await begin(request.body)
        case ("GET", "/control/figures"): .json(figures())
        case ("GET", "/control/orders"): .json(netSuite.orderIds())
        case (_, let path) where path.hasPrefix("/control"):
            .text("POST /control/run, GET /control/figures, GET /control/orders\n", status: 404)
        default: await netSuite.answer(request)
        }
    }

    private func begin(_ body: [UInt8]) async -> HTTPResponse {
        do {
            let settings = try RunSettings(body)
            try await driver.begin(settings)
            netSuite.begin(serviceTime: .milliseconds(settings.serviceMilliseconds), slots: settings.slots)
            return .json(Array(#"{"orders":\#(settings.orders)}"#.utf8), status: 202)
        } catch {
            return .text("\(error)\n", status: error is RunSettings.Refusal ? 400 : 503)
        }
    }

    private func figures() -> [UInt8] {
        let seen = netSuite.figures
        let run = driver.run
        var writer = JSONWriter(capacity: 1_024)
        writer.beginObject()
        writer.member("produced", run?.produced ?? 0)
        writer.member("repeated", run?.repeated ?? 0)
        writer.name("isProduced")
        writer.bool(run?.isProduced ?? false)
        if let failure = run?.failure {
            writer.name("failure")
            writer.string(failure)
        }
        for (name, count) in [
            ("requests", seen.requests), ("tokens", seen.tokens), ("tokenTests", seen.tokenTests),
            ("customers", seen.customers), ("orders", seen.orders), ("gets", seen.gets), ("refused", seen.refused),
            ("doubled", seen.doubled), ("doubledCustomers", seen.doubledCustomers), ("atOnceMost", seen.atOnceMost),
            ("unexpectedCount", seen.unexpectedCount),
        ] { writer.member(name, count) }
        writer.name("queries")
        writer.beginObject()
        writer.member("readBack", seen.readBacks)
        writer.member("items", seen.itemQueries)
        writer.member("other", seen.otherQueries)
        writer.endObject()
        writer.name("unexpected")
        writer.beginArray()
        for words in seen.unexpected { writer.string(words) }
        writer.endArray()
        for (name, moment) in [
            ("firstOrderAt", seen.firstOrderAt), ("lastOrderAt", seen.lastOrderAt), ("now", monotonicNanoseconds()),
            ("meanServiceMicroseconds", seen.kept > 0 ? seen.keptNanoseconds / seen.kept / 1_000 : 0),
        ] {
            writer.name(name)
            writer.int64(moment)
        }
        writer.name("addedLatencyMicroseconds")
        writer.latencies(seen.added)
        writer.endObject()
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: String, _ value: Int) {
        self.name(name)
        int(value)
    }

    fileprivate mutating func latencies(_ latencies: Latencies) {
        beginObject()
        member("count", latencies.count)
        member("p50", latencies.microseconds(ofShare: 0.5) ?? 0)
        member("p99", latencies.microseconds(ofShare: 0.99) ?? 0)
        member("max", latencies.most)
        endObject()
    }
}
