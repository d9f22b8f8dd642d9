import Postgres
import Testing

@testable import Ledger

@Suite("Migrations before the first release")
struct FoldedMigrationTests {
    /// Each statement that makes, changes or removes something, as `function crossdock.settle`.
    private static func definitions(in sql: String) -> [String] {
        let statement =
            /\b(?:create(?:\s+or\s+replace)?|alter|drop)\s+(?:unique\s+)?(table|index|function|trigger)\s+([\w.]+)/
        return sql.matches(of: statement.ignoresCase()).map { "\($0.output.1) \($0.output.2)".lowercased() }
    }

    @Test("each table, index, function and trigger is made once, in its newest form")
    func madeOnce() {
        let definitions = LedgerMigrations.all.flatMap { Self.definitions(in: $0.sql) }
        #expect(definitions.contains("table crossdock.orders"))
        #expect(definitions.contains("function crossdock.claim_orders"))
        let repeated = Dictionary(grouping: definitions) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
        #expect(repeated.isEmpty, "fold these into the statement that made them, until the first release")
    }

    @Test("numbers count from 1 without gaps, and no name is used twice")
    func numbered() {
        let migrations = LedgerMigrations.all
        #expect(migrations.map(\.number) == Array(1...Int64(migrations.count)))
        #expect(Set(migrations.map(\.name)).count == migrations.count)
    }
}
