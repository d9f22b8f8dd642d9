import CrashPoints
public import Ledger

extension DatabasePatience {
    /// Notes how far a watch has read, after everything before that is stored.
    ///
    /// - Throws: ``LeadershipLost`` when another process leads.
    public func moveCursor(
        _ name: String, to position: String, in ledger: Ledger, under leadership: Leadership
    ) async throws {
        try await untilAnswered { try await ledger.moveCursor(name, to: position, under: leadership) }
        crashPoint("cursor-moved")
    }
}
