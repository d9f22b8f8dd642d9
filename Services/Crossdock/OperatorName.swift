import CommandLineGrammar
import Glibc

/// Who gives a command: kept with what it did, so that everybody can see later who decided.
enum OperatorName {
    /// For commands that change something.
    static let option = Option.text(
        "by", placeholder: "NAME", help: "Who does it, as it is kept (default: the name of this computer's user)")

    /// The name given, else that of the process' user.
    static func of(_ arguments: ParsedArguments) -> String {
        if let given = arguments.value("by"), !given.isEmpty { return given }
        guard let user = getpwuid(getuid()) else { return "user \(getuid())" }
        return String(cString: user.pointee.pw_name)
    }
}
