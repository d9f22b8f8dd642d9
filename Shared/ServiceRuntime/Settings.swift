import FoundationEssentials
import Telemetry

/// One environment variable that a service reads: its name, what it means, how its text becomes a value.
public struct Setting<Value: Sendable>: Sendable {
    /// The variable's name.
    public let name: String
    /// What it is for, in a few words, for the table that `--help` prints.
    public let summary: String
    /// The text that stands when it is not set; nil = must be set, or is optional (see ``isRequired``).
    public let defaultText: String?
    /// Whether the service cannot start without it.
    public let isRequired: Bool
    /// Whether it is a secret: also read from the file that `<name>_FILE` names, and never printed.
    public let isSecret: Bool
    let parse: @Sendable (String) throws -> Value

    /// - Parameter parse: throws ``SettingProblem`` with what would be right.
    public init(
        _ name: String, _ summary: String, default defaultText: String? = nil, isRequired: Bool = false,
        isSecret: Bool = false, parse: @escaping @Sendable (String) throws -> Value
    ) {
        self.name = name
        self.summary = summary
        self.defaultText = defaultText
        self.isRequired = isRequired && defaultText == nil
        self.isSecret = isSecret
        self.parse = parse
    }

    /// The setting without its type, for tables and checks.
    public var description: SettingDescription {
        SettingDescription(
            name: name, summary: summary, defaultText: defaultText, isRequired: isRequired, isSecret: isSecret
        ) { settings in
            do {
                _ = try settings.optional(self)
                if isRequired, try settings.text(name, isSecret: isSecret) == nil {
                    return ConfigurationError(name, "is not set", isSecret ? "set it, or \(name)_FILE" : "set it")
                }
                return nil
            } catch {
                return error as? ConfigurationError
            }
        }
    }
}

/// A row of a service's configuration table.
public struct SettingDescription: Sendable {
    /// The variable's name.
    public let name: String
    /// What it is for.
    public let summary: String
    /// The text that stands when it is not set.
    public let defaultText: String?
    /// Whether the service cannot start without it.
    public let isRequired: Bool
    /// Whether it is a secret.
    public let isSecret: Bool
    let problem: @Sendable (Settings) -> ConfigurationError?
}

/// What is wrong with the text of a setting, and what would be right; never the text itself.
public struct SettingProblem: Error, Sendable {
    let reason: String
    let mend: String

    /// A reason ("is not a number") and a mend ("use digits, such as 5").
    public init(_ reason: String, mend: String) {
        self.reason = reason
        self.mend = mend
    }
}

/// A configuration that cannot work: which variable, why, and the mend.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// The variable's name.
    public let variable: String
    /// What is wrong.
    public let reason: String
    /// What to do.
    public let mend: String

    /// A variable, what is wrong with it, and what to do.
    public init(_ variable: String, _ reason: String, _ mend: String) {
        self.variable = variable
        self.reason = reason
        self.mend = mend
    }

    /// All three in a line.
    public var description: String { "\(variable) \(reason): \(mend)" }
}

/// The process's environment, read through declared settings.
public struct Settings: Sendable {
    private let environment: [String: String]

    /// Over an environment; empty texts count as not set.
    public init(environment: [String: String]) {
        self.environment = environment.filter { !$0.value.isEmpty }
    }

    /// Over the process's own environment.
    public static func ofProcess() -> Settings { Settings(environment: ProcessInfo.processInfo.environment) }

    /// The value of a setting that has a default or is required.
    public func value<Value>(of setting: Setting<Value>) throws(ConfigurationError) -> Value {
        guard let value = try optional(setting) else {
            let mend = setting.isSecret ? "set it, or \(setting.name)_FILE" : "set it"
            throw ConfigurationError(setting.name, "is not set", mend)
        }
        return value
    }

    /// The value of a setting that may be absent.
    public func optional<Value>(_ setting: Setting<Value>) throws(ConfigurationError) -> Value? {
        guard let text = try text(setting.name, isSecret: setting.isSecret) ?? setting.defaultText else { return nil }
        do {
            return try setting.parse(text)
        } catch let problem as SettingProblem {
            throw ConfigurationError(setting.name, problem.reason, problem.mend)
        } catch {
            throw ConfigurationError(setting.name, "cannot be read", "see --help for its form")
        }
    }

    /// Everything that is wrong, all at once.
    public func problems(of settings: [SettingDescription]) -> [ConfigurationError] {
        settings.compactMap { $0.problem(self) }
    }

    func text(_ name: String, isSecret: Bool) throws(ConfigurationError) -> String? {
        guard isSecret else { return environment[name] }
        let file = environment["\(name)_FILE"]
        if let value = environment[name] {
            guard file == nil else {
                throw ConfigurationError(name, "and \(name)_FILE are both set", "keep one of them")
            }
            return value
        }
        guard let file else { return nil }
        guard let bytes = try? Data(contentsOf: URL(filePath: file)), !bytes.isEmpty, bytes.count <= 1 << 20 else {
            throw ConfigurationError("\(name)_FILE", "names a file that cannot be read or is empty", "check its path")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError("\(name)_FILE", "names a file that is not text", "store the secret as UTF-8")
        }
        // Editors and `echo` end a file with a line feed that belongs to no secret.
        return String(text.reversed().drop { $0.isNewline }.reversed())
    }
}
