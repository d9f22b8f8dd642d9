public import Contracts

/// How many calls of the rolling day are used, as `Sforce-Limit-Info` says on every answer.
public struct APIUsage: Sendable, Equatable {
    /// Calls used in the last 24 hours, of all integrations together.
    public let used: Int
    /// Calls allowed in 24 hours.
    public let allowed: Int

    /// Makes a usage.
    public init(used: Int, allowed: Int) {
        self.used = used
        self.allowed = allowed
    }

    /// Reads `api-usage=10018/100000`, also with further entries behind a semicolon.
    public init?(header: String) {
        let prefix = "api-usage="
        let entries = header.split(separator: ";").map { $0.drop { $0 == " " } }
        guard let entry = entries.first(where: { $0.hasPrefix(prefix) }) else { return nil }
        let numbers = entry.dropFirst(prefix.count).split(separator: "/")
        guard numbers.count == 2, let used = Int(numbers[0]), let allowed = Int(numbers[1]), used >= 0, allowed > 0
        else { return nil }
        self.init(used: used, allowed: allowed)
    }

    /// Calls left.
    public var remaining: Int { max(allowed - used, 0) }
}

extension UTCInstant {
    /// Reads an HTTP date in its preferred form (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    public init?(httpDate: String) {
        let parts = httpDate.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])),
            parts[1].utf8.count == 2
        else { return nil }
        let monthText = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        guard let instant = try? UTCInstant("\(parts[3])-\(monthText)-\(parts[1])T\(parts[4])Z") else { return nil }
        self = instant
    }
}
