/// A service's configuration as `--help` prints it.
public enum SettingsTable {
    /// One line a variable: name, meaning, and its default or whether it must be set.
    public static func text(_ settings: [SettingDescription]) -> String {
        let names = settings.map { $0.isSecret ? "\($0.name)[_FILE]" : $0.name }
        let width = names.map(\.count).max() ?? 0
        return zip(names, settings).map { name, setting in
            let padding = String(repeating: " ", count: width - name.count)
            return "  \(name)\(padding)  \(setting.summary)\(standing(setting))"
        }.joined(separator: "\n")
    }

    private static func standing(_ setting: SettingDescription) -> String {
        if let text = setting.defaultText { return " [\(text)]" }
        return setting.isRequired ? " (required)" : ""
    }
}
