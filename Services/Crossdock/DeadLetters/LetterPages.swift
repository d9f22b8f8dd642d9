import CommandLineGrammar
import Contracts
import FoundationEssentials
import JSONText
import Ledger
import Telemetry

/// Dead letters as text for people.
enum LetterPages {
    static func print(_ asJSON: Bool, _ json: JSONValue, _ text: String) {
        TerminalOutput.standardOutput(asJSON ? json.text(pretty: true) + "\n" : text)
    }

    static func list(_ letters: [DeadLetter], _ style: TerminalStyle) -> String {
        guard !letters.isEmpty else { return "No dead letters.\n" }
        var table = OutputTable("LETTER", "ORDER", "STATE", "CLASS", "OPENED (UTC)", "SEEN", "WHAT IS WRONG")
        for letter in letters {
            table.add(
                .init(letter.id), .init(letter.orderNumber ?? letter.orderId ?? letter.source),
                .init(letter.state.rawValue, StateColour.role(of: letter.state.rawValue)), .init(letter.letterClass),
                .init(ReadableTime.seconds(letter.openedAt)), .init(String(letter.seenCount)),
                .init(letter.sentence))
        }
        return table.text(style)
    }

    static func groups(_ groups: [LetterGroup], _ style: TerminalStyle) -> String {
        guard !groups.isEmpty else { return "No dead letters.\n" }
        var table = OutputTable("LETTERS", "OLDEST", "CLASS", "WORTH", "FINGERPRINT", "WHAT IS WRONG (NEWEST)")
        for group in groups {
            table.add(
                .init(String(group.count)), .init(ReadableTime.age(group.oldestAge)), .init(group.letterClass),
                .init(worth(group)), .init(group.fingerprint), .init(group.sentence))
        }
        return table.text(style)
    }

    private static func worth(_ group: LetterGroup) -> String {
        let totals = group.totals.map { "\($0.amount) \($0.currency)" }
        let unread = group.withoutTotal == 0 ? [] : ["\(group.withoutTotal) not readable"]
        return (totals + unread).joined(separator: " + ")
    }

    // MARK: One letter

    static func detail(_ detail: DeadLetterDetail, _ style: TerminalStyle) -> String {
        let letter = detail.letter
        let state = letter.state.rawValue
        var lines = [
            style.paint("Dead letter \(letter.id)", .heading) + "  " + style.paint(state, StateColour.role(of: state))
        ]
        for (name, value) in facts(detail) {
            let padding = String(repeating: " ", count: max(0, 16 - name.count))
            lines.append("  \(name)\(padding)  \(LogEscaping.escape(value))")
        }
        lines.append("  " + style.paint(advice(detail), .quiet))
        if let message = detail.message { lines += ["", headers(message).text(style)] } else { lines.append("") }
        return lines.joined(separator: "\n") + "\n" + trail(detail.trail).text(style)
    }

    private static func facts(_ detail: DeadLetterDetail) -> [(String, String)] {
        let letter = detail.letter
        var facts: [(String, String)] = []
        if let id = letter.orderId { facts.append(("Order", [letter.orderNumber, id].joinedKnown(" · "))) }
        if let version = letter.version { facts.append(("Version", "\(version)")) }
        if let newer = detail.newerVersion { facts.append(("Newer version", "\(newer), settled since")) }
        facts.append(("What is wrong", letter.sentence))
        facts.append(("Class", [letter.letterClass, letter.code, letter.field].joinedKnown(" · ")))
        facts.append(("Group", letter.fingerprint))
        let seen = letter.seenCount == 1 ? "" : ", seen \(letter.seenCount) times"
        facts.append(("Opened (UTC)", ReadableTime.seconds(letter.openedAt) + seen))
        facts.append(("From", letter.source))
        guard let message = detail.message else { return facts }
        facts.append(("Bytes", size(message)))
        if let digest = message.valueDigest { facts.append(("SHA-256", digest.hexadecimal)) }
        facts.append(("Key", message.key.map(legible) ?? "none"))
        return facts
    }

    private static func size(_ message: KeptMessage) -> String {
        let kept = message.isWhole ? "" : ", of which the first \(message.value?.count ?? 0) are kept"
        return "\(message.valueLength)\(kept); customers' data, shown with --raw"
    }

    /// What can be done with a letter as it stands.
    private static func advice(_ detail: DeadLetterDetail) -> String {
        let id = detail.letter.id
        switch detail.letter.state {
        case .open where detail.message?.isWhole == false || detail.newerVersion != nil:
            return "It cannot be replayed. Give it up with: crossdock dead-letters discard \(id)"
        case .open: return "When it is mended: crossdock dead-letters replay \(id) · Give it up with: discard \(id)"
        case .replaying: return "It is being tried again. Not under way after a while? Repeat: replay \(id)"
        case .resolved, .superseded, .discarded: return "It is closed. Open it again with: reopen \(id)"
        }
    }

    private static func headers(_ message: KeptMessage) -> OutputTable {
        var table = OutputTable("HEADER", "VALUE")
        for header in message.headers { table.add(.init(header.name), .init(shown(header))) }
        return table
    }

    /// Values of the contract's headers; another's may be anybody's data.
    static func shown(_ header: SourceMessage.Header) -> String {
        guard let value = header.value else { return "none" }
        guard CloudEventHeaders.Name.all.contains(header.name) else { return "\(value.count) bytes, not shown" }
        return legible(value)
    }

    static func legible(_ bytes: [UInt8]) -> String {
        guard bytes.count <= 200, let text = String(validating: bytes, as: UTF8.self) else {
            return "\(bytes.count) bytes"
        }
        return text
    }

    private static func trail(_ acts: [LetterAct]) -> OutputTable {
        var table = OutputTable("TIME (UTC)", "WHAT", "WHO", "NOTE")
        for act in acts {
            table.add(
                .init(ReadableTime.milliseconds(act.at), .quiet), .init(words(act.kind)), .init(act.by),
                .init([act.note, act.eventId.map { "event \($0)" }].joinedKnown(" · ")))
        }
        return table
    }

    private static func words(_ kind: LetterAct.Kind) -> String {
        switch kind {
        case .opened: "opened"
        case .replayed: "replayed"
        case .replayRepeated: "replay repeated"
        case .replayFailed: "replay failed"
        case .resolved: "resolved"
        case .superseded: "superseded"
        case .discarded: "discarded"
        case .reopened: "opened again"
        case .noted: "noted"
        }
    }
}

extension [String?] {
    /// Those that are known, with something between.
    fileprivate func joinedKnown(_ separator: String) -> String { compactMap { $0 }.joined(separator: separator) }
}

extension [UInt8] {
    /// Two small digits a byte.
    var hexadecimal: String {
        map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
