import Foundation
import TestSupport
import Testing

@testable import Signing

/// Our signatures against another implementation, Debian's PyJWT over python3-cryptography.
@Suite("Agreement with PyJWT", .enabled(if: PyJWT.isPresent, "python3-jwt and python3-cryptography are not installed"))
struct PyJWTTests {
    @Test("PyJWT verifies what we sign", arguments: SignatureAlgorithm.allCases)
    func theyVerify(algorithm: SignatureAlgorithm) throws {
        let key = try TestKeys.key(for: algorithm)
        let claims = #"{"iss":"client","aud":"https://example.com/token","scope":["a","b"]}"#
        let token = try JSONWebToken.sign(
            header: [("kid", "certificate-1")], claims: Array(claims.utf8), algorithm: algorithm, key: key)
        let script = """
            import jwt, json, sys
            given = json.load(sys.stdin)
            claims = jwt.decode(given["token"], given["key"], algorithms=[given["algorithm"]],
                                audience="https://example.com/token")
            assert jwt.get_unverified_header(given["token"])["kid"] == "certificate-1"
            print(json.dumps(claims, sort_keys=True))
            """
        let ending = try PyJWT.run(
            script, ["token": token, "key": key.publicKey.pem, "algorithm": algorithm.rawValue])
        #expect(ending.status == 0, "\(ending.output)")
        #expect(ending.output.contains(#""scope": ["a", "b"]"#))
    }

    @Test("we verify what PyJWT signs, with its keys", arguments: SignatureAlgorithm.allCases)
    func weVerify(algorithm: SignatureAlgorithm) throws {
        let script = """
            import jwt, json, sys
            from cryptography.hazmat.primitives.asymmetric import rsa, ec
            from cryptography.hazmat.primitives import serialization as s
            name = json.load(sys.stdin)["algorithm"]
            curves = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
            key = ec.generate_private_key(curves[name]()) if name in curves else \\
                rsa.generate_private_key(public_exponent=65537, key_size=2048)
            public = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo).decode()
            private = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.TraditionalOpenSSL, s.NoEncryption()).decode()
            print(json.dumps({"token": jwt.encode({"n": 1}, key, algorithm=name), "public": public, "private": private}))
            """
        let ending = try PyJWT.run(script, ["algorithm": algorithm.rawValue])
        let made = try #require(
            JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: String], "\(ending.output)")
        let token = try #require(made["token"])
        let key = try PublicKey(pem: #require(made["public"]))
        let claims = try JSONWebToken.verify(token, algorithms: [algorithm], key: key)
        #expect(String(decoding: claims, as: UTF8.self).filter { $0 != " " } == #"{"n":1}"#)
        // The older private key forms are read too.
        let privateKey = try PrivateKey(pem: #require(made["private"]))
        #expect(try privateKey.publicKey.pem == #require(made["public"]))
    }

    @Test("the key of a certificate is read")
    func certificate() throws {
        let script = """
            import datetime, json
            from cryptography import x509
            from cryptography.hazmat.primitives.asymmetric import ec
            from cryptography.hazmat.primitives import hashes, serialization as s
            key = ec.generate_private_key(ec.SECP256R1())
            name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "crossdock")])
            now = datetime.datetime(2026, 1, 1)
            made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()) \\
                .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1)) \\
                .sign(key, hashes.SHA256())
            print(json.dumps({"certificate": made.public_bytes(s.Encoding.PEM).decode(), "public":
                key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo).decode()}))
            """
        let ending = try PyJWT.run(script, [:])
        let made = try #require(
            JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: String], "\(ending.output)")
        #expect(try PublicKey(pem: #require(made["certificate"])).pem == #require(made["public"]))
    }

    @Test("an encrypted private key is refused without asking for a pass phrase")
    func encryptedKey() throws {
        let script = """
            import json
            from cryptography.hazmat.primitives.asymmetric import ec
            from cryptography.hazmat.primitives import serialization as s
            print(ec.generate_private_key(ec.SECP256R1()).private_bytes(
                s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(b"x")).decode())
            """
        let ending = try PyJWT.run(script, [:])
        #expect(ending.output.contains("ENCRYPTED"))
        #expect(throws: SigningError.self) { try PrivateKey(pem: ending.output) }
    }
}

enum PyJWT {
    static let isPresent = (try? run("import jwt, cryptography", [:]))?.status == 0

    static func run(_ script: String, _ input: [String: String]) throws -> ForeignProgram.Ending {
        let bytes = try JSONSerialization.data(withJSONObject: input)
        return try ForeignProgram.run(
            "/usr/bin/python3", ["-W", "ignore", "-c", script], input: String(decoding: bytes, as: UTF8.self))
    }
}
