import EventLoop
import Ledger
import ServiceRuntime

/// The poller's cursors in the ledger, read and moved by the process that leads.
@Loop
struct Cursors {
    let ledger: Ledger
    let patience: DatabasePatience
    let leadership: Leadership

    /// A cursor's text; nil where it was never moved.
    func read(_ name: String) async throws -> String? {
        let name = Self.fullName(name)
        return try await patience.untilAnswered { [ledger] in try await ledger.cursor(name) }
    }

    /// - Throws: ``LeadershipLost`` when another process leads.
    func move(_ name: String, to text: String) async throws {
        try await patience.moveCursor(Self.fullName(name), to: text, in: ledger, under: leadership)
    }

    private static func fullName(_ name: String) -> String { "inventory-poller.\(name)" }
}
