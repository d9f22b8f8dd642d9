public import EventLoop
import FoundationEssentials

/// An HTTPS server of another make (Python's standard library) that notes what reaches it.
@Loop
public final class HTTPSServer {
    /// Its port on 127.0.0.1.
    public let port: UInt16
    private let process: ChildProcess
    private let journalFile: String

    private init(process: ChildProcess, journalFile: String, port: UInt16) {
        self.process = process
        self.journalFile = journalFile
        self.port = port
    }

    /// Starts one on a free port; it ends with the test process.
    /// - Parameter redirectingTo: where every request is sent on to, by status 302; without it the answer is 200.
    public static func start(
        _ certificate: ServerCertificate, redirectingTo location: String = ""
    ) async throws -> HTTPSServer {
        let journalFile = "\(try Leftovers.shared.makeDirectory("https"))/journal"
        let process = try ChildProcess.start(
            ["/usr/bin/python3", "-c", program, certificate.certificateFile, certificate.keyFile, location],
            output: journalFile)
        var port: UInt16?
        try await eventually("the HTTPS server listens") {
            let lines = Self.lines(of: journalFile)
            guard process.isRunning else {
                throw ChildProcessError(description: "no HTTPS server: \(lines.joined(separator: "\n"))")
            }
            port = lines.first { $0.hasPrefix("port ") }.flatMap { UInt16($0.dropFirst(5)) }
            return port != nil
        }
        return HTTPSServer(process: process, journalFile: journalFile, port: port ?? 0)
    }

    /// The requests that arrived whole: method, path and the `Authorization` field, parted by spaces.
    public var requests: [String] {
        Self.lines(of: journalFile).filter { $0.hasPrefix("request ") }.map { String($0.dropFirst(8)) }
    }

    /// How many connections have come and gone, with or without a request.
    public var endedConnections: Int { Self.lines(of: journalFile).filter { $0 == "connection ended" }.count }

    /// Ends the server.
    public func stop() async { await process.stop() }

    private static func lines(of file: String) -> [String] {
        // The last line may be half written.
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    private static let program = """
        import http.server, ssl, sys

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self):
                try:
                    self.connection.do_handshake()
                    super().handle()
                except OSError as error:
                    print("error", error, flush=True)
                print("connection ended", flush=True)

            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                print("request", self.command, self.path, self.headers.get("Authorization"), flush=True)
                self.send_response(302 if sys.argv[3] else 200)
                if sys.argv[3]:
                    self.send_header("Location", sys.argv[3])
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            do_GET = do_POST = answer

            def log_message(self, *words):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        print("port", server.server_port, flush=True)
        server.serve_forever()
        """
}
