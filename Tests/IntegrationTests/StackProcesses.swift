import EventLoop
import Foundation
import Glibc
import HTTPClient
import JSONText
import Telemetry
import TestSupport

/// A service as a process of its own, watched through its health endpoints.
@Loop
final class ServiceProcess {
    let service: Service
    let process: ChildProcess
    let logFile: String
    private let healthURL: String

    init(_ service: Service, environment: [String: String], logFile: String) throws {
        self.service = service
        self.logFile = logFile
        let port = try freePort()
        healthURL = "http://127.0.0.1:\(port)"
        process = try ChildProcess.start(
            [try BuiltProduct.path(service.rawValue)],
            environment: environment.merging(["HEALTH_PORT": "\(port)"]) { given, _ in given }, output: logFile)
    }

    /// Status and text of `/health/ready`; nil when nobody answers.
    func readiness() async -> (status: Int, text: String)? {
        let call = HTTPCall(method: "GET", url: "\(healthURL)/health/ready", deadline: .seconds(2))
        guard let answer = try? await Control.transport.send(call) else { return nil }
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    /// Waits until it says that it is ready.
    func untilReady(within limit: Duration = .seconds(20)) async throws {
        try await eventually("\(service) is ready", within: limit) {
            guard self.process.isRunning else {
                throw StackFailure(description: "\(self.service) ended: \(self.process.exitStatus ?? -1)")
            }
            return await self.readiness()?.status == 200
        }
    }

    /// Waits until it says 503 with this word in the reasons.
    func untilNotReady(because word: String, within limit: Duration = .seconds(20)) async throws {
        var last = "nothing"
        do {
            try await eventually("\(service) names \(word)", within: limit) {
                guard let readiness = await self.readiness() else { return false }
                last = "\(readiness)"
                return readiness.status == 503 && readiness.text.contains(word)
            }
        } catch {
            throw StackFailure(description: "\(error); it says \(last)")
        }
    }

    /// Waits until a line of its log holds this text.
    func untilLogged(_ text: String, within limit: Duration = .seconds(20)) async throws {
        try await eventually("\(service) logs \(text)", within: limit) { self.log.contains(text) }
    }

    /// Everything that it printed.
    var log: String {
        String(decoding: FileManager.default.contents(atPath: logFile) ?? Data(), as: UTF8.self)
    }

    /// The last lines of its log.
    var tail: String { log.split(separator: "\n").suffix(40).joined(separator: "\n") }

    /// Ends it where it stands, as a lost machine would.
    func killHard() async {
        process.send(signal: SIGKILL)
        await process.waitForExit(within: .seconds(5))
    }
}

/// A sandbox as a process of its own, on a port that it keeps over a restart.
@Loop
final class SandboxProcess {
    let name: String
    let port: UInt16
    private let folder: String
    private(set) var process: ChildProcess

    private init(_ name: String, port: UInt16, folder: String) throws {
        self.name = name
        self.port = port
        self.folder = folder
        process = try Self.launch(name, port: port, folder: folder)
    }

    /// Starts one and waits until it answers.
    static func start(_ name: String, folder: String) async throws -> SandboxProcess {
        let sandbox = try SandboxProcess(name, port: try freePort(), folder: folder)
        try await sandbox.untilAnswering()
        return sandbox
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var control: Control { Control(url: url) }

    func freeze() { process.send(signal: SIGSTOP) }
    func thaw() { process.send(signal: SIGCONT) }

    /// Ends it; what it held is gone.
    func end() async {
        process.send(signal: SIGKILL)
        await process.waitForExit(within: .seconds(5))
    }

    /// Starts it again on the same port, empty.
    func restart() async throws {
        process = try Self.launch(name, port: port, folder: folder)
        try await untilAnswering()
    }

    private func untilAnswering() async throws {
        try await eventually("\(name) answers") { (try? await self.control.get("")) != nil }
    }

    private static func launch(_ name: String, port: UInt16, folder: String) throws -> ChildProcess {
        try ChildProcess.start(
            [try BuiltProduct.path(name), "--port", "\(port)", "--public-key", "\(folder)/public.pem"],
            output: "\(folder)/\(name).log")
    }
}

/// A sandbox's control API.
@Loop
struct Control {
    static let transport = HTTPTransport(
        configuration: HTTPTransportConfiguration(userAgent: "integration-tests"), logger: .silent)

    let url: String

    func get(_ path: String) async throws -> JSONValue { try await call("GET", path) }

    @discardableResult
    func post(_ path: String, _ body: JSONValue = [:]) async throws -> JSONValue { try await call("POST", path, body) }

    @discardableResult
    func patch(_ path: String, _ body: JSONValue) async throws -> JSONValue { try await call("PATCH", path, body) }

    private func call(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        let answer = try await Self.transport.send(
            HTTPCall(
                method: method, url: "\(url)/control\(path)", headers: [("Content-Type", "application/json")],
                body: body?.bytes(), deadline: .seconds(5), maximumAnswerBytes: 16 << 20))
        guard (200..<300).contains(answer.status) else {
            let text = String(decoding: answer.body.prefix(500), as: UTF8.self)
            throw StackFailure(description: "\(method) /control\(path): \(answer.status) \(text)")
        }
        return answer.body.isEmpty ? nil : try JSONValue.parse(answer.body, limits: .answer)
    }
}

/// A port of the loopback that was free a moment ago.
func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            bind(descriptor, generic, size) == 0 && getsockname(descriptor, generic, &size) == 0
        }
    }
    guard isBound else { throw StackFailure(description: "no port is free on 127.0.0.1") }
    return UInt16(bigEndian: address.sin_port)
}
