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
        let port = try environment["HEALTH_PORT"].flatMap { UInt16($0) } ?? freePorts().0
        healthURL = "http://127.0.0.1:\(port)"
        process = try ChildProcess.start(
            [try BuiltProduct.path(service.rawValue)],
            environment: environment.merging(["HEALTH_PORT": "\(port)"]) { given, _ in given }, output: logFile)
    }

    /// Status and text of `/health/ready`; nil when nobody answers.
    func readiness() async -> (status: Int, text: String)? {
        try? await get("/health/ready", within: .seconds(2))
    }

    /// Asks its health server.
    func get(_ path: String, within limit: Duration = .seconds(10)) async throws -> (status: Int, text: String) {
        let call = HTTPCall(method: "GET", url: healthURL + path, deadline: limit)
        let answer = try await Control.transport.send(call)
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    /// Waits until it says that it is ready.
    func untilReady(within limit: Duration = .seconds(20)) async throws {
        try await eventually("\(service) is ready", within: limit) {
            try self.requireRunning()
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
        try await eventually("\(service) logs \(text)", within: limit) {
            if self.log.contains(text) { return true }
            try self.requireRunning()
            return false
        }
    }

    private func requireRunning() throws {
        guard !process.isRunning else { return }
        throw StackFailure(description: "\(service) ended: \(process.exitStatus ?? -1)")
    }

    /// Everything that it printed.
    var log: String { text(ofFile: logFile) }

    /// The last lines of its log.
    var tail: String { log.split(separator: "\n").suffix(40).joined(separator: "\n") }

    /// Ends it as an operator does, in the five seconds that are promised.
    /// - Returns: the exit status; nil when it still runs.
    func stop() async -> Int32? {
        process.send(signal: SIGTERM)
        return await process.waitForExit(within: .seconds(5))
    }

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
    private let words: [String]
    private let logFile: String
    private(set) var process: ChildProcess

    private init(_ name: String, options: [String], port: UInt16, folder: String) throws {
        self.name = name
        self.port = port
        let key = "\(folder)/\(name)-public.pem"
        words = [try BuiltProduct.path(name), "--port", "\(port)", "--public-key", key] + options
        logFile = "\(folder)/\(name).log"
        process = try ChildProcess.start(words, output: logFile)
    }

    /// Starts one and waits until it answers.
    static func start(_ name: String, options: [String] = [], folder: String) async throws -> SandboxProcess {
        let sandbox = try SandboxProcess(name, options: options, port: try freePorts().0, folder: folder)
        try await sandbox.untilAnswering()
        return sandbox
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var control: Control { Control(url: url) }

    /// Everything that it printed.
    var log: String { text(ofFile: logFile) }

    func freeze() { process.send(signal: SIGSTOP) }
    func thaw() { process.send(signal: SIGCONT) }

    /// Ends it; what it held is gone.
    func end() async {
        process.send(signal: SIGKILL)
        await process.waitForExit(within: .seconds(5))
    }

    /// Starts it again on the same port, empty.
    func restart() async throws {
        process = try ChildProcess.start(words, output: logFile)
        try await untilAnswering()
    }

    private func untilAnswering() async throws {
        try await eventually("\(name) answers") {
            guard self.process.isRunning else { throw StackFailure(description: "\(self.name) ended: \(self.log)") }
            return (try? await self.control.get("")) != nil
        }
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

    /// Makes an object; gives its id.
    func make(_ path: String, _ body: JSONValue) async throws -> String {
        guard let id = try await post(path, body)["id"]?.string else {
            throw StackFailure(description: "POST /control\(path) gives no id")
        }
        return id
    }

    func delete(_ path: String) async throws { _ = try await call("DELETE", path) }

    @discardableResult
    func patch(_ path: String, _ body: JSONValue) async throws -> JSONValue { try await call("PATCH", path, body) }

    private func call(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        let answer = try await Self.transport.send(
            HTTPCall(
                method: method, url: "\(url)/control\(path)", headers: [("Content-Type", "application/json")],
                body: body?.bytes(), deadline: .seconds(30), maximumAnswerBytes: 16 << 20))
        guard (200..<300).contains(answer.status) else {
            let text = String(decoding: answer.body.prefix(500), as: UTF8.self)
            throw StackFailure(description: "\(method) /control\(path): \(answer.status) \(text)")
        }
        return answer.body.isEmpty ? nil : try JSONValue.parse(answer.body, limits: .answer)
    }
}

private func text(ofFile path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
}
