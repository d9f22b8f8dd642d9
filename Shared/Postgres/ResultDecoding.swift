import CLibpq

/// One `PGresult`, freed when it goes out of scope; nothing of it outlives a call.
struct StatementResult: ~Copyable {
    private let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { PQclear(pointer) }

    enum Outcome {
        case rows(PostgresRows)
        case refused(PostgresError)
        /// An error of libpq itself, without SQLSTATE: the connection is gone.
        case lost
        /// COPY or something else that nobody asked for.
        case unexpected
    }

    func outcome() -> Outcome {
        switch PQresultStatus(pointer) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: .rows(rows())
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE:
            if let state = field("C") {
                .refused(.refusal(sqlState: state, constraint: field("n"), table: field("t")))
            } else {
                .lost
            }
        default: .unexpected
        }
    }

    /// "COMMIT", "ROLLBACK", "INSERT 0 1".
    var commandTag: String { String(cString: PQcmdStatus(pointer)) }

    /// Only `C`, `n` and `t` are ever read: the other fields carry data.
    private func field(_ code: Unicode.Scalar) -> String? {
        PQresultErrorField(pointer, Int32(code.value)).map { String(cString: $0) }
    }

    private func rows() -> PostgresRows {
        let columnCount = PQnfields(pointer)
        let rowCount = PQntuples(pointer)
        let columns = (0..<columnCount).map { column in
            PostgresRows.Column(
                name: PQfname(pointer, column).map { String(cString: $0) } ?? "", type: PQftype(pointer, column))
        }
        var cells: [Range<Int>?] = []
        var bytes: [UInt8] = []
        cells.reserveCapacity(Int(columnCount) * Int(rowCount))
        for row in 0..<rowCount {
            for column in 0..<columnCount { cells.append(append(row, column, to: &bytes)) }
        }
        let touched = PQcmdTuples(pointer).flatMap { Int(String(cString: $0)) }
        return PostgresRows(columns: columns, bytes: bytes, cells: cells, affected: touched ?? Int(rowCount))
    }

    /// Where the cell's value lies behind the others; nil for NULL.
    private func append(_ row: Int32, _ column: Int32, to bytes: inout [UInt8]) -> Range<Int>? {
        guard PQgetisnull(pointer, row, column) == 0, let start = PQgetvalue(pointer, row, column) else { return nil }
        let first = bytes.count
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(pointer, row, column))))
        return first..<bytes.count
    }
}

/// Severity and SQLSTATE of the server's notices; their text may carry data.
final class NoticeBox {
    var states: [String] = []

    /// Called by libpq inside its calls, that is, on the loop's thread.
    static let receiver: PQnoticeReceiver = { argument, result in
        guard let argument, let result else { return }
        let box = Unmanaged<NoticeBox>.fromOpaque(argument).takeUnretainedValue()
        guard box.states.count < 16, let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))) else { return }
        box.states.append(String(cString: state))
    }
}

/// Lends the parameters as the C arrays of `PQsendQueryParams`.
func withCParameters<Result>(
    _ parameters: [SQLParameter],
    _ body: (
        [UInt32], [UnsafePointer<CChar>?], [Int32], [Int32]
    ) -> Result
) -> Result {
    let types = parameters.map(\.type)
    let lengths = parameters.map { Int32(clamping: $0.bytes?.count ?? 0) }
    let formats = [Int32](repeating: 1, count: parameters.count)
    // One block for all values: pointers into separate arrays would not live long enough.
    var block: [CChar] = []
    block.reserveCapacity(parameters.reduce(0) { $0 + ($1.bytes?.count ?? 0) + 1 })
    var offsets: [Int?] = []
    for parameter in parameters {
        offsets.append(parameter.bytes == nil ? nil : block.count)
        parameter.bytes?.withUnsafeBytes { block.append(contentsOf: $0.bindMemory(to: CChar.self)) }
        block.append(0)
    }
    return block.withUnsafeBufferPointer { buffer in
        let values = offsets.map { offset in offset.flatMap { buffer.baseAddress?.advanced(by: $0) } }
        return body(types, values, lengths, formats)
    }
}
