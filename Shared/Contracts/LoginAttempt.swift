/// One try to log in.
public struct LoginAttempt: Sendable, Hashable {
    /// Names the try, so that saying the same twice changes nothing.
    public let id: String
    /// A digest of all that is sent, which tells mended credentials from those that were refused; no secret.
    public let credentials: String

    /// Makes a try.
    public init(id: String, credentials: String) {
        self.id = id
        self.credentials = credentials
    }
}

/// Whether a log-in may be tried now.
public enum LoginPermission: Sendable, Equatable {
    /// Yes; so many were refused lately with these credentials.
    case granted(refusals: Int)
    /// Others are trying, and if they fail nothing is left: ask again soon.
    case wait
    /// Not before so much time has passed.
    case usedUp(wait: Duration)
}

/// How much may be tried.
public enum LoginLimits {
    /// Refused log-ins with the same credentials in the window.
    public static let mostRefusals = 3
    /// Refused log-ins in the window whatever the credentials: mended ones have a try at once, and one is kept for people.
    public static let mostRefusalsInAll = 4
    /// How long a refused log-in counts.
    public static let window = Duration.seconds(1_800)
    /// How long a try may be without an end before it is taken for one that never was sent.
    public static let longestTry = Duration.seconds(75)
}
