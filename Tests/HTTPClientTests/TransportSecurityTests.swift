import EventLoop
import HTTPClient
import Telemetry
import TestSupport
import Testing

private let silent = Logger(label: "test", sink: { _ in })
private let goodNames = "DNS:localhost,IP:127.0.0.1"
private let credential = "Bearer must-not-leave"

/// What is wrong between client and server, and a part of the reason that the client gives.
private enum Fault: String, CaseIterable, Sendable {
    case noAuthorityFile, anotherAuthority, missingAuthorityFile, wrongName, expired, selfSigned

    var reason: String {
        switch self {
        case .noAuthorityFile, .anotherAuthority, .selfSigned: "not from an authority that is trusted here"
        case .missingAuthorityFile: "CA cert"
        case .wrongName: "another name"
        case .expired: "has expired"
        }
    }

    @Loop
    func certificate(from authority: CertificateAuthority) async throws -> ServerCertificate {
        switch self {
        case .noAuthorityFile, .anotherAuthority, .missingAuthorityFile: try await authority.issue(goodNames)
        case .wrongName: try await authority.issue("DNS:elsewhere.example,IP:127.0.0.2")
        case .expired: try await authority.issue(goodNames, isExpired: true)
        case .selfSigned: try await authority.makeSelfSigned(goodNames)
        }
    }

    @Loop
    func trustedFile(_ authority: CertificateAuthority) async throws -> String? {
        switch self {
        case .noAuthorityFile: nil
        case .anotherAuthority: try await CertificateAuthority.make().certificateFile
        case .missingAuthorityFile: "\(authority.certificateFile).missing"
        case .wrongName, .expired, .selfSigned: authority.certificateFile
        }
    }
}

@Loop
private func client(trusting file: String?) -> HTTPTransport {
    HTTPTransport(
        configuration: HTTPTransportConfiguration(
            userAgent: "crossdock-test/1", certificateAuthorityFile: file, plainHTTP: .refused), logger: silent)
}

private func call(_ url: String) -> HTTPCall {
    HTTPCall(
        method: "POST", url: url, headers: [("Authorization", credential)], body: Array("{}".utf8),
        deadline: .seconds(20))
}

@Suite("The HTTP client's TLS")
struct TransportSecurityTests {
    @Test("a server with a right certificate is answered to, by name and by address")
    func rightCertificate() async throws {
        try await onLoop {
            let authority = try await CertificateAuthority.make()
            let server = try await HTTPSServer.start(try await authority.issue(goodNames))
            let client = client(trusting: authority.certificateFile)
            for host in ["localhost", "127.0.0.1"] {
                let answer = try await client.send(call("https://\(host):\(server.port)/order"))
                #expect(answer.status == 200)
                #expect(answer.body == Array("ok".utf8))
            }
            #expect(server.requests == ["POST /order \(credential)", "POST /order \(credential)"])
            client.close()
            await server.stop()
        }
    }

    @Test("a server that cannot be trusted gets no request", arguments: Fault.allCases)
    private func refused(fault: Fault) async throws {
        try await onLoop {
            let authority = try await CertificateAuthority.make()
            let server = try await HTTPSServer.start(try await fault.certificate(from: authority))
            let client = client(trusting: try await fault.trustedFile(authority))
            let failure = try await caught(HTTPFailure.self) {
                try await client.send(call("https://localhost:\(server.port)/order"))
            }
            guard case .notSent(let reason) = failure else {
                Issue.record("\(failure)")
                return
            }
            #expect(reason.contains(fault.reason), "\(reason)")
            try await eventually("the connection has ended") { server.endedConnections == 1 }
            #expect(server.requests.isEmpty)
            client.close()
            await server.stop()
        }
    }

    @Test("a redirect is given as it came, and the other server hears nothing")
    func redirect() async throws {
        try await onLoop {
            let authority = try await CertificateAuthority.make()
            let certificate = try await authority.issue(goodNames)
            let other = try await HTTPSServer.start(certificate)
            let location = "https://127.0.0.1:\(other.port)/elsewhere"
            let server = try await HTTPSServer.start(certificate, redirectingTo: location)
            let client = client(trusting: authority.certificateFile)
            let answer = try await client.send(call("https://localhost:\(server.port)/order"))
            #expect(answer.status == 302)
            #expect(answer.headers["Location"] == location)
            #expect(server.requests == ["POST /order \(credential)"])
            // Were it on its way, the next request would come after it.
            _ = try await client.send(HTTPCall(method: "GET", url: location))
            #expect(other.requests == ["GET /elsewhere None"])
            client.close()
            await server.stop()
            await other.stop()
        }
    }
}
