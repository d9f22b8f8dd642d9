import Signing

/// The access tokens that are alive.
struct Sessions: Sendable {
    private var lastUse: [String: Int64] = [:]

    /// Opens a session and returns its token, which begins with the organisation's id and a `!`.
    mutating func open(at seconds: Int64) -> String {
        let token =
            "\(SalesforceOrganization.organizationId.prefix(15))!AQEAQ\(Base64URL.encode(SecureRandom.bytes(66)))"
        lastUse[token] = seconds
        return token
    }

    /// True for a live token; using it lengthens its life.
    mutating func use(_ token: String, at seconds: Int64, idleLimit: Int64) -> Bool {
        guard let last = lastUse[token] else { return false }
        guard seconds - last < idleLimit else {
            lastUse[token] = nil
            return false
        }
        lastUse[token] = seconds
        return true
    }

    /// Ends one session.
    mutating func revoke(_ token: String) {
        lastUse[token] = nil
    }

    /// Ends all sessions.
    mutating func revokeAll() {
        lastUse = [:]
    }
}
