import JSONText

/// The account's clock, set from outside.
extension SandboxControl {
    var clock: JSONValue {
        let account = sandbox.account
        let local = account.settings.zone.local(sandbox.now)
        return [
            "at": .string(sandbox.now.isoMillisecondsText), "realTime": .string(sandbox.realNow.isoMillisecondsText),
            "rate": .number(JSONNumber(sandbox.clock.rate)), "timeZone": .string(account.settings.zone.rawValue),
            "localTime": .string("\(local.date.iso) \(local.timeText)"),
        ]
    }

    func changeClock(_ object: JSONObject) throws(ControlRefusal) {
        var clock = sandbox.clock
        let real = sandbox.realNow
        for name in object.keys where !["at", "advanceSeconds", "rate"].contains(name) {
            throw ControlRefusal("the clock has no \(name); it takes at, advanceSeconds and rate")
        }
        if let value = object["at"] {
            guard let at = value.string.flatMap(Stamp.init(iso:)) else {
                throw ControlRefusal("at is an instant in UTC, such as \"2025-03-30T00:59:00Z\"")
            }
            clock.set(to: at, at: real)
        }
        if let value = object["advanceSeconds"] {
            let seconds = try whole(value, "advanceSeconds", 0...1_000_000_000)
            clock.set(to: clock.now(at: real).later(by: .seconds(seconds)), at: real)
        }
        if let value = object["rate"] { clock.setRate(try whole(value, "rate", AccountClock.rates), at: real) }
        sandbox.clock = clock
    }

    /// The instant that a member names as a record's stamp, for a change that is committed late; else now.
    func stamp(_ object: JSONObject, _ name: String = "modifiedAt") throws(ControlRefusal) -> Stamp {
        guard let value = object[name], !value.isNull else { return sandbox.now }
        guard let stamp = value.string.flatMap(Stamp.init(iso:)) else {
            throw ControlRefusal("\(name) is an instant in UTC, such as \"2025-03-14T17:02:00Z\"")
        }
        return stamp
    }
}
