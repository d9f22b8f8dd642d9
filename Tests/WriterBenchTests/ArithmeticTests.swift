import TestSupport
import Testing

@testable import WriterBench

@Suite("The bench's arithmetic")
struct ArithmeticTests {
    /// Hashes of Apache Kafka's own test (UtilsTest.testMurmur2).
    @Test(
        "keys are placed as the Java clients place them",
        arguments: [
            ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
        ] as [(String, Int32)])
    func placement(key: String, hash: Int32) {
        let positive = Int(UInt32(bitPattern: hash) & 0x7FFF_FFFF)
        #expect(Placement.partition(of: Array(key.utf8), among: 1 << 31) == positive)
        #expect(Placement.partition(of: Array(key.utf8), among: 12) == positive % 12)
    }

    @Test("shares of latencies are the upper ends of their buckets, and never above the most")
    func latencies() {
        var latencies = Latencies()
        #expect(latencies.microseconds(ofShare: 0.5) == nil)
        for value in 1...100 { latencies.record(microseconds: value * 1_000) }
        #expect(latencies.count == 100 && latencies.most == 100_000)
        #expect(latencies.microseconds(ofShare: 0.5) == 50_009)
        #expect(latencies.microseconds(ofShare: 0.99) == 99_009)
        #expect(latencies.microseconds(ofShare: 1) == 100_000)
        latencies.record(microseconds: 3_000_000_000)
        latencies.record(microseconds: -5)
        #expect(latencies.most == 3_000_000_000)
        #expect(latencies.microseconds(ofShare: 1) == 3_000_000_000)
        #expect(latencies.microseconds(ofShare: 0.001) == 9)
    }

    @Test("a share that falls between two is the later one's")
    func between() {
        var latencies = Latencies()
        for value in [10, 20, 30] { latencies.record(microseconds: value) }
        #expect(latencies.microseconds(ofShare: 0.5) == 29)
        #expect(latencies.microseconds(ofShare: 0.3) == 19)
    }

    @Test("of one slow among a hundred the 99th share knows nothing, of two it does")
    func ninetyNine() {
        for (slow, expected) in [(1, 9), (2, 1_009)] {
            var latencies = Latencies()
            for _ in 0..<(100 - slow) { latencies.record(microseconds: 5) }
            for _ in 0..<slow { latencies.record(microseconds: 1_000) }
            #expect(latencies.microseconds(ofShare: 0.99) == min(expected, latencies.most))
        }
    }

    @Test("the lead of a partition is what was produced behind the last order that reached NetSuite")
    func lead() {
        var lead = Lead(partitions: 2, orders: 4)
        lead.produce(100, in: 0, order: 0)
        lead.produce(200, in: 1, order: 1)
        lead.produce(300, in: 0, order: 2)
        lead.produce(100, in: 0, order: 0)
        #expect(lead.ahead(in: 0) == 500 && lead.ahead(in: 1) == 200)
        lead.arrive(order: 2)
        #expect(lead.ahead(in: 0) == 100 && lead.ahead(in: 1) == 200)
        // An order that was fetched earlier and came later says nothing new.
        lead.arrive(order: 0)
        #expect(lead.ahead(in: 0) == 100)
    }

    @Test("a run's request is read with its defaults")
    func settings() throws {
        #expect(try RunSettings([]) == RunSettings())
        let body =
            #"{"orders":7,"from":3,"accounts":5,"skus":2,"seed":9,"repeatShare":0.25,"rate":12.5,"#
            + #""aheadBytes":100,"serviceMilliseconds":300,"slots":5,"partitions":12}"#
        let settings = try RunSettings(Array(body.utf8))
        #expect(settings.orders == 7 && settings.from == 3 && settings.seed == 9 && settings.partitions == 12)
        #expect(settings.repeatShare == 0.25 && settings.rate == 12.5 && settings.aheadBytes == 100)
        #expect(settings.serviceMilliseconds == 300 && settings.slots == 5)
    }

    @Test(
        "a run that cannot be is refused with the member's name",
        arguments: [
            (#"{"orders":0}"#, "orders"), (#"{"orders":1.5}"#, "orders"), (#"{"repeatShare":1.1}"#, "repeatShare"),
            (#"{"rate":-1}"#, "rate"), (#"{"serviceMillis":1}"#, "serviceMillis"), ("[]", "no object"),
            ("x", "no JSON"),
        ])
    func refused(body: String, named: String) {
        #expect(throws: RunSettings.Refusal.self) { try RunSettings(Array(body.utf8)) }
        do {
            _ = try RunSettings(Array(body.utf8))
        } catch {
            #expect(error.description.contains(named))
        }
    }

    @Test("single members are found in a body, whatever stands around them")
    func scan() {
        let body = Array(#"{"a":"\"externalId\":\"x\"","externalId":"SF-1","entity":{"id":"17"},"n":3}"#.utf8)
        #expect(BodyScan.text(#""externalId":"#, in: body) == "SF-1")
        #expect(BodyScan.number(#""entity":"#, in: body) == 17)
        #expect(BodyScan.number(#""n":"#, in: body) == 3)
        #expect(BodyScan.text(#""missing":"#, in: body) == nil)
        #expect(BodyScan.text(#""externalId":"#, in: []) == nil)
        #expect(BodyScan.text(#""externalId":"#, in: Array(#"{"externalId":"SF"#.utf8)) == nil)
    }
}
