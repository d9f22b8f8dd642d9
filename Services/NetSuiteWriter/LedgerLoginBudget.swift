import Contracts
import EventLoop
import Ledger
import NetSuite

/// The log-ins that all processes of the account share, counted in the ledger.
@Loop
final class LedgerLoginBudget: LoginBudget {
    private let ledger: Ledger
    private let account: LoginAccount

    /// - Parameter url: the account's address, under which its log-ins are counted.
    init(ledger: Ledger, url: String, holder: String) {
        self.ledger = ledger
        account = LoginAccount(system: "netsuite", account: url, holder: holder)
    }

    func begin(_ attempt: LoginAttempt) async throws -> LoginPermission {
        try await ledger.beginLogin(attempt, to: account)
    }

    func end(_ attempt: LoginAttempt, isRefused: Bool) async throws {
        try await ledger.endLogin(attempt, to: account, isRefused: isRefused)
    }

    func forgetRefusals(of credentials: String) async throws {
        try await ledger.forgetRefusedLogins(with: credentials, to: account)
    }
}
