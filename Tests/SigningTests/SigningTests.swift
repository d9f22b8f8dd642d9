import Foundation
import Testing

@testable import Signing

@Suite("Signing")
struct SigningTests {
    @Test("what a key signs its public key verifies, and nothing else", arguments: SignatureAlgorithm.allCases)
    func roundTrip(algorithm: SignatureAlgorithm) throws {
        let key = try TestKeys.key(for: algorithm)
        let claims = Array(#"{"sub":"größe 😀"}"#.utf8)
        let token = try JSONWebToken.sign(header: [("kid", "a\"b")], claims: claims, algorithm: algorithm, key: key)
        #expect(try JSONWebToken.verify(token, algorithms: [algorithm], key: key.publicKey) == claims)
        let header = try #require(
            JSONSerialization.jsonObject(with: Data(JSONWebToken.decodeUnverified(token).header)) as? [String: String])
        #expect(header == ["alg": algorithm.rawValue, "typ": "JWT", "kid": "a\"b"])

        let parts = token.split(separator: ".").map(String.init)
        let otherClaims = Base64URL.encode(Array(#"{"sub":"someone else"}"#.utf8))
        #expect(throws: SigningError.self) {
            try JSONWebToken.verify(
                "\(parts[0]).\(otherClaims).\(parts[2])", algorithms: [algorithm], key: key.publicKey)
        }
        let others = Set(SignatureAlgorithm.allCases).subtracting([algorithm])
        #expect(throws: SigningError.self) {
            try JSONWebToken.verify(token, algorithms: others, key: key.publicKey)
        }
    }

    @Test(
        "ECDSA signatures are two numbers of fixed length",
        arguments: [
            (SignatureAlgorithm.ES256, 64), (.ES384, 96), (.ES512, 132),
        ])
    func rawLength(algorithm: SignatureAlgorithm, length: Int) throws {
        let key = try TestKeys.key(for: algorithm)
        for number in 0..<300 {
            #expect(try algorithm.sign(Array("\(number)".utf8), with: key).count == length)
        }
    }

    @Test("a token without a signature, or signed by its own wish, is refused", arguments: ["none", "HS256", "None"])
    func unsigned(name: String) throws {
        let key = try TestKeys.key(for: .RS256)
        let header = Base64URL.encode(Array("{\"alg\":\"\(name)\"}".utf8))
        let token = "\(header).\(Base64URL.encode(Array("{}".utf8)))."
        #expect(throws: SigningError.self) {
            try JSONWebToken.verify(token, algorithms: [.RS256, .PS256], key: key.publicKey)
        }
    }

    @Test(
        "a header that names its algorithm twice or inside another member is refused",
        arguments: [
            #"{"alg":"RS256","alg":"RS256"}"#, #"{"x":{"alg":"RS256"}}"#, #"{"x":"alg"}"#, "{", "",
        ])
    func strangeHeaders(header: String) throws {
        let key = try TestKeys.key(for: .RS256)
        let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array("{}".utf8))
        let signature = try SignatureAlgorithm.RS256.sign(Array(signed.utf8), with: key)
        #expect(throws: SigningError.self) {
            try JSONWebToken.verify(
                signed + "." + Base64URL.encode(signature), algorithms: [.RS256], key: key.publicKey)
        }
    }

    @Test(
        "keys that cannot serve are refused with a reason",
        arguments: [
            ("", "no private key"), ("garbage", "no private key"),
            ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no private key"),
        ])
    func wrongKeys(pem: String, reason: String) {
        #expect {
            try PrivateKey(pem: pem)
        } throws: { error in
            (error as? SigningError)?.reason.contains(reason) == true
        }
        #expect(throws: SigningError.self) { try PublicKey(pem: pem) }
    }

    @Test("a short RSA key is refused")
    func shortKey() {
        #expect(throws: SigningError.self) { try PrivateKey.generateRSA(bits: 1_024) }
    }

    @Test("an algorithm and a key that do not suit each other are refused")
    func wrongFamily() throws {
        let elliptic = try TestKeys.key(for: .ES384)
        for algorithm in [SignatureAlgorithm.RS256, .PS256, .ES256, .ES512] {
            #expect(!algorithm.suits(elliptic))
            #expect(throws: SigningError.self) { try algorithm.sign([1], with: elliptic) }
        }
    }

    @Test("digests are the standard's")
    func digests() {
        #expect(
            Digest.hex(Digest.sha256(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            Digest.hex(Digest.sha256([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test("base64 agrees with Foundation's for every length")
    func base64() {
        for length in 0..<70 {
            let bytes = SecureRandom.bytes(length)
            let standard = Data(bytes).base64EncodedString()
            #expect(Base64.encode(bytes) == standard)
            #expect(Base64.decode(standard) == bytes)
            let url = standard.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
                .replacingOccurrences(of: "=", with: "")
            #expect(Base64URL.encode(bytes) == url)
            #expect(Base64URL.decode(url) == bytes)
        }
    }

    @Test(
        "base64url that encoding never gives is refused", arguments: ["A", "AB", "AA==", "A+AA", "A/AA", "AA A", "ÄA"])
    func wrongBase64(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }
}

/// One key for each kind, made once: RSA keys take a while.
enum TestKeys {
    private static let rsa = Result { try PrivateKey.generateRSA(bits: 2_048) }
    private static let p256 = Result { try PrivateKey.generateEC(.p256) }
    private static let p384 = Result { try PrivateKey.generateEC(.p384) }
    private static let p521 = Result { try PrivateKey.generateEC(.p521) }

    static func key(for algorithm: SignatureAlgorithm) throws -> PrivateKey {
        switch algorithm {
        case .RS256, .PS256, .PS384, .PS512: try rsa.get()
        case .ES256: try p256.get()
        case .ES384: try p384.get()
        case .ES512: try p521.get()
        }
    }
}
