/// JSON Web Tokens in compact form (RFC 7519, RFC 7515). Claims are JSON bytes that the caller builds and reads.
public enum JSONWebToken {
    /// Signs claims; the header has `alg`, `typ` and the members of `extra`, such as `kid`.
    public static func sign(
        header extra: [(String, String)] = [], claims: [UInt8], algorithm: SignatureAlgorithm, key: PrivateKey
    ) throws(SigningError) -> String {
        let members = [("alg", algorithm.rawValue), ("typ", "JWT")] + extra
        let header = "{" + members.map { "\(quoted($0)):\(quoted($1))" }.joined(separator: ",") + "}"
        let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(claims)
        let signature = try algorithm.sign(Array(signed.utf8), with: key)
        return signed + "." + Base64URL.encode(signature)
    }

    /// The header's and the claims' JSON bytes, without looking at the signature.
    public static func decodeUnverified(_ token: String) throws(SigningError) -> (header: [UInt8], claims: [UInt8]) {
        let parts = try split(token)
        return (parts.header, parts.claims)
    }

    /// The claims' JSON bytes, after the signature proved right.
    ///
    /// The header's `alg` must be one of `algorithms`; expiry, audience and issuer are the caller's to check.
    public static func verify(
        _ token: String, algorithms: Set<SignatureAlgorithm>, key: PublicKey
    ) throws(SigningError) -> [UInt8] {
        let parts = try split(token)
        guard let name = HeaderScanner.algorithm(of: parts.header) else {
            throw SigningError("the token's header names no algorithm")
        }
        guard let algorithm = algorithms.first(where: { $0.rawValue == name }) else {
            let allowed = algorithms.map(\.rawValue).sorted().joined(separator: ", ")
            throw SigningError("the token's algorithm is not one of: \(allowed)")
        }
        guard algorithm.suits(key) else { throw SigningError("the key cannot be used with \(algorithm.rawValue)") }
        guard algorithm.verify(parts.signature, of: parts.signed, with: key) else {
            throw SigningError("the token's signature is not the key's")
        }
        return parts.claims
    }

    private struct Parts {
        let header: [UInt8]
        let claims: [UInt8]
        let signature: [UInt8]
        let signed: [UInt8]
    }

    private static func split(_ token: String) throws(SigningError) -> Parts {
        let texts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard texts.count == 3 else { throw SigningError("a token has three parts with a full stop between") }
        guard let header = Base64URL.decode(String(texts[0])), let claims = Base64URL.decode(String(texts[1])),
            let signature = Base64URL.decode(String(texts[2]))
        else { throw SigningError("a part of the token is not base64url without padding") }
        return Parts(
            header: header, claims: claims, signature: signature, signed: Array("\(texts[0]).\(texts[1])".utf8))
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                result += "\\"
                result.unicodeScalars.append(scalar)
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// Finds one member of a token's header without a JSON module: this module imports libcrypto only.
///
/// It only chooses the algorithm; a header that it misreads makes a signature that does not verify.
private enum HeaderScanner {
    static func algorithm(of header: [UInt8]) -> String? {
        var depth = 0
        var index = 0
        var found: String?
        while index < header.count {
            switch header[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                guard let name = text(header, &index) else { return nil }
                var next = index + 1
                skipBlanks(header, &next)
                guard depth == 1, name == "alg", next < header.count, header[next] == UInt8(ascii: ":") else { break }
                next += 1
                skipBlanks(header, &next)
                guard found == nil, next < header.count, header[next] == UInt8(ascii: "\"") else { return nil }
                index = next
                found = text(header, &index)
            default: break
            }
            index += 1
        }
        return found
    }

    /// The text of the string that begins at `index`; leaves `index` at its closing quote.
    private static func text(_ bytes: [UInt8], _ index: inout Int) -> String? {
        let start = index + 1
        index = start
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard index < bytes.count else { return nil }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private static func skipBlanks(_ bytes: [UInt8], _ index: inout Int) {
        while index < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[index]) { index += 1 }
    }
}
