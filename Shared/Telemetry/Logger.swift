import Glibc

/// One named value of a log record.
public struct LogField: Sendable, Equatable {
    /// The field's name.
    public let key: LogKey
    /// The value as text.
    public let value: String
    /// Whether JSON shows it without quotes.
    let isNumber: Bool

    /// A field with a text; control characters are escaped when it is printed.
    public init(_ key: LogKey, _ value: String) {
        self.key = key
        self.value = value
        self.isNumber = false
    }

    /// A field with a whole number.
    public init(_ key: LogKey, _ value: some BinaryInteger) {
        self.key = key
        self.value = String(value)
        self.isNumber = true
    }
}

/// Writes structured log records: a constant message, and fields that carry the data.
///
/// A record is one line whatever the values hold. Secrets and personal data do not belong in it: log ids.
public struct Logger: Sendable {
    /// How serious a record is.
    public enum Level: Int, Comparable, Sendable, CaseIterable {
        /// For the developer who follows one order.
        case debug
        /// What happens in normal work.
        case info
        /// Worth a look; the service goes on.
        case warning
        /// Somebody must do something.
        case error

        /// `debug`, `info`, `warning` or `error`.
        public var name: String {
            switch self {
            case .debug: "debug"
            case .info: "info"
            case .warning: "warning"
            case .error: "error"
            }
        }

        /// The level of that name, as written in `LOG_LEVEL`.
        public init?(name: String) {
            guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
            self = level
        }

        /// Orders levels by seriousness.
        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// How a record is written.
    public enum Format: String, Sendable, CaseIterable {
        /// `time LEVEL label: message key=value …`, for people.
        case text
        /// One JSON object a line, for machines.
        case json
    }

    private let label: String
    private let level: Level
    private let format: Format
    private let fields: [LogField]
    private let sink: @Sendable (String) -> Void

    /// Makes a logger that writes records of `level` and above; `label` names the service or component.
    ///
    /// The sink gets one record without its line end; by default it is standard error, one `write` a record.
    public init(
        label: String, level: Level = .info, format: Format = .text,
        sink: @escaping @Sendable (String) -> Void = Logger.standardError
    ) {
        self.init(label: label, level: level, format: format, fields: [], sink: sink)
    }

    private init(
        label: String, level: Level, format: Format, fields: [LogField], sink: @escaping @Sendable (String) -> Void
    ) {
        self.label = label
        self.level = level
        self.format = format
        self.fields = fields
        self.sink = sink
    }

    /// Writes a record with level `debug`.
    public func debug(_ message: StaticString, _ fields: LogField...) { write(.debug, message, fields) }
    /// Writes a record with level `info`.
    public func info(_ message: StaticString, _ fields: LogField...) { write(.info, message, fields) }
    /// Writes a record with level `warning`.
    public func warning(_ message: StaticString, _ fields: LogField...) { write(.warning, message, fields) }
    /// Writes a record with level `error`.
    public func error(_ message: StaticString, _ fields: LogField...) { write(.error, message, fields) }

    /// Writes a record with fields gathered in an array.
    public func log(_ level: Level, _ message: StaticString, _ fields: [LogField]) { write(level, message, fields) }

    /// Whether records of this level are written; spares work before a `debug`.
    public func isEnabled(_ level: Level) -> Bool { level >= self.level }

    /// A logger that adds these fields to each record; a field given again replaces the earlier one.
    public func with(_ fields: LogField...) -> Logger {
        Logger(label: label, level: level, format: format, fields: Self.merge(self.fields, fields), sink: sink)
    }

    /// A logger of the same settings under another label.
    public func labelled(_ label: String) -> Logger {
        Logger(label: label, level: level, format: format, fields: fields, sink: sink)
    }

    /// Writes one line to standard error.
    public static let standardError: @Sendable (String) -> Void = { line in
        var line = line + "\n"
        line.withUTF8 { bytes in
            // One call a record, so that lines of several processes on one descriptor do not mix.
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(2, rest.baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    private func write(_ level: Level, _ message: StaticString, _ fields: [LogField]) {
        guard level >= self.level else { return }
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let record = LogRecord(
            secondsSince1970: Int64(time.tv_sec), milliseconds: Int64(time.tv_nsec) / 1_000_000, level: level,
            label: label, message: message.description, fields: Self.merge(self.fields, fields))
        sink(record.line(as: format))
    }

    private static func merge(_ earlier: [LogField], _ later: [LogField]) -> [LogField] {
        if earlier.isEmpty && later.count < 2 { return later }
        var merged = earlier
        for field in later {
            if let index = merged.firstIndex(where: { $0.key == field.key }) {
                merged[index] = field
            } else {
                merged.append(field)
            }
        }
        return merged
    }
}
