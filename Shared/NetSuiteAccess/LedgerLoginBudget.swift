public import Contracts
public import EventLoop
public import Ledger
public import NetSuite

/// The log-ins that all processes of the account share, counted in the ledger.
@Loop
public final class LedgerLoginBudget: LoginBudget {
    private let ledger: Ledger
    private let account: LoginAccount

    /// - Parameters:
    ///   - url: the account's address, under which its log-ins are counted.
    ///   - holder: this process.
    public init(ledger: Ledger, url: String, holder: String) {
        self.ledger = ledger
        account = LoginAccount(system: "netsuite", account: url, holder: holder)
    }

    /// Asks whether a log-in may be tried.
    public func begin(_ attempt: LoginAttempt) async throws -> LoginPermission {
        try await ledger.beginLogin(attempt, to: account)
    }

    /// Says how it ended.
    public func end(_ attempt: LoginAttempt, isRefused: Bool) async throws {
        try await ledger.endLogin(attempt, to: account, isRefused: isRefused)
    }

    /// Forgets what was refused with these credentials.
    public func forgetRefusals(of credentials: String) async throws {
        try await ledger.forgetRefusedLogins(with: credentials, to: account)
    }
}
