import CommandLineGrammar
import JSONText
import Telemetry

/// One thing that was looked at, how it is, and what to do.
struct Finding: Sendable, Equatable {
    enum Verdict: String, Sendable {
        /// As it should be.
        case good
        /// Works, and deserves a look.
        case attention
        /// Cannot work so.
        case bad
        /// Could not be looked at because something before it is bad.
        case skipped
    }

    /// Database, mapping, Salesforce or NetSuite.
    let area: String
    /// What was looked at.
    let name: String
    let verdict: Verdict
    /// How it is.
    let detail: String
    /// What to do; empty where nothing is to be done.
    let mend: String

    static func good(_ area: String, _ name: String, _ detail: String) -> Finding {
        Finding(area: area, name: name, verdict: .good, detail: detail, mend: "")
    }

    static func attention(_ area: String, _ name: String, _ detail: String, mend: String) -> Finding {
        Finding(area: area, name: name, verdict: .attention, detail: detail, mend: mend)
    }

    static func bad(_ area: String, _ name: String, _ detail: String, mend: String) -> Finding {
        Finding(area: area, name: name, verdict: .bad, detail: detail, mend: mend)
    }

    static func skipped(_ area: String, _ name: String, because reason: String) -> Finding {
        Finding(area: area, name: name, verdict: .skipped, detail: reason, mend: "")
    }

    var json: JSONValue {
        .object([
            "area": .string(area), "name": .string(name), "verdict": .string(verdict.rawValue),
            "detail": .string(detail), "mend": .string(mend),
        ])
    }

    func text(_ style: TerminalStyle) -> String {
        let (sign, role): (String, TerminalStyle.Role) =
            switch verdict {
            case .good: ("ok", .good)
            case .attention: ("look", .attention)
            case .bad: ("BAD", .bad)
            case .skipped: ("–", .quiet)
            }
        let padded = sign + String(repeating: " ", count: 5 - sign.count)
        let heading = "\(area) \(name)"
        let space = String(repeating: " ", count: max(2, 34 - heading.count))
        let line = "\(style.paint(padded, role))\(heading)\(space)\(LogEscaping.escape(detail))\n"
        return mend.isEmpty ? line : "\(line)       → \(LogEscaping.escape(mend))\n"
    }

    /// How far another clock is from ours.
    static func clock(_ area: String, aheadBy milliseconds: Int64) -> Finding {
        let seconds = milliseconds / 1_000
        let detail =
            seconds == 0
            ? "agrees with this machine's" : "\(abs(seconds)) s \(seconds > 0 ? "ahead of" : "behind") ours"
        switch abs(milliseconds) {
        case ..<10_000: return .good(area, "clock", detail)
        case ..<120_000:
            return .attention(
                area, "clock", detail, mend: "set this machine's clock by NTP; logins fail beyond minutes")
        default:
            return .bad(area, "clock", detail, mend: "set this machine's clock by NTP: signed logins are refused")
        }
    }
}
