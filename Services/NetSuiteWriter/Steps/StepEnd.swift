import Contracts
import Ledger
import NetSuite
import ServiceRuntime
import Telemetry

/// Why the steps of an order ended before NetSuite showed what the message says.
enum StepEnd: Error, Sendable {
    /// A person must decide.
    case dead(DeadLetterContent)
    /// A system is in trouble, and nothing was applied: the same again later.
    case retry(Trouble)
    /// This order alone cannot go on, and nothing was applied: again a few times, then held.
    case stuck(OrderTrouble)
    /// Something may have been applied, or may still be: look first, later.
    case unknown(OrderTrouble)
    /// What was sent earlier may still take effect for this long: look again then.
    case underWay(Duration)
    /// Another holder has the order by now; it decides.
    case fenced
}

/// What NetSuite's refusals mean for an order.
enum Refusals {
    /// A letter of a class, with what is known.
    static func letter(
        _ letterClass: DeadLetterClass, code: String? = nil, field: String? = nil, detail: String? = nil,
        order: IncomingOrder
    ) -> DeadLetterContent {
        let sentence = detail.map { "\(letterClass.sentence) \($0)" } ?? letterClass.sentence
        return DeadLetterContent(
            letterClass: letterClass.rawValue, code: code, field: field, sentence: readable(sentence),
            message: order.source)
    }

    /// A sentence that people read in Salesforce and on a terminal, whatever data it quotes: without control characters
    /// and direction marks, and bounded by scalars, since one character can be as long as a text.
    private static func readable(_ sentence: String) -> String {
        let escaped = LogEscaping.escape(sentence).unicodeScalars
        return String(String.UnicodeScalarView(escaped.prefix(900)))
    }

    /// What follows from a request that NetSuite refused.
    static func end(of refusal: NetSuiteRefusal, order: IncomingOrder) -> StepEnd {
        switch refusal.classification {
        case .permission:
            return .dead(letter(.permission, code: refusal.code, detail: said(refusal), order: order))
        case .lockedByWorkflow:
            return .stuck(.lockedByWorkflow(code: refusal.code))
        case .recordChanged:
            return .stuck(.savedBySomebody(code: refusal.code))
        case .alreadyExists, .nonexistent, .invalidField, .missingField, .other:
            return .dead(
                letter(.refused, code: refusal.code, field: refusal.path, detail: said(refusal), order: order))
        }
    }

    private static func said(_ refusal: NetSuiteRefusal) -> String {
        "NetSuite says: \(refusal.detail)"
    }

    /// What follows when a change has no useful answer.
    static func end(of failure: NetSuiteFailure) -> StepEnd {
        switch failure {
        case .unknown(let reason): .unknown(.withoutAnswer(reason))
        case .notSent(let reason): .retry(Trouble(.netSuite, reason))
        case .systemTrouble(let trouble): .retry(Trouble(.netSuite, trouble.description))
        case .refused(let refusal): .retry(Trouble(.netSuite, "refused with \(refusal.code ?? String(refusal.status))"))
        }
    }

    /// What follows when a read of one record fails: nothing was changed by it.
    static func end(ofReading failure: NetSuiteFailure) -> StepEnd {
        switch failure {
        case .unknown(let reason): return .stuck(.withoutAnswer(reason))
        case .refused(let refusal):
            switch refusal.classification {
            case .lockedByWorkflow: return .stuck(.lockedByWorkflow(code: refusal.code))
            case .recordChanged: return .stuck(.savedBySomebody(code: refusal.code))
            case .permission: return end(of: failure)
            case .alreadyExists, .nonexistent, .invalidField, .missingField, .other:
                return .stuck(.withoutAnswer("reading was refused with \(refusal.code ?? String(refusal.status))"))
            }
        case .notSent, .systemTrouble: return end(of: failure)
        }
    }
}
