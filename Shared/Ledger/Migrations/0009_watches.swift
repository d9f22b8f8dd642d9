import Postgres

extension LedgerMigrations {
    /// What the watches of NetSuite published, and which document belongs to which order.
    static let watches = Migration(
        number: 9, name: "watches",
        sql: """
            -- What was published of each key, stored before it is produced. Orders keep every row, which is their time line;
            -- stock keeps the newest one and those that Kafka has not confirmed.
            create table crossdock.published_states (
                state_id bigint generated always as identity,
                topic text collate "C" not null,
                key text collate "C" not null,
                as_of_ms bigint not null,
                digest bytea not null,
                event_id text not null unique,
                trace_parent text not null,
                fence bigint not null,
                value bytea not null,
                stored_at timestamptz not null default clock_timestamp(),
                acknowledged_at timestamptz,
                primary key (topic, key, as_of_ms)
            ) with (fillfactor = 80);
            create index published_states_unacknowledged
                on crossdock.published_states (topic, state_id) where acknowledged_at is null;

            -- Which document ever belonged to which sales order, by NetSuite's internal ids: a deleted document, or a payment
            -- that was taken back, does not say any more.
            create table crossdock.order_documents (
                document_id bigint not null,
                order_netsuite_id bigint not null,
                seen_at timestamptz not null default clock_timestamp(),
                primary key (document_id, order_netsuite_id)
            );

            -- Stores what is news of each key. Answers what is stored under these event ids, so that a call whose answer was
            -- lost may be made again.
            create function crossdock.store_states(
                p_name text, p_holder text, p_fence bigint, p_topic text, p_even_if_unchanged boolean,
                p_keeps_history boolean, p_keys text[], p_as_of bigint[], p_contents bytea[], p_values bytea[],
                p_event_ids text[], p_trace_parents text[])
            returns setof published_states language plpgsql
            set search_path = crossdock
            set plan_cache_mode = force_generic_plan
            set enable_seqscan = off
            as $$
            declare
                r record;
                v_newest record;
            begin
                perform require_leadership(p_name, p_holder, p_fence);
                for r in
                    select *, sha256(x.content) as digest
                    from unnest(p_keys, p_as_of, p_contents, p_values, p_event_ids, p_trace_parents)
                        as x (key, as_of_ms, content, value, event_id, trace_parent)
                    order by x.key collate "C", x.as_of_ms
                loop
                    select s.as_of_ms, s.digest into v_newest from published_states s
                        where s.topic = p_topic and s.key = r.key order by s.as_of_ms desc limit 1;
                    continue when v_newest.as_of_ms >= r.as_of_ms
                        or (v_newest.digest = r.digest and not p_even_if_unchanged);
                    insert into published_states (topic, key, as_of_ms, digest, event_id, trace_parent, fence, value)
                        values (p_topic, r.key, r.as_of_ms, r.digest, r.event_id, r.trace_parent, p_fence, r.value);
                    if not p_keeps_history then
                        delete from published_states s where s.topic = p_topic and s.key = r.key
                            and s.as_of_ms < r.as_of_ms and s.acknowledged_at is not null;
                    end if;
                end loop;
                return query select * from published_states s
                    where s.topic = p_topic and s.event_id = any(p_event_ids) order by s.state_id;
            end $$;
            """)
}
