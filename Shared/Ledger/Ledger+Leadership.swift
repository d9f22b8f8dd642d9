import EventLoop
public import Postgres

extension Ledger {
    /// Becomes the leader when nobody's lease is running; nil while another leads.
    public func acquireLeadership(
        of name: String, holder: String, lease: Duration
    ) async throws(PostgresError) -> Leadership? {
        let rows = try await run(
            """
            insert into leaders as l (name, holder, fence, lease_until)
            values (\(name), \(holder), 1, clock_timestamp() + \(lease.inMilliseconds) * interval '1 ms')
            on conflict (name) do update set holder = excluded.holder, fence = l.fence + 1,
                lease_until = clock_timestamp() + \(lease.inMilliseconds) * interval '1 ms'
            where l.lease_until <= clock_timestamp() or l.holder = excluded.holder
            returning l.fence
            """)
        guard let row = rows.first else { return nil }
        return Leadership(name: name, holder: holder, fence: try row.int64("fence"))
    }

    /// Extends the lease; false when another leads now.
    public func renew(_ leadership: Leadership, lease: Duration) async throws(PostgresError) -> Bool {
        let rows = try await run(
            """
            update leaders set lease_until = clock_timestamp() + \(lease.inMilliseconds) * interval '1 ms'
            where name = \(leadership.name) and holder = \(leadership.holder) and fence = \(leadership.fence)
            """)
        return rows.affected == 1
    }

    /// Lets another lead at once.
    public func release(_ leadership: Leadership) async throws(PostgresError) {
        _ = try await run(
            """
            update leaders set lease_until = '-infinity', holder = null
            where name = \(leadership.name) and holder = \(leadership.holder) and fence = \(leadership.fence)
            """)
    }

    /// How far a watch has read, as text of its own form; nil before the first start.
    public func cursor(_ name: String) async throws(PostgresError) -> String? {
        try await run("select position from cursors where name = \(name)").first?.string("position")
    }

    /// Moves a cursor. Throws ``LeadershipLost`` when another leads now.
    public func moveCursor(_ name: String, to position: String, under leadership: Leadership) async throws {
        let rows = try await run(
            """
            with mine as materialized (
                select fence from leaders where name = \(leadership.name) and holder = \(leadership.holder)
                    and fence = \(leadership.fence) for share)
            insert into cursors (name, position, fence) select \(name), \(position), fence from mine
            on conflict (name) do update set position = excluded.position, fence = excluded.fence,
                moved_at = clock_timestamp()
            """)
        if rows.affected == 0 { throw LeadershipLost(name: leadership.name) }
    }

    /// Runs a statement of the leader; the schema's functions answer `CD001` when another leads.
    func runLeading(_ sql: SQL, under leadership: Leadership) async throws -> PostgresRows {
        do throws(PostgresError) {
            return try await run(sql)
        } catch {
            if error.sqlState == "CD001" { throw LeadershipLost(name: leadership.name) }
            throw error
        }
    }
}
