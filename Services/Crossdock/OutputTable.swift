import CommandLineGrammar
import Contracts
import FoundationEssentials
import Telemetry

/// Rows of text in columns, for a terminal or a pipe.
struct OutputTable {
    struct Cell {
        let text: String
        var role: TerminalStyle.Role?

        /// Data is escaped, so that no order can write to the operator's terminal.
        init(_ text: String?, _ role: TerminalStyle.Role? = nil) {
            self.text = text.map { LogEscaping.escape($0) } ?? "–"
            self.role = role
        }
    }

    private let headings: [String]
    private var rows: [[Cell]] = []

    init(_ headings: String...) {
        self.headings = headings
    }

    mutating func add(_ cells: Cell...) {
        rows.append(cells)
    }

    /// All rows, each ended by a line feed; the last column is as wide as it likes.
    func text(_ style: TerminalStyle) -> String {
        let widths = headings.indices.map { column in
            max(headings[column].count, rows.map { $0[column].text.count }.max() ?? 0)
        }
        let head = headings.map { Cell($0, .heading) }
        return ([head] + rows).map { row in
            let cells = row.enumerated().map { column, cell in
                let isLast = column == row.count - 1
                let padding = isLast ? "" : String(repeating: " ", count: widths[column] - cell.text.count)
                return (cell.role.map { style.paint(cell.text, $0) } ?? cell.text) + padding
            }
            return cells.joined(separator: "  ")
        }.joined(separator: "\n") + "\n"
    }
}

/// Instants as people read them.
enum ReadableTime {
    /// `2026-03-14 09:26:53` in UTC.
    static func seconds(_ date: Date) -> String {
        let text = UTCInstant(date: date).text
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))"
    }

    /// `2026-03-14 09:26:53.589` in UTC.
    static func milliseconds(_ date: Date) -> String {
        let text = UTCInstant(date: date).text
        return "\(text.prefix(10)) \(text.dropFirst(11).dropLast())"
    }
}

extension ReadableTime {
    /// The greatest unit that fits: `3 min`, `26 h`, `12 days`.
    static func age(_ age: Duration) -> String {
        let seconds = max(0, age.components.seconds)
        return switch seconds {
        case ..<60: "\(seconds) s"
        case ..<7_200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3_600) h"
        default: "\(seconds / 86_400) days"
        }
    }
}

/// What a state means to the reader, as a colour.
enum StateColour {
    static func role(of state: String) -> TerminalStyle.Role {
        switch state {
        case "needs attention", "open", "deleted in NetSuite", "cancelled": .bad
        case "waiting (held)", "waiting", "underway", "replaying": .attention
        default: .good
        }
    }
}
