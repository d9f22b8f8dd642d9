import Glibc

/// How a snapshot becomes NetSuite's customer and sales order: a checked mapping file.
///
/// The file says which fields are filled from where; what carries the protocol (external ids, customer, items,
/// quantities, prices, version and line ids) is written by this module and cannot be mapped away.
public struct OrderMapping: Sendable {
    /// For what a request is made: creating leaves out what is empty, a change clears it.
    public enum Purpose: Sendable {
        /// A `POST` of a new record.
        case create
        /// A `PATCH` of an existing one.
        case change
    }

    /// Names of further fields (`custom` of a snapshot) that the mapping reads, sorted.
    public struct CustomFieldsRead: Sendable, Equatable {
        /// Of Order.
        public let order: [String]
        /// Of Account.
        public let account: [String]
        /// Of OrderItem.
        public let line: [String]
    }

    /// Names of NetSuite's fields that the mapping fills, sorted, without those that Crossdock always writes.
    public struct FieldsWritten: Sendable, Equatable {
        /// Of the customer.
        public let customer: [String]
        /// Of the sales order.
        public let order: [String]
        /// Of the sales order's lines.
        public let line: [String]
    }

    /// One request of the record service takes at most so many lines with good conscience.
    public static let maximumLines = 500

    let rules: [NetSuiteRecord: [FieldRule]]
    /// Set where the NetSuite account has one currency and thus no currency fields.
    let singleCurrency: String?

    /// Reads and checks a mapping file.
    ///
    /// - Throws: ``MappingFileError`` with everything that is wrong, each with its line.
    public static func load(path: String) throws(MappingFileError) -> OrderMapping {
        try parse(FileReading.bytes(of: path), name: path)
    }

    /// Checks a mapping file's bytes; `name` stands in error messages.
    public static func parse(_ bytes: [UInt8], name: String) throws(MappingFileError) -> OrderMapping {
        var reader = MappingFileReader(file: name)
        return try reader.read(bytes)
    }

    /// Which further fields of the snapshot the mapping reads; the publisher must be set to carry them.
    public var customFieldsRead: CustomFieldsRead {
        let fields = rules.values.flatMap { $0 }.flatMap(\.paths).compactMap(\.customField)
        func names(_ owner: SnapshotPath.CustomOwner) -> [String] {
            Set(fields.filter { $0.owner == owner }.map(\.name)).sorted()
        }
        return CustomFieldsRead(order: names(.order), account: names(.account), line: names(.line))
    }

    /// Which NetSuite fields the mapping fills.
    public var fieldsWritten: FieldsWritten {
        func names(_ record: NetSuiteRecord) -> [String] { (rules[record] ?? []).map(\.target.name).sorted() }
        return FieldsWritten(customer: names(.customer), order: names(.order), line: names(.lines))
    }
}

enum FileReading {
    static func bytes(of path: String) throws(MappingFileError) -> [UInt8] {
        guard let file = fopen(path, "rb") else {
            let reason = String(cString: strerror(errno))
            throw refusal(path, "the file cannot be read (\(reason))", "check the path and its permissions")
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= 2_097_152 {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { break }
            bytes += buffer[0..<count]
        }
        if ferror(file) != 0 {
            throw refusal(path, "the file cannot be read", "is it a folder? name the file in it")
        }
        return bytes
    }

    private static func refusal(_ path: String, _ reason: String, _ mend: String) -> MappingFileError {
        MappingFileError(file: path, problems: [.init(line: 0, column: 0, reason: reason, mend: mend)])
    }
}
