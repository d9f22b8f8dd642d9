import CLibcrypto

/// Owns one `EVP_PKEY`.
final class KeyHandle: Sendable {
    // libcrypto allows reading a key from several threads; nothing here changes it after `init`.
    nonisolated(unsafe) let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    var family: KeyFamily? {
        switch EVP_PKEY_get_base_id(pointer) {
        case EVP_PKEY_RSA: .rsa(bits: Int(EVP_PKEY_get_bits(pointer)))
        case EVP_PKEY_EC: EllipticCurve(bits: Int(EVP_PKEY_get_bits(pointer))).map(KeyFamily.elliptic)
        default: nil
        }
    }
}

/// The curves that JSON Web Signature names (RFC 7518, section 3.4).
public enum EllipticCurve: String, Sendable, CaseIterable {
    /// NIST P-256.
    case p256
    /// NIST P-384.
    case p384
    /// NIST P-521.
    case p521

    init?(bits: Int) {
        guard let curve = Self.allCases.first(where: { $0.bits == bits }) else { return nil }
        self = curve
    }

    var bits: Int {
        switch self {
        case .p256: 256
        case .p384: 384
        case .p521: 521
        }
    }

    var identifier: Int32 {
        switch self {
        case .p256: NID_X9_62_prime256v1
        case .p384: NID_secp384r1
        case .p521: NID_secp521r1
        }
    }

    /// Bytes of one of a signature's two numbers.
    var coordinateByteCount: Int { (bits + 7) / 8 }
}

enum KeyFamily: Equatable {
    case rsa(bits: Int)
    case elliptic(EllipticCurve)

    /// RFC 7518, sections 3.3 and 3.5: RSA keys of fewer bits must not be used.
    static let minimumRSABits = 2_048
}

/// A private key for signing.
public struct PrivateKey: Sendable {
    let handle: KeyHandle
    let family: KeyFamily

    /// Reads an unencrypted PEM key: PKCS #8, or the older RSA and EC forms.
    public init(pem: String) throws(SigningError) {
        try self.init(pem: Array(pem.utf8))
    }

    /// Reads an unencrypted PEM key: PKCS #8, or the older RSA and EC forms.
    public init(pem: [UInt8]) throws(SigningError) {
        let pointer = PEM.withInput(pem) { input in
            // Without a callback libcrypto would ask for a pass phrase on the terminal.
            PEM_read_bio_PrivateKey(input, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let pointer else {
            throw .libcrypto("this is no private key in unencrypted PEM form (-----BEGIN PRIVATE KEY-----)")
        }
        try self.init(owning: pointer)
    }

    private init(owning pointer: OpaquePointer) throws(SigningError) {
        handle = KeyHandle(owning: pointer)
        family = try checkedFamily(of: handle)
    }

    /// Makes a new RSA key.
    public static func generateRSA(bits: Int = 3_072) throws(SigningError) -> PrivateKey {
        try generate(EVP_PKEY_RSA) { EVP_PKEY_CTX_set_rsa_keygen_bits($0, Int32(bits)) }
    }

    /// Makes a new elliptic curve key.
    public static func generateEC(_ curve: EllipticCurve = .p256) throws(SigningError) -> PrivateKey {
        try generate(EVP_PKEY_EC) { EVP_PKEY_CTX_set_ec_paramgen_curve_nid($0, curve.identifier) }
    }

    private static func generate(
        _ kind: Int32, configure: (OpaquePointer) -> Int32
    ) throws(SigningError) -> PrivateKey {
        guard let context = EVP_PKEY_CTX_new_id(kind, nil) else { throw .libcrypto("no key could be made") }
        defer { EVP_PKEY_CTX_free(context) }
        var pointer: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, configure(context) == 1, EVP_PKEY_keygen(context, &pointer) == 1,
            let pointer
        else { throw .libcrypto("no key could be made") }
        return try PrivateKey(owning: pointer)
    }

    /// The key that verifies what this one signs.
    public var publicKey: PublicKey {
        get throws(SigningError) { try PublicKey(pem: PEM.text { PEM_write_bio_PUBKEY($0, handle.pointer) }) }
    }

    /// The key as unencrypted PKCS #8 PEM. Secret.
    public var pem: String {
        get throws(SigningError) {
            try PEM.text { PEM_write_bio_PrivateKey($0, handle.pointer, nil, nil, 0, nil, nil) }
        }
    }
}

/// A public key for verifying.
public struct PublicKey: Sendable {
    let handle: KeyHandle
    let family: KeyFamily

    /// Reads a PEM public key (`-----BEGIN PUBLIC KEY-----`) or the key of a PEM certificate.
    public init(pem: String) throws(SigningError) {
        try self.init(pem: Array(pem.utf8))
    }

    /// Reads a PEM public key (`-----BEGIN PUBLIC KEY-----`) or the key of a PEM certificate.
    public init(pem: [UInt8]) throws(SigningError) {
        let plain = PEM.withInput(pem) { PEM_read_bio_PUBKEY($0, nil, { _, _, _, _ in -1 }, nil) }
        let pointer = plain ?? Self.certificateKey(pem)
        guard let pointer else {
            throw .libcrypto("this is neither a public key nor a certificate in PEM form (-----BEGIN PUBLIC KEY-----)")
        }
        ERR_clear_error()
        handle = KeyHandle(owning: pointer)
        family = try checkedFamily(of: handle)
    }

    private static func certificateKey(_ pem: [UInt8]) -> OpaquePointer? {
        let certificate = PEM.withInput(pem) { PEM_read_bio_X509($0, nil, { _, _, _, _ in -1 }, nil) }
        guard let certificate else { return nil }
        defer { X509_free(certificate) }
        return X509_get_pubkey(certificate)
    }

    /// The key as PEM (`SubjectPublicKeyInfo`).
    public var pem: String {
        get throws(SigningError) { try PEM.text { PEM_write_bio_PUBKEY($0, handle.pointer) } }
    }
}

private func checkedFamily(of handle: KeyHandle) throws(SigningError) -> KeyFamily {
    guard let family = handle.family else {
        throw SigningError("this kind of key is not supported: use RSA, or EC on P-256, P-384 or P-521")
    }
    if case .rsa(let bits) = family, bits < KeyFamily.minimumRSABits {
        throw SigningError("an RSA key of \(bits) bits is too short: use 3072 or 4096")
    }
    return family
}

private enum PEM {
    static func withInput(_ pem: [UInt8], _ read: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
        pem.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, let count = Int32(exactly: bytes.count),
                let input = BIO_new_mem_buf(base, count)
            else { return nil }
            defer { BIO_free(input) }
            return read(input)
        }
    }

    static func text(_ write: (OpaquePointer) -> Int32) throws(SigningError) -> String {
        guard let output = BIO_new(BIO_s_mem()) else { throw .libcrypto("out of memory") }
        defer { BIO_free(output) }
        guard write(output) == 1 else { throw .libcrypto("the key could not be written as PEM") }
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = BIO_read(output, &buffer, Int32(buffer.count))
            guard count > 0 else { break }
            result += buffer[0..<Int(count)]
        }
        return String(decoding: result, as: UTF8.self)
    }
}
