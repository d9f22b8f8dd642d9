import Contracts
import EventLoop
import Ledger
import NetSuite
import ServiceRuntime

/// The account's log-ins as all its processes count them: a check that is repeated with wrong settings must not lock the
/// user either. Where the database cannot be asked, which a check is there to find out, this process counts alone.
@Loop
final class CheckLoginBudget: LoginBudget {
    private let database: OperatorLedger?
    private let account: LoginAccount
    private let own = ProcessLoginBudget()

    /// - Parameter url: the account's address, under which its log-ins are counted.
    init(_ settings: Settings, url: String) {
        database = try? OperatorLedger(
            settings: settings, applicationName: "crossdock check", logger: OperatorSession.quietLogger)
        account = LoginAccount(system: "netsuite", account: url, holder: "crossdock check")
    }

    func begin(_ attempt: LoginAttempt) async throws -> LoginPermission {
        let shared = try? await database?.ledger.beginLogin(attempt, to: account)
        if let shared { return shared }
        return try await own.begin(attempt)
    }

    func end(_ attempt: LoginAttempt, isRefused: Bool) async throws {
        try await own.end(attempt, isRefused: isRefused)
        try? await database?.ledger.endLogin(attempt, to: account, isRefused: isRefused)
    }

    func forgetRefusals(of credentials: String) async throws {
        try await own.forgetRefusals(of: credentials)
        try? await database?.ledger.forgetRefusedLogins(with: credentials, to: account)
    }

    func close() async { await database?.close() }
}
