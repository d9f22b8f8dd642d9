public import Telemetry

extension Setting where Value == String {
    /// Any text.
    public static func text(
        _ name: String, _ summary: String, default defaultText: String? = nil, isRequired: Bool = false
    ) -> Setting<String> {
        Setting(name, summary, default: defaultText, isRequired: isRequired) { $0 }
    }

    /// An address that begins with `https://`, or with `http://` when it leads to this machine.
    public static func url(
        _ name: String, _ summary: String, default defaultText: String? = nil, isRequired: Bool = false
    ) -> Setting<String> {
        Setting(name, summary, default: defaultText, isRequired: isRequired) { text in
            let isLoopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"].contains { prefix in
                text == prefix || text.hasPrefix(prefix + ":") || text.hasPrefix(prefix + "/")
            }
            guard text.hasPrefix("https://") || isLoopback else {
                throw SettingProblem("is no https address", mend: "begin it with https:// (http:// only to 127.0.0.1)")
            }
            guard !text.contains("@"), !text.contains("?"), !text.contains(where: \.isWhitespace) else {
                throw SettingProblem("is no plain address", mend: "leave out user, query and blanks")
            }
            return text.hasSuffix("/") ? String(text.dropLast()) : text
        }
    }

    /// One of a few words.
    public static func choice(
        _ name: String, _ summary: String, of choices: [String], default defaultText: String? = nil
    ) -> Setting<String> {
        Setting(name, "\(summary): \(choices.joined(separator: ", "))", default: defaultText) { text in
            guard choices.contains(text) else {
                throw SettingProblem("is none of its words", mend: "use one of \(choices.joined(separator: ", "))")
            }
            return text
        }
    }
}

extension Setting where Value == Secret {
    /// A secret, from the variable or from the file that `<name>_FILE` names.
    public static func secret(_ name: String, _ summary: String, isRequired: Bool = false) -> Setting<Secret> {
        Setting(name, summary, isRequired: isRequired, isSecret: true) { Secret($0) }
    }
}

extension Setting where Value == Int {
    /// A whole number within bounds.
    public static func integer(
        _ name: String, _ summary: String, in range: ClosedRange<Int>, default defaultValue: Int? = nil
    ) -> Setting<Int> {
        Setting(name, summary, default: defaultValue.map(String.init)) { text in
            guard let number = Int(text), range.contains(number) else {
                throw SettingProblem(
                    "is no whole number in its range", mend: "use \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }
}

extension Setting where Value == Duration {
    /// A time in whole seconds.
    public static func seconds(
        _ name: String, _ summary: String, in range: ClosedRange<Int>, default defaultValue: Int
    ) -> Setting<Duration> {
        Setting(name, summary, default: String(defaultValue)) { text in
            guard let number = Int(text), range.contains(number) else {
                throw SettingProblem(
                    "is no number of seconds in its range",
                    mend: "use \(range.lowerBound) to \(range.upperBound)")
            }
            return .seconds(number)
        }
    }
}

extension Setting where Value == Bool {
    /// `true` or `false`.
    public static func flag(_ name: String, _ summary: String, default defaultValue: Bool) -> Setting<Bool> {
        Setting(name, summary, default: String(defaultValue)) { text in
            guard let value = Bool(text) else { throw SettingProblem("is no flag", mend: "use true or false") }
            return value
        }
    }
}
