import Glibc
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
            try checkHost(text.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" })
            return text.hasSuffix("/") ? String(text.dropLast()) : text
        }
    }

    /// A name or an address, and a port where one is given.
    private static func checkHost(_ text: Substring) throws(SettingProblem) {
        let end = text.hasPrefix("[") ? text.firstIndex(of: "]").map(text.index(after:)) : text.firstIndex(of: ":")
        guard let host = text[..<(end ?? text.endIndex)].nonEmpty else {
            throw SettingProblem("names no host", mend: "write it like https://login.salesforce.com")
        }
        let port = text[host.endIndex...]
        guard port.isEmpty || port.hasPrefix(":") && UInt16(port.dropFirst()).map({ $0 > 0 }) == true else {
            throw SettingProblem(
                "has no number as its port", mend: "use 1 to 65535 behind the colon, or leave both out")
        }
    }

    /// An IP address to listen on.
    public static func listenAddress(
        _ name: String, _ summary: String, default defaultText: String? = nil
    ) -> Setting<String> {
        Setting(name, summary, default: defaultText) { text in
            var bytes = in6_addr()
            guard inet_pton(AF_INET, text, &bytes) == 1 || inet_pton(AF_INET6, text, &bytes) == 1 else {
                throw SettingProblem("is no IP address", mend: "use 127.0.0.1, or 0.0.0.0 for all of this machine's")
            }
            return text
        }
    }

    /// The path of a file that this process can read.
    public static func file(_ name: String, _ summary: String, isRequired: Bool = false) -> Setting<String> {
        Setting(name, summary, isRequired: isRequired) { path in
            guard access(path, R_OK) == 0 else {
                let reason = String(cString: strerror(errno))
                throw SettingProblem(
                    "names a file that cannot be read (\(reason))", mend: "check the path and its permissions")
            }
            return path
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

extension Substring {
    fileprivate var nonEmpty: Substring? { isEmpty ? nil : self }
}
