import EventLoop
import Ledger
import TestSupport
import Testing

@Suite("The ledger: what ended a process")
struct SuspectTests {
    private func reader(_ holder: String) -> PartitionReader {
        PartitionReader(consumer: "netsuite-writer", clusterId: "cluster", topic: "orders", holder: holder)
    }

    @Test("a partition's next reader learns whether the one before ended in order")
    func runs() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let (first, second, third) = (reader("a"), reader("b"), reader("c"))
                let fresh = try await ledger.beginRuns(of: [0, 1, 2], reader: first)
                #expect(fresh.isEmpty)
                let again = try await ledger.beginRuns(of: [0, 1, 2], reader: first)
                #expect(again.isEmpty, "the same process has not ended")
                try await ledger.endRuns(reader: first)
                let behindStop = try await ledger.beginRuns(of: [0, 1], reader: second)
                #expect(behindStop.isEmpty)
                let behindKill = try await ledger.beginRuns(of: [1, 2, 3], reader: third)
                #expect(behindKill == [1])
                try await ledger.endRuns(reader: second)
                let other = try await ledger.beginRuns(of: [0, 1], reader: first)
                #expect(other == [1], "the second had only partition 0 left to end")
            }
        }
    }

    @Test("a suspect's starts are kept until it is finished, and counting twice changes nothing")
    func suspects() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let reader = reader("a")
                let places = [(0, 7), (1, 7), (0, 9)].map { MessagePlace(partition: $0, offset: $1) }
                let new = try await ledger.registerSuspects(places, reader: reader)
                #expect(new.map(\.isNew) == [true, true, true])
                for _ in 0..<2 { try await ledger.startSuspect(places[1], number: 3, reader: reader) }
                for _ in 0..<2 { try await ledger.outliveSuspect(places[1], number: 1, reader: reader) }
                try await ledger.forgetSuspects([places[0]], reader: reader)
                let known = try await ledger.registerSuspects(places.reversed(), reader: reader)
                #expect(
                    known == [
                        Suspect(isNew: false, starts: 0, outlived: 0), Suspect(isNew: false, starts: 3, outlived: 1),
                        Suspect(isNew: true, starts: 0, outlived: 0),
                    ])
                try await ledger.forgetSuspects(of: 0, before: 9, reader: reader)
                let left = try await ledger.registerSuspects(places, reader: reader)
                #expect(left.map(\.isNew) == [true, false, false])
            }
        }
    }
}
