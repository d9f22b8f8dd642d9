public import Foundation

/// Runs a program that is not ours, such as Python or promtool, to compare our work with another implementation.
public enum ForeignProgram {
    /// How a program ended and what it printed.
    public struct Ending: Sendable {
        /// The exit status.
        public let status: Int32
        /// Standard output and standard error together, as text.
        public let output: String
    }

    /// The package's root folder.
    public static var packageFolder: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    /// Starts the program, gives it the text on standard input, waits for its end.
    public static func run(
        _ path: String, _ arguments: [String] = [], input: String = "", environment: [String: String]? = nil
    ) throws -> Ending {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        if let environment { process.environment = environment }
        // The input is a file: a pipe that a program does not read would end us by SIGPIPE or wait for ever.
        let inputFile = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data(input.utf8).write(to: inputFile)
        defer { try? FileManager.default.removeItem(at: inputFile) }
        let outputPipe = Pipe()
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        process.standardOutput = outputPipe
        process.standardError = outputPipe
        try process.run()
        let output = outputPipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Ending(status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
    }
}
