public import EventLoop
import FoundationEssentials

/// A server's certificate and its private key, as PEM files.
public struct ServerCertificate: Sendable {
    /// The certificate.
    public let certificateFile: String
    /// Its private key, without a password.
    public let keyFile: String
}

/// An authority that only a test trusts; makes good and bad certificates with the `openssl` command.
@Loop
public final class CertificateAuthority {
    /// The authority's own certificate, which a client has to trust.
    public nonisolated let certificateFile: String
    private let directory: String
    private var issued = 0

    private init(directory: String) {
        self.directory = directory
        certificateFile = "\(directory)/authority.crt"
    }

    /// A new authority; its files go when the test process exits.
    public static func make() async throws -> CertificateAuthority {
        let authority = CertificateAuthority(directory: try Leftovers.shared.makeDirectory("authority"))
        // Without a configuration of its own the command would read the machine's, which adds extensions.
        try "[req]\ndistinguished_name = name\n[name]\n".write(
            toFile: "\(authority.directory)/openssl.cnf", atomically: false, encoding: .utf8)
        try await authority.makeSelfSigned(
            authority.files("authority"), ["basicConstraints=critical,CA:true", "keyUsage=critical,keyCertSign"])
        return authority
    }

    /// A certificate signed by this authority.
    /// - Parameters:
    ///   - names: as openssl wants them, such as `DNS:localhost,IP:127.0.0.1`.
    ///   - isExpired: whether it ended in the second in which it was made.
    public func issue(_ names: String, isExpired: Bool = false) async throws -> ServerCertificate {
        let made = nextFiles()
        let request = "\(made.certificateFile).request"
        try await run(newKey(made.keyFile, ["subjectAltName=\(names)"]) + ["-out", request])
        try await run([
            "openssl", "x509", "-req", "-in", request, "-out", made.certificateFile, "-CA", certificateFile, "-CAkey",
            "\(directory)/authority.key", "-set_serial", "\(issued)", "-copy_extensions", "copyall",
            "-days", isExpired ? "0" : "2",
        ])
        return made
    }

    /// A certificate that nobody but itself has signed.
    public func makeSelfSigned(_ names: String) async throws -> ServerCertificate {
        let made = nextFiles()
        try await makeSelfSigned(made, ["subjectAltName=\(names)"])
        return made
    }

    private func makeSelfSigned(_ files: ServerCertificate, _ extensions: [String]) async throws {
        try await run(newKey(files.keyFile, extensions) + ["-x509", "-days", "2", "-out", files.certificateFile])
    }

    private func newKey(_ file: String, _ extensions: [String]) -> [String] {
        let words = [
            "openssl", "req", "-new", "-config", "\(directory)/openssl.cnf", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file, "-subj", "/CN=crossdock test \(issued)",
        ]
        return words + extensions.flatMap { ["-addext", $0] }
    }

    private func nextFiles() -> ServerCertificate {
        issued += 1
        return files("server-\(issued)")
    }

    private func files(_ name: String) -> ServerCertificate {
        ServerCertificate(certificateFile: "\(directory)/\(name).crt", keyFile: "\(directory)/\(name).key")
    }

    private func run(_ words: [String]) async throws {
        let log = "\(directory)/openssl.log"
        let process = try ChildProcess.start(words, output: log)
        guard await process.waitForExit(within: .seconds(20)) == 0 else {
            let output = (try? String(contentsOfFile: log, encoding: .utf8)) ?? "no output"
            throw ChildProcessError(description: "openssl made no certificate: \(output)")
        }
    }
}
