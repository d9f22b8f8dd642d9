import Contracts
import EventLoop
import JSONText
import NetSuite
import Salesforce
import TestSupport
import Testing

@Suite("Poison answers through the clients")
struct AnswerCorpusTests {
    @Test("the corpus has at least sixty answers, and some for every request")
    func size() throws {
        let answers = try PoisonAnswer.all(base: "http://127.0.0.1")
        #expect(answers.count >= 60)
        for request in PoisonAnswer.Request.allCases {
            #expect(answers.contains { $0.requests.contains(request) }, "\(request)")
        }
    }

    @Test("every answer means what its file says, without a crash and in time", .timeLimit(.minutes(2)))
    func meanings() async throws {
        try await onLoop(within: .seconds(100)) {
            let server = try AnsweringServer.start()
            for poison in try PoisonAnswer.all(base: server.url) {
                for request in poison.requests {
                    server.give(poison, to: request)
                    let started = MonotonicInstant.now
                    let (meaning, words) = await Self.meaning(of: request, server)
                    let took = MonotonicInstant.now - started
                    #expect(meaning.map(poison.meanings.contains) == true, "\(poison.name) to \(request): \(words)")
                    // One more than the deadline of a call: none hangs.
                    #expect(took < .seconds(6), "\(poison.name) to \(request) took \(took)")
                    #expect(!words.contains(OrderMessage.mark), "\(poison.name) to \(request) is quoted: \(words)")
                }
            }
            await server.stop()
        }
    }

    /// What the client makes of the answer that the server gives, and the words that would be logged.
    @Loop
    private static func meaning(
        of request: PoisonAnswer.Request, _ server: AnsweringServer
    ) async -> (PoisonAnswer.Meaning?, String) {
        do {
            switch request {
            case .salesforceToken, .salesforceQuery, .salesforceUpdate:
                let client = try server.salesforce()
                defer { client.close() }
                return (try await ask(client, request), "")
            default:
                let client = try server.netSuite()
                defer { client.close() }
                return (try await ask(client, request), "")
            }
        } catch let failure as NetSuiteFailure {
            switch failure {
            case .unknown: return (.unknown, "\(failure)")
            case .systemTrouble: return (.trouble, "\(failure)")
            case .refused: return (.refused, "\(failure)")
            case .notSent: return (nil, "\(failure)")
            }
        } catch let failure as SalesforceFailure {
            switch failure {
            case .unknownOutcome: return (.unknown, "\(failure)")
            case .systemTrouble: return (.trouble, "\(failure)")
            case .refused: return (.refused, "\(failure)")
            }
        } catch {
            return (nil, "\(error)")
        }
    }

    @Loop
    private static func ask(
        _ client: NetSuiteClient, _ request: PoisonAnswer.Request
    ) async throws -> PoisonAnswer.Meaning {
        let orderId = "SF-801QkZ000000001IBA"
        switch request {
        case .createOrder: return meaning(try await client.createSalesOrder(["externalId": .string(orderId)]))
        case .createCustomer: return meaning(try await client.createCustomer(["externalId": "SFACC-1"]))
        case .changeOrder: return meaning(try await client.updateSalesOrder("77", ["memo": "x"]))
        case .probeOrder: return try await client.salesOrder(.externalId(orderId)) == nil ? .nothing : .good
        case .readOrder: return try await client.salesOrder(.internalId("77")) == nil ? .nothing : .good
        case .probeCustomer:
            let id = "SFACC-001QkZ000000001IBA"
            return try await client.customer(.externalId(id)) == nil ? .nothing : .good
        case .readBack: return try await client.readBack(["77"])["77"] == nil ? .nothing : .good
        default: return try await client.items(bySKU: ["SKU-RED"]).isEmpty ? .nothing : .good
        }
    }

    private static func meaning(_ answer: NetSuiteWriteAnswer) -> PoisonAnswer.Meaning {
        switch answer {
        case .applied: .good
        case .refused: .refused
        }
    }

    @Loop
    private static func ask(
        _ client: SalesforceClient, _ request: PoisonAnswer.Request
    ) async throws -> PoisonAnswer.Meaning {
        if request == .salesforceUpdate {
            let update = RecordUpdate(
                object: "Order", id: try SalesforceId("801QkZ000000001IBA"), fields: ["Name": "x"])
            let result = try await client.update([update]).first
            return result == .updated ? .good : .refused
        }
        return try await client.records("SELECT Id FROM Order").isEmpty ? .nothing : .good
    }
}
