public import Postgres

extension Ledger {
    /// The NetSuite customers of accounts, where known.
    public func customers(of accountIds: [String]) async throws(PostgresError) -> [String: Int64] {
        if accountIds.isEmpty { return [:] }
        let rows = try await run(
            "select account_id, netsuite_id from customers where account_id = any(\(accountIds))")
        var known: [String: Int64] = [:]
        for row in rows { known[try row.string("account_id")] = try row.int64("netsuite_id") }
        return known
    }

    /// Remembers customers; a later pair replaces an earlier one.
    public func store(customers: [CustomerReference]) async throws(PostgresError) {
        if customers.isEmpty { return }
        _ = try await run(
            """
            insert into customers as c (account_id, netsuite_id)
            select distinct on (x.account_id) x.account_id, x.netsuite_id
            from unnest(\(customers.map(\.accountId)), \(customers.map(\.netSuiteId))) with ordinality
                as x (account_id, netsuite_id, position)
            order by x.account_id, x.position desc
            on conflict (account_id) do update set netsuite_id = excluded.netsuite_id, changed_at = clock_timestamp()
            where c.netsuite_id <> excluded.netsuite_id
            """)
    }

    /// Lines of an order, where they were ever read.
    public func lines(of orderId: String) async throws(PostgresError) -> [LineReference] {
        let rows = try await run(
            "select line_id, netsuite_line from order_lines where order_id = \(orderId) order by netsuite_line, line_id"
        )
        return try rows.map { row throws(PostgresError) in
            LineReference(lineId: try row.string("line_id"), netSuiteLine: try row.int64("netsuite_line"))
        }
    }

    /// Remembers lines of an order; a later key replaces an earlier one.
    public func store(lines: [LineReference], of orderId: String) async throws(PostgresError) {
        if lines.isEmpty { return }
        _ = try await run(
            """
            insert into order_lines as l (order_id, line_id, netsuite_line)
            select distinct on (x.line_id) \(orderId), x.line_id, x.netsuite_line
            from unnest(\(lines.map(\.lineId)), \(lines.map(\.netSuiteLine))) with ordinality
                as x (line_id, netsuite_line, position)
            order by x.line_id, x.position desc
            on conflict (order_id, line_id) do update set netsuite_line = excluded.netsuite_line
            where l.netsuite_line <> excluded.netsuite_line
            """)
    }
}
