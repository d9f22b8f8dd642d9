import Contracts
import EventLoop
import Ledger
import Postgres
import Testing

@Suite("The budget of log-ins")
struct LoginTests {
    private static let account = LoginAccount(system: "netsuite", account: "https://a.test", holder: "writer-a")

    private static func attempt(_ id: String, _ credentials: String = "right") -> LoginAttempt {
        LoginAttempt(id: id, credentials: credentials)
    }

    @Loop
    private static func refuse(_ ids: [String], _ credentials: String = "right", in ledger: Ledger) async throws {
        for id in ids {
            #expect(try await isGranted(ledger.beginLogin(attempt(id, credentials), to: account)), "\(id)")
            try await ledger.endLogin(attempt(id, credentials), to: account, isRefused: true)
        }
    }

    private static func isGranted(_ permission: LoginPermission) -> Bool {
        if case .granted = permission { true } else { false }
    }

    private static func isUsedUp(_ permission: LoginPermission) -> Bool {
        guard case .usedUp(let wait) = permission else { return false }
        return (Duration.seconds(1_700)...Duration.seconds(1_800)).contains(wait)
    }

    @Test("of many that start at once only so many try that no lock can come of it")
    func manyAtOnce() async throws {
        try await withLedger { ledger, _ in
            let tasks = (0..<8).map { number in
                EventLoop.shared.start { try await ledger.beginLogin(Self.attempt("\(number)"), to: Self.account) }
            }
            var permissions: [LoginPermission] = []
            for task in tasks { permissions.append(try await task.value) }
            #expect(permissions.count { $0 == .granted(refusals: 0) } == 3)
            #expect(permissions.count { $0 == .wait } == 5)
        }
    }

    @Test("three refused ones end it for these credentials, mended ones have one try, and a success begins anew")
    func usedUp() async throws {
        try await withLedger { ledger, _ in
            try await Self.refuse(["1", "2", "3"], in: ledger)
            #expect(try await Self.isUsedUp(ledger.beginLogin(Self.attempt("4"), to: Self.account)))
            let elsewhere = LoginAccount(system: "netsuite", account: "https://b.test", holder: "writer-a")
            #expect(try await Self.isGranted(ledger.beginLogin(Self.attempt("5"), to: elsewhere)))
            try await Self.refuse(["6"], "mended", in: ledger)
            #expect(try await Self.isUsedUp(ledger.beginLogin(Self.attempt("7", "mended"), to: Self.account)))
            #expect(try await Self.isUsedUp(ledger.beginLogin(Self.attempt("8", "again"), to: Self.account)))
            try await ledger.forgetRefusedLogins(with: "right", to: Self.account)
            let next = try await ledger.beginLogin(Self.attempt("9", "mended"), to: Self.account)
            #expect(next == .granted(refusals: 1))
        }
    }

    @Test("a try that ended well leaves no mark, and saying the same twice changes nothing")
    func repeated() async throws {
        try await withLedger { ledger, pool in
            for number in 0..<5 {
                for _ in 0..<2 {
                    let permission = try await ledger.beginLogin(Self.attempt("\(number)"), to: Self.account)
                    #expect(permission == .granted(refusals: 0))
                }
                for _ in 0..<2 {
                    try await ledger.endLogin(Self.attempt("\(number)"), to: Self.account, isRefused: false)
                }
            }
            for _ in 0..<4 { try await ledger.endLogin(Self.attempt("x"), to: Self.account, isRefused: true) }
            try await ledger.endLogin(Self.attempt("x"), to: Self.account, isRefused: false)
            let permission = try await ledger.beginLogin(Self.attempt("y"), to: Self.account)
            #expect(permission == .granted(refusals: 1))
            #expect(try await pool.query("select * from login_tries").count == 2)
        }
    }

    @Test("refusals grow old after thirty minutes, tries without an end sooner")
    func old() async throws {
        try await withLedger { ledger, pool in
            try await Self.refuse(["1", "2"], in: ledger)
            #expect(try await Self.isGranted(ledger.beginLogin(Self.attempt("3"), to: Self.account)))
            #expect(try await ledger.beginLogin(Self.attempt("4"), to: Self.account) == .wait)
            _ = try await pool.query(
                "update login_tries set began_at = began_at - interval '76 s' where refused_at is null")
            #expect(try await Self.isGranted(ledger.beginLogin(Self.attempt("4"), to: Self.account)))
            try await ledger.endLogin(Self.attempt("4"), to: Self.account, isRefused: true)
            #expect(try await Self.isUsedUp(ledger.beginLogin(Self.attempt("5"), to: Self.account)))
            _ = try await pool.query(
                "update login_tries set refused_at = refused_at - interval '1801 s' where try_id = '1'")
            #expect(try await ledger.beginLogin(Self.attempt("5"), to: Self.account) == .granted(refusals: 2))
        }
    }
}
