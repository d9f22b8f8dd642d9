import Postgres

extension LedgerMigrations {
    /// T1 as one round trip, and the letters of messages that were never claimed.
    static let record = Migration(
        number: 4, name: "record",
        sql: """
            -- Opens a letter, or the same one again when its message was seen before. Gives its id.
            create function crossdock.open_letter(
                p_origin text, p_order_id text, p_order_number text, p_version bigint, p_event_id text,
                p_trace_parent text, p_letter jsonb, p_key bytea, p_value bytea, p_now timestamptz)
            returns bigint language plpgsql set search_path = crossdock as $$
            declare
                v_id bigint;
                v_is_new boolean;
                v_is_whole boolean := coalesce(length(p_value) <= 1048576, true);
            begin
                insert into dead_letters as l (origin, cluster_id, topic, partition, message_offset, order_id, order_number,
                    version, event_id, trace_parent, class, code, field, sentence, fingerprint, opened_at)
                values (p_origin, p_letter->>'clusterId', p_letter->>'topic', (p_letter->>'partition')::integer,
                    (p_letter->>'offset')::bigint, p_order_id, p_order_number, p_version, p_event_id, p_trace_parent,
                    p_letter->>'class', p_letter->>'code', p_letter->>'field', (p_letter->>'sentence')
                    || case when v_is_whole then '' else ' Only the first 64 KiB of the message are kept.' end,
                    p_letter->>'fingerprint', p_now)
                on conflict (cluster_id, topic, partition, message_offset) where topic is not null
                do update set seen_count = l.seen_count + 1, state = 'open', class = excluded.class, code = excluded.code,
                    field = excluded.field, sentence = excluded.sentence, fingerprint = excluded.fingerprint,
                    closed_at = null, closed_by = null
                returning l.letter_id, l.seen_count = 1 into v_id, v_is_new;
                if v_is_new and p_letter->>'topic' is not null then
                    insert into dead_letter_messages (letter_id, key, value, headers, value_length, value_sha256, is_whole)
                    values (v_id, p_key, case when v_is_whole then p_value else substring(p_value for 65536) end,
                        coalesce(p_letter->>'headers', ''), coalesce(length(p_value), 0), sha256(p_value), v_is_whole);
                end if;
                return v_id;
            end $$;

            -- A failed replay opens the same letter again, unless a newer version has settled since.
            create function crossdock.reopen_letter(
                p_letter_id bigint, p_order_id text, p_version bigint, p_letter jsonb, p_by text, p_now timestamptz)
            returns bigint language sql set search_path = crossdock as $$
                update dead_letters l set
                    state = case when newer.found then 'superseded' else 'open' end,
                    closed_at = case when newer.found then p_now end, closed_by = case when newer.found then p_by end,
                    opened_at = p_now, class = p_letter->>'class', code = p_letter->>'code', field = p_letter->>'field',
                    sentence = p_letter->>'sentence', fingerprint = p_letter->>'fingerprint', replay_event_id = null
                from (select exists (select from settlements s where s.order_id = p_order_id and s.version > p_version
                    and s.outcome in ('written', 'unchanged', 'dead')) as found) newer
                where l.letter_id = p_letter_id returning l.letter_id
            $$;

            -- Closes the writer's letters of an order up to a version; p_kept stays as it is.
            create function crossdock.close_letters(
                p_order_id text, p_version bigint, p_kept bigint, p_by text, p_now timestamptz)
            returns void language sql set search_path = crossdock as $$
                update dead_letters l set state = 'superseded', closed_at = p_now, closed_by = p_by
                where l.order_id = p_order_id and l.origin = 'writer' and l.state in ('open', 'replaying')
                    and (l.version is null or l.version <= p_version) and l.letter_id is distinct from p_kept
            $$;

            create function crossdock.settle(
                p_order_id text, p_version bigint, p_outcome text, p_event_id text, p_trace_parent text,
                p_attempt_id bigint, p_letter_id bigint, p_now timestamptz)
            returns bigint language plpgsql set search_path = crossdock as $$
            declare
                v_sequence bigint;
            begin
                update orders o set sequence = o.sequence + 1, changed_at = p_now where o.order_id = p_order_id
                    returning o.sequence into v_sequence;
                insert into settlements (order_id, sequence, version, outcome, event_id, trace_parent, attempt_id,
                    letter_id, settled_at)
                values (p_order_id, v_sequence, p_version, p_outcome, p_event_id, p_trace_parent, p_attempt_id,
                    p_letter_id, p_now);
                if p_version is not null then perform close_publication(p_order_id, p_version, p_now); end if;
                return v_sequence;
            end $$;

            create function crossdock.record_attempts(p_records jsonb, p_keys bytea[], p_values bytea[])
            returns table (o_position bigint, o_answer text, o_sequence bigint)
            language plpgsql
            set search_path = crossdock
            set plan_cache_mode = force_generic_plan
            set enable_seqscan = off
            as $$
            declare
                r record;
                o orders;
                t attempts;
                v_now timestamptz;
                v_letter bigint;
                v_letter_content jsonb;
            begin
                for r in
                    select e.ordinality as position, e.value->>'orderId' as order_id, (e.value->>'fence')::bigint as fence,
                        (e.value->>'attemptId')::bigint as attempt_id, e.value->>'outcome' as outcome,
                        e.value->>'eventId' as event_id, e.value as body
                    from jsonb_array_elements(p_records) with ordinality e
                    order by e.value->>'orderId' collate "C"
                loop
                    o_position := r.position;
                    o_sequence := null;
                    v_letter := null;
                    select * into o from orders x where x.order_id = r.order_id for update;
                    select * into t from attempts a where a.attempt_id = r.attempt_id and a.order_id = r.order_id;
                    v_now := clock_timestamp();
                    if t.sequence is not null then
                        o_answer := 'already';
                        o_sequence := t.sequence;
                        return next;
                        continue;
                    end if;
                    if t.attempt_id is null or t.state <> 'sent' or o.holder is null or o.fence <> r.fence
                        or t.fence <> r.fence then
                        o_answer := 'fenced';
                        return next;
                        continue;
                    end if;
                    o_answer := 'recorded';
                    v_letter_content := nullif(r.body->'letter', 'null'::jsonb);

                    if r.body->>'customerId' is not null then
                        insert into customers as c (account_id, netsuite_id)
                        values (r.body->>'accountId', (r.body->>'customerId')::bigint)
                        on conflict (account_id) do update set netsuite_id = excluded.netsuite_id, changed_at = v_now
                            where c.netsuite_id <> excluded.netsuite_id;
                    end if;
                    insert into order_lines as l (order_id, line_id, netsuite_line)
                        select r.order_id, x.value->>0, (x.value->>1)::bigint
                        from jsonb_array_elements(coalesce(r.body->'lines', '[]'::jsonb)) x
                        on conflict (order_id, line_id) do update set netsuite_line = excluded.netsuite_line
                            where l.netsuite_line <> excluded.netsuite_line;

                    if r.outcome in ('written', 'unchanged') then
                        update dead_letters l set state = 'resolved', closed_at = v_now, closed_by = o.holder
                            where l.letter_id = t.replay_of and l.state = 'replaying';
                        perform close_letters(r.order_id, t.version, null, o.holder, v_now);
                    elsif r.outcome = 'superseded' then
                        update dead_letters l set state = 'superseded', closed_at = v_now, closed_by = o.holder
                            where l.letter_id = t.replay_of and l.state = 'replaying';
                    elsif r.outcome = 'dead' then
                        if t.replay_of is not null then
                            v_letter := reopen_letter(t.replay_of, r.order_id, t.version, v_letter_content, o.holder, v_now);
                        else
                            v_letter := open_letter('writer', r.order_id, o.order_number, t.version, t.event_id,
                                t.trace_parent, v_letter_content, p_keys[(r.body->>'message')::integer],
                                p_values[(r.body->>'message')::integer], v_now);
                        end if;
                        perform close_letters(r.order_id, t.version, v_letter, o.holder, v_now);
                    end if;

                    if r.outcome = 'held' then
                        insert into held_orders as h (order_id, version, sentence, code, next_try_at, held_since, event_id,
                            trace_parent, cluster_id, topic, partition, message_offset, key, value, headers)
                        values (r.order_id, t.version, r.body->'hold'->>'sentence', r.body->'hold'->>'code',
                            v_now + (r.body->'hold'->>'retryMs')::bigint * interval '1 ms', v_now, t.event_id,
                            t.trace_parent, r.body->'hold'->>'clusterId', r.body->'hold'->>'topic',
                            (r.body->'hold'->>'partition')::integer, (r.body->'hold'->>'offset')::bigint,
                            p_keys[(r.body->>'message')::integer], p_values[(r.body->>'message')::integer],
                            coalesce(r.body->'hold'->>'headers', ''))
                        on conflict (order_id) do update set version = excluded.version, sentence = excluded.sentence,
                            code = excluded.code, next_try_at = excluded.next_try_at, event_id = excluded.event_id,
                            trace_parent = excluded.trace_parent, cluster_id = excluded.cluster_id, topic = excluded.topic,
                            partition = excluded.partition, message_offset = excluded.message_offset, key = excluded.key,
                            value = excluded.value, headers = excluded.headers,
                            tries = case when h.version = excluded.version then h.tries + 1 else 1 end,
                            held_since = case when h.version = excluded.version then h.held_since else v_now end
                            where h.version <= excluded.version;
                    else
                        delete from held_orders h where h.order_id = r.order_id and h.version <= t.version;
                    end if;

                    o_sequence := settle(r.order_id, t.version, r.outcome, r.event_id, t.trace_parent, t.attempt_id,
                        v_letter, v_now);
                    update attempts a set state = r.outcome, ended_at = v_now, sequence = o_sequence,
                        status = (r.body->>'status')::integer, code = r.body->>'code', summary = r.body->>'summary'
                        where a.attempt_id = r.attempt_id;
                    update orders x set holder = null, lease_until = '-infinity', starts = 0, unknown_since = null,
                        netsuite_id = coalesce((r.body->>'netSuiteId')::bigint, x.netsuite_id),
                        netsuite_number = coalesce(r.body->>'number', x.netsuite_number),
                        netsuite_state = coalesce(r.body->>'state', x.netsuite_state),
                        written_version = case when r.outcome in ('written', 'unchanged') then t.version
                            else x.written_version end,
                        written_digest = case when r.outcome in ('written', 'unchanged') then t.body_digest
                            else x.written_digest end
                        where x.order_id = r.order_id;
                    return next;
                end loop;
            end $$;

            create function crossdock.record_unclaimed(p_letters jsonb, p_keys bytea[], p_values bytea[])
            returns table (o_position bigint, o_letter_id bigint, o_sequence bigint)
            language plpgsql
            set search_path = crossdock
            set plan_cache_mode = force_generic_plan
            set enable_seqscan = off
            as $$
            declare
                r record;
                v_now timestamptz;
                v_is_replay boolean;
                v_seen bigint;
                v_number text;
            begin
                for r in
                    select e.ordinality as position, e.value->>'orderId' as order_id,
                        (e.value->>'version')::bigint as version, e.value->>'eventId' as event_id,
                        e.value->>'traceParent' as trace_parent, (e.value->>'replayOf')::bigint as replay_of,
                        e.value->>'settlementId' as settlement_id, e.value->'letter' as letter,
                        (e.value->>'message')::integer as message
                    from jsonb_array_elements(p_letters) with ordinality e
                    order by e.value->>'orderId' collate "C" nulls last, e.ordinality
                loop
                    o_position := r.position;
                    o_letter_id := null;
                    o_sequence := null;
                    v_number := null;
                    if r.order_id is not null then
                        insert into orders (order_id) values (r.order_id) on conflict do nothing;
                        select x.order_number into v_number from orders x where x.order_id = r.order_id for update;
                    end if;
                    v_now := clock_timestamp();
                    select l.letter_id into o_letter_id from dead_letters l
                        where l.cluster_id = r.letter->>'clusterId' and l.topic = r.letter->>'topic'
                        and l.partition = (r.letter->>'partition')::integer
                        and l.message_offset = (r.letter->>'offset')::bigint for update;
                    if found then
                        -- A redelivery: counted, and settled as it was.
                        update dead_letters l set seen_count = l.seen_count + 1 where l.letter_id = o_letter_id;
                        select s.sequence into o_sequence from settlements s where s.letter_id = o_letter_id
                            order by s.sequence desc limit 1;
                        return next;
                        continue;
                    end if;
                    v_is_replay := r.replay_of is not null and exists (select from dead_letters l
                        where l.letter_id = r.replay_of and l.state = 'replaying' and l.replay_event_id = r.event_id);
                    if v_is_replay then
                        o_letter_id := reopen_letter(r.replay_of, r.order_id, r.version, r.letter, 'netsuite-writer', v_now);
                    else
                        o_letter_id := open_letter('writer', r.order_id, v_number, r.version, r.event_id, r.trace_parent,
                            r.letter, p_keys[r.message], p_values[r.message], v_now);
                    end if;
                    if r.order_id is not null then
                        if r.version is not null then
                            perform close_letters(r.order_id, r.version, o_letter_id, 'netsuite-writer', v_now);
                        end if;
                        o_sequence := settle(r.order_id, r.version, 'dead', r.settlement_id, r.trace_parent, null,
                            o_letter_id, v_now);
                    end if;
                    return next;
                end loop;
            end $$;
            """)
}
