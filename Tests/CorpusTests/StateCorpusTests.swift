import Contracts
import Kafka
import TestSupport
import Testing

@Suite("Bad progress and stock through the decoders")
struct StateCorpusTests {
    @Test("the corpus has at least thirty of each, each of another name")
    func size() throws {
        for states in [try PoisonState.progress(), try PoisonState.stock()] {
            #expect(states.count >= 30)
            #expect(Set(states.map(\.name)).count == states.count)
        }
    }

    @Test("every message about an order's progress is read as its file says, in a time bound by its size")
    func progress() throws {
        for state in try PoisonState.progress() { play(state, through: Topic.orderProgressed) }
    }

    @Test("every message about stock is read as its file says, in a time bound by its size")
    func stock() throws {
        for state in try PoisonState.stock() { play(state, through: Topic.inventoryCounted) }
    }

    private func play<Message>(_ state: PoisonState, through topic: Topic<Message>) {
        let started = ContinuousClock.now
        let refusal: ContractError?
        do throws(ContractError) {
            _ = try topic.read(
                key: state.key, headers: state.headers.map { ($0.name, $0.value) }, value: state.value)
            refusal = nil
        } catch {
            refusal = error
        }
        let took = ContinuousClock.now - started
        let size = state.value?.count ?? 0
        #expect(took < .seconds(1) + .microseconds(size), "\(state.name) took \(took) for \(size) bytes")
        let end: PoisonState.End = if let refusal { .refused(path: refusal.path) } else { .read }
        #expect(end == state.end, "\(state.name): \(refusal?.description ?? "read")")
        if let says = state.says {
            #expect(refusal?.description.contains(says) == true, "\(state.name): \(refusal?.description ?? "read")")
        }
        #expect(refusal?.description.contains(OrderMessage.mark) != true, "\(state.name) is quoted")
    }
}
