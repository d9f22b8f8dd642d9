import Contracts
import EventLoop
public import Postgres

extension Ledger {
    /// Dead letters, newest first.
    public func deadLetters(
        _ filter: LetterFilter = .open, limit: Int = 50
    ) async throws(PostgresError) -> [DeadLetter] {
        let rows = try await run(
            """
            select \(unsafe: DeadLetter.columns)
            from matching_letters(\(filter.states.map(\.rawValue)), \(filter.letterClass), \(filter.fingerprint)) l
            order by l.letter_id desc limit \(limit)
            """)
        return try rows.map { row throws(PostgresError) in try DeadLetter(row) }
    }

    /// Dead letters by id, in the order of the ids; unknown ones are absent.
    public func deadLetters(ids: [String]) async throws(PostgresError) -> [DeadLetter] {
        let rows = try await run(
            """
            select \(unsafe: DeadLetter.columns) from unnest(\(ids.map { Int64($0) ?? 0 })) with ordinality as x (id, position)
            join dead_letters on letter_id = x.id order by x.position
            """)
        return try rows.map { row throws(PostgresError) in try DeadLetter(row) }
    }

    /// Everything that is kept of a letter; nil when there is none.
    public func deadLetter(_ id: String) async throws(PostgresError) -> DeadLetterDetail? {
        guard let letter = try await deadLetters(ids: [id]).first else { return nil }
        let number = Int64(id) ?? 0
        let newer = try await run(
            """
            select newer_version(order_id, version) as version from dead_letters
            where letter_id = \(number) and topic is not null
            """)
        let acts = try await run(
            """
            select act, acted_at, acted_by, event_id, note from dead_letter_trail
            where letter_id = \(number) order by trail_id
            """)
        return DeadLetterDetail(
            letter: letter, newerVersion: try newer.first?.optionalInt64("version") ?? nil,
            message: try await keptMessages(of: [id])[id]?.message,
            trail: try acts.map { row throws(PostgresError) in try LetterAct(row) })
    }

    /// Letters that are not closed, by fingerprint: those with most letters first, the oldest first among equals.
    public func letterGroups(
        _ filter: LetterFilter = .unsettled, limit: Int = 200
    ) async throws(PostgresError) -> [LetterGroup] {
        let rows = try await run(
            """
            with l as materialized (
                select letter_id, fingerprint, class, sentence, opened_at
                from matching_letters(\(filter.states.map(\.rawValue)), \(filter.letterClass), \(filter.fingerprint))),
            t as materialized (
                select l.fingerprint, x.o_currency as currency, sum(x.o_total) as total, count(x.o_total) as letters
                from l left join dead_letter_messages m on m.letter_id = l.letter_id and m.is_whole
                left join lateral snapshot_total(m.value) x on true
                group by l.fingerprint, x.o_currency)
            select l.fingerprint, (array_agg(l.class order by l.letter_id desc))[1] as class,
                (array_agg(l.sentence order by l.letter_id desc))[1] as sentence, count(*) as letters,
                min(l.opened_at) as oldest,
                greatest(0, extract(epoch from clock_timestamp() - min(l.opened_at)))::bigint as age_seconds,
                count(*) - (select coalesce(sum(t.letters), 0)::bigint from t where t.fingerprint = l.fingerprint) as without_total,
                (select string_agg(t.currency || ' ' || case when scale(trim_scale(t.total)) < 2 then round(t.total, 2)
                    else trim_scale(t.total) end, ',' order by t.currency collate "C")
                    from t where t.fingerprint = l.fingerprint and t.total is not null) as totals
            from l group by l.fingerprint order by letters desc, oldest, l.fingerprint limit \(limit)
            """)
        return try rows.map { row throws(PostgresError) in try LetterGroup(row) }
    }

    /// How many letters are open, by class.
    public func deadLetterCounts() async throws(PostgresError) -> [DeadLetterCount] {
        let rows = try await run(
            """
            select class, count(*) as count, min(opened_at) as oldest from dead_letters
            where state in ('open', 'replaying') group by class order by count(*) desc, class
            """)
        return try rows.map { row throws(PostgresError) in
            DeadLetterCount(
                letterClass: try row.string("class"), count: try row.int64("count"), oldest: try row.instant("oldest"))
        }
    }

    /// Topics and messages by letter id; letters without a message are absent.
    func keptMessages(of ids: [String]) async throws(PostgresError) -> [String: (topic: String, message: KeptMessage)] {
        let rows = try await run(
            """
            select l.letter_id::text as letter_id, l.topic, m.key, m.value, m.headers, m.value_length, m.value_sha256,
                m.is_whole
            from dead_letters l join dead_letter_messages m on m.letter_id = l.letter_id
            where l.letter_id = any(\(ids.map { Int64($0) ?? 0 })) and l.topic is not null
            """)
        var kept: [String: (topic: String, message: KeptMessage)] = [:]
        for row in rows { kept[try row.string("letter_id")] = (try row.string("topic"), try KeptMessage(row)) }
        return kept
    }
}

extension DeadLetter {
    fileprivate static let columns = """
        letter_id::text as letter_id, state, order_id, order_number, version, class, code, field, sentence, fingerprint,
            seen_count, opened_at, closed_at, case when topic is null then concat_ws(' ', object_type, object_id)
            else topic || '/' || partition || '@' || message_offset end as source
        """

    init(_ row: PostgresRow) throws(PostgresError) {
        guard let state = DeadLetterState(rawValue: try row.string("state")) else {
            throw PostgresError.broken("a dead letter has a state that this program does not know")
        }
        self.init(
            id: try row.string("letter_id"), state: state,
            orderId: try row.optionalString("order_id"), orderNumber: try row.optionalString("order_number"),
            version: try row.optionalInt64("version"), letterClass: try row.string("class"),
            code: try row.optionalString("code"), field: try row.optionalString("field"),
            sentence: try row.string("sentence"), fingerprint: try row.string("fingerprint"),
            source: try row.string("source"), seenCount: try row.int64("seen_count"),
            openedAt: try row.instant("opened_at"), closedAt: try row.optionalInstant("closed_at"))
    }
}

extension KeptMessage {
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            key: try row.optionalBytes("key"), value: try row.optionalBytes("value"),
            headers: HeaderText.decode(try row.string("headers")), valueLength: try row.int64("value_length"),
            valueDigest: try row.optionalBytes("value_sha256"), isWhole: try row.bool("is_whole"))
    }
}

extension LetterAct {
    init(_ row: PostgresRow) throws(PostgresError) {
        guard let kind = Kind(rawValue: try row.string("act")) else {
            throw PostgresError.broken("a dead letter's trail has an act that this program does not know")
        }
        self.init(
            kind: kind, at: try row.instant("acted_at"), by: try row.string("acted_by"),
            eventId: try row.optionalString("event_id"), note: try row.optionalString("note"))
    }
}

extension LetterGroup {
    init(_ row: PostgresRow) throws(PostgresError) {
        let totals = try row.optionalString("totals")?.split(separator: ",").map { total in
            LetterTotal(currency: String(total.prefix(3)), amount: String(total.dropFirst(4)))
        }
        self.init(
            fingerprint: try row.string("fingerprint"), letterClass: try row.string("class"),
            sentence: try row.string("sentence"), count: try row.int64("letters"), oldest: try row.instant("oldest"),
            oldestAge: .seconds(try row.int64("age_seconds")), totals: totals ?? [],
            withoutTotal: try row.int64("without_total"))
    }
}
