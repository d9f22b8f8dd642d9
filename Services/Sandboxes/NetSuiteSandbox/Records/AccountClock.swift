/// The account's clock, by which records are stamped: it can be set, and made to run faster than the world's.
struct AccountClock: Equatable, Sendable {
    static let rates = 0...86_400

    /// Account seconds for one of the world's.
    private(set) var rate = 1
    /// Where the account's clock stood at an instant of the world's; nil while it is the world's.
    private var setting: Setting?

    private struct Setting: Equatable {
        let real: Stamp
        let account: Stamp
    }

    func now(at real: Stamp) -> Stamp {
        guard let setting else { return real }
        let passed = real.milliseconds - setting.real.milliseconds
        return Stamp(milliseconds: setting.account.milliseconds + passed * Int64(rate))
    }

    mutating func set(to account: Stamp, at real: Stamp) { setting = Setting(real: real, account: account) }

    mutating func setRate(_ rate: Int, at real: Stamp) {
        set(to: now(at: real), at: real)
        self.rate = rate
    }
}
