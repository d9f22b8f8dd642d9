/// What SuiteQL shows while it lags behind the records: the account as it was some time ago.
struct LaggingView: Sendable {
    /// The account before a change.
    private struct Past {
        let until: Stamp
        let account: Account
    }

    /// The oldest first.
    private var pasts: [Past] = []

    /// Keeps the account as it is before something may change it. Changes that come within a twentieth of the lag become
    /// visible with the first of them, so that a burst of changes does not keep a copy each.
    mutating func keep(_ account: Account, at now: Stamp) {
        let lag = account.settings.suiteQLLag
        guard lag > .zero else {
            pasts = []
            return
        }
        let oldest = now.earlier(by: lag)
        // A clock that was set back makes what is kept worthless.
        if let last = pasts.last, last.until > now { pasts = [] }
        pasts.removeAll { $0.until <= oldest }
        if let last = pasts.last, last.until > now.earlier(by: lag / 20) { return }
        pasts.append(Past(until: now, account: account))
    }

    /// The account as queries see it now.
    func shown(_ account: Account, at now: Stamp) -> Account {
        let lag = account.settings.suiteQLLag
        guard lag > .zero else { return account }
        let at = now.earlier(by: lag)
        guard let past = pasts.first(where: { $0.until > at && $0.until <= now }) else { return account }
        var shown = past.account
        shown.settings = account.settings
        return shown
    }
}
