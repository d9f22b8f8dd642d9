public import Contracts
import EventLoop
public import Postgres

/// The log-ins of all processes to one account of a remote system.
public struct LoginAccount: Sendable {
    /// The system, such as `netsuite`.
    public let system: String
    /// The account, as its settings name it.
    public let account: String
    /// Who tries: one process.
    public let holder: String

    /// Names an account.
    public init(system: String, account: String, holder: String) {
        self.system = system
        self.account = account
        self.holder = holder
    }
}

extension Ledger {
    /// Announces a try, if one is permitted; the database's clock decides.
    public func beginLogin(
        _ attempt: LoginAttempt, to account: LoginAccount
    ) async throws(PostgresError) -> LoginPermission {
        let rows = try await run(
            """
            select verdict, wait_ms, refusals from begin_login(\(account.system), \(account.account), \(attempt.id),
                \(attempt.credentials), \(account.holder), \(LoginLimits.mostRefusals), \(LoginLimits.mostRefusalsInAll),
                \(LoginLimits.window.inMilliseconds), \(LoginLimits.longestTry.inMilliseconds))
            """)
        guard let row = rows.first else { return .wait }
        switch try row.string("verdict") {
        case "granted": return .granted(refusals: Int(try row.int64("refusals")))
        case "used up": return .usedUp(wait: .milliseconds(try row.int64("wait_ms")))
        default: return .wait
        }
    }

    /// Ends a try, or counts a refusal that was no announced try's.
    public func endLogin(
        _ attempt: LoginAttempt, to account: LoginAccount, isRefused: Bool
    ) async throws(PostgresError) {
        guard isRefused else {
            _ = try await run("delete from login_tries where try_id = \(attempt.id) and refused_at is null")
            return
        }
        _ = try await run(
            """
            insert into login_tries (try_id, system, account, credentials, holder, refused_at)
            values (\(attempt.id), \(account.system), \(account.account), \(attempt.credentials), \(account.holder),
                clock_timestamp())
            on conflict (try_id) do update set refused_at = coalesce(login_tries.refused_at, excluded.refused_at)
            """)
    }

    /// Forgets what was refused with these credentials: they serve.
    public func forgetRefusedLogins(with credentials: String, to account: LoginAccount) async throws(PostgresError) {
        _ = try await run(
            """
            delete from login_tries where system = \(account.system) and account = \(account.account)
                and credentials = \(credentials) and refused_at is not null
            """)
    }
}
