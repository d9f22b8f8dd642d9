import CLibcrypto

/// The signature algorithms of JSON Web Signature that Salesforce and NetSuite take (RFC 7518, section 3.1).
public enum SignatureAlgorithm: String, Sendable, CaseIterable {
    /// RSASSA-PKCS1-v1_5 with SHA-256: Salesforce.
    case RS256
    /// RSASSA-PSS with SHA-256 and a salt as long as the digest: NetSuite, RSA keys.
    case PS256
    /// RSASSA-PSS with SHA-384.
    case PS384
    /// RSASSA-PSS with SHA-512.
    case PS512
    /// ECDSA on P-256 with SHA-256: NetSuite, EC keys.
    case ES256
    /// ECDSA on P-384 with SHA-384.
    case ES384
    /// ECDSA on P-521 with SHA-512.
    case ES512

    private enum Padding {
        case pkcs1, pss
    }

    private var padding: Padding? {
        switch self {
        case .RS256: .pkcs1
        case .PS256, .PS384, .PS512: .pss
        case .ES256, .ES384, .ES512: nil
        }
    }

    private var digest: OpaquePointer? {
        switch self {
        case .RS256, .PS256, .ES256: EVP_sha256()
        case .PS384, .ES384: EVP_sha384()
        case .PS512, .ES512: EVP_sha512()
        }
    }

    private var curve: EllipticCurve? {
        switch self {
        case .ES256: .p256
        case .ES384: .p384
        case .ES512: .p521
        case .RS256, .PS256, .PS384, .PS512: nil
        }
    }

    /// Whether the key can be used with this algorithm.
    public func suits(_ key: PrivateKey) -> Bool { suits(key.family) }

    /// Whether the key can be used with this algorithm.
    public func suits(_ key: PublicKey) -> Bool { suits(key.family) }

    private func suits(_ family: KeyFamily) -> Bool {
        switch family {
        case .rsa: padding != nil
        case .elliptic(let keyCurve): curve == keyCurve
        }
    }

    /// Signs the bytes. ECDSA signatures are the two numbers side by side, as JOSE wants them, not DER.
    public func sign(_ message: [UInt8], with key: PrivateKey) throws(SigningError) -> [UInt8] {
        guard suits(key) else { throw SigningError("this key cannot be used with \(rawValue)") }
        guard let context = EVP_MD_CTX_new() else { throw .libcrypto("out of memory") }
        defer { EVP_MD_CTX_free(context) }
        var keyContext: OpaquePointer?
        var length = 0
        guard EVP_DigestSignInit(context, &keyContext, digest, nil, key.handle.pointer) == 1,
            configure(keyContext),
            EVP_DigestSign(context, nil, &length, message, message.count) == 1
        else { throw .libcrypto("signing with \(rawValue) failed") }
        var signature = [UInt8](repeating: 0, count: length)
        guard EVP_DigestSign(context, &signature, &length, message, message.count) == 1 else {
            throw .libcrypto("signing with \(rawValue) failed")
        }
        signature.removeLast(signature.count - length)
        guard let curve else { return signature }
        guard let raw = ECDSASignature.raw(fromDER: signature, byteCount: curve.coordinateByteCount) else {
            throw .libcrypto("signing with \(rawValue) failed")
        }
        return raw
    }

    /// Whether the signature is the key's over exactly these bytes.
    public func verify(_ signature: [UInt8], of message: [UInt8], with key: PublicKey) -> Bool {
        defer { ERR_clear_error() }
        guard suits(key), let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        var encoded = signature
        if let curve {
            guard let der = ECDSASignature.der(fromRaw: signature, byteCount: curve.coordinateByteCount) else {
                return false
            }
            encoded = der
        }
        var keyContext: OpaquePointer?
        guard EVP_DigestVerifyInit(context, &keyContext, digest, nil, key.handle.pointer) == 1,
            configure(keyContext)
        else { return false }
        return EVP_DigestVerify(context, encoded, encoded.count, message, message.count) == 1
    }

    private func configure(_ context: OpaquePointer?) -> Bool {
        switch padding {
        case .none, .pkcs1:
            // PKCS #1 v1.5 is what libcrypto takes for an RSA key by itself.
            return true
        case .pss:
            // RFC 7518, section 3.5: salt as long as the digest, mask function over the same digest.
            return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1
                && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1
                && EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) == 1
        }
    }
}

/// Converts ECDSA signatures between DER and the raw `r || s` of JOSE (RFC 7518, section 3.4).
private enum ECDSASignature {
    static func raw(fromDER der: [UInt8], byteCount: Int) -> [UInt8]? {
        let signature = der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var cursor = buffer.baseAddress
            return d2i_ECDSA_SIG(nil, &cursor, buffer.count)
        }
        guard let signature else { return nil }
        defer { ECDSA_SIG_free(signature) }
        var raw = [UInt8](repeating: 0, count: 2 * byteCount)
        let isComplete = raw.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return false }
            return BN_bn2binpad(ECDSA_SIG_get0_r(signature), base, Int32(byteCount)) == byteCount
                && BN_bn2binpad(ECDSA_SIG_get0_s(signature), base + byteCount, Int32(byteCount)) == byteCount
        }
        return isComplete ? raw : nil
    }

    static func der(fromRaw raw: [UInt8], byteCount: Int) -> [UInt8]? {
        guard raw.count == 2 * byteCount, let signature = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(signature) }
        guard let first = BN_bin2bn(Array(raw[0..<byteCount]), Int32(byteCount), nil),
            let second = BN_bin2bn(Array(raw[byteCount...]), Int32(byteCount), nil),
            // The signature owns both numbers from here on.
            ECDSA_SIG_set0(signature, first, second) == 1
        else { return nil }
        let length = i2d_ECDSA_SIG(signature, nil)
        guard length > 0 else { return nil }
        var der = [UInt8](repeating: 0, count: Int(length))
        let written = der.withUnsafeMutableBufferPointer { buffer -> Int32 in
            var cursor = buffer.baseAddress
            return i2d_ECDSA_SIG(signature, &cursor)
        }
        return written == length ? der : nil
    }
}
