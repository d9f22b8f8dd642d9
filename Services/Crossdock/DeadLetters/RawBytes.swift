import CommandLineGrammar
import Glibc
import Ledger

/// A letter's message as it came, for a file or a pipe.
enum RawBytes {
    /// Writes the bytes; `-` is standard output. A file must not be there yet, and is its owner's alone.
    static func write(_ detail: DeadLetterDetail, to path: String) -> Int32 {
        guard let message = detail.message else {
            return OperatorSession.refuse(
                ["dead letter \(detail.letter.id) came from no message: it has no bytes"], ExitCode.failure)
        }
        let isStandardOutput = path == "-"
        let descriptor = isStandardOutput ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else {
            return OperatorSession.refuse(
                ["\(path) cannot be made: \(String(cString: strerror(errno)))"], ExitCode.failure)
        }
        let failure = write(message.value ?? [], to: descriptor)
        let isClosed = isStandardOutput || close(descriptor) == 0
        if let failure { return OperatorSession.refuse(["\(path) cannot be written: \(failure)"], ExitCode.failure) }
        guard isClosed else {
            return OperatorSession.refuse(
                ["\(path) cannot be written: \(String(cString: strerror(errno)))"], ExitCode.failure)
        }
        guard message.isWhole else {
            return OperatorSession.refuse(
                ["only the first \(message.value?.count ?? 0) of \(message.valueLength) bytes are kept"],
                ExitCode.success)
        }
        return ExitCode.success
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> String? {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return String(cString: strerror(errno)) }
            written += count
        }
        return nil
    }
}
