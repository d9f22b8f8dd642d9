import CLibcrypto

/// Why a key, a token or a signature was refused. Never holds key material.
public struct SigningError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, as a plain sentence.
    public let reason: String

    init(_ reason: String) {
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }

    /// The reason followed by libcrypto's newest complaint; empties libcrypto's queue of errors.
    static func libcrypto(_ reason: String) -> SigningError {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        guard code != 0 else { return SigningError(reason) }
        var buffer = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(code, &buffer, buffer.count)
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return SigningError("\(reason) (\(text))")
    }
}
