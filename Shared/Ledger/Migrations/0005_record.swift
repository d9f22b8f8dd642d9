import Postgres

extension LedgerMigrations {
    /// T1 as one round trip, and the letters of messages that were never claimed.
    static let record = Migration(
        number: 5, name: "record",
        sql: """
            -- "Dead" is said of an order only while its letter is open.
            create function crossdock.settle(
                p_order_id text, p_version bigint, p_outcome text, p_event_id text, p_trace_parent text,
                p_attempt_id bigint, p_letter_id bigint, p_now timestamptz)
            returns bigint language plpgsql set search_path = crossdock as $$
            declare
                v_sequence bigint;
                v_outcome text := p_outcome;
            begin
                if p_outcome = 'dead' then
                    select case l.state when 'discarded' then 'discarded' when 'superseded' then 'superseded'
                        when 'resolved' then 'superseded' else 'dead' end into v_outcome
                        from dead_letters l where l.letter_id = p_letter_id;
                    v_outcome := coalesce(v_outcome, p_outcome);
                end if;
                update orders o set sequence = o.sequence + 1, changed_at = p_now where o.order_id = p_order_id
                    returning o.sequence into v_sequence;
                insert into settlements (order_id, sequence, version, outcome, event_id, trace_parent, attempt_id,
                    letter_id, settled_at)
                values (p_order_id, v_sequence, p_version, v_outcome, p_event_id, p_trace_parent, p_attempt_id,
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
                    update orders x set holder = null, lease_until = '-infinity', starts = 0,
                        -- A held order's earlier request may still land: its next try must know.
                        unknown_since = case when r.outcome <> 'held' then null
                            when (r.body->'hold'->>'isUnknown')::boolean then v_now else x.unknown_since end,
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
                v_replayed dead_letters;
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
                    v_replayed := null;
                    if r.order_id is not null then
                        insert into orders (order_id) values (r.order_id) on conflict do nothing;
                        select x.order_number into v_number from orders x where x.order_id = r.order_id for update;
                    end if;
                    v_now := clock_timestamp();
                    select l.letter_id into o_letter_id from dead_letters l
                        where l.cluster_id = r.letter->>'clusterId' and l.topic = r.letter->>'topic'
                        and l.partition = (r.letter->>'partition')::integer
                        and l.message_offset = (r.letter->>'offset')::bigint for update;
                    if o_letter_id is null and r.replay_of is not null then
                        select * into v_replayed from dead_letters l
                            where l.letter_id = r.replay_of and l.order_id is not distinct from r.order_id for update;
                        -- A replay that was dealt with before, or whose letter was closed since, opens nothing.
                        if (v_replayed.state = 'replaying' and v_replayed.replay_event_id = r.event_id) is not true
                            and exists (select from dead_letter_trail t
                                where t.letter_id = v_replayed.letter_id and t.event_id = r.event_id) then
                            o_letter_id := v_replayed.letter_id;
                        end if;
                    end if;
                    if o_letter_id is not null then
                        -- A redelivery: counted, and settled as it was.
                        update dead_letters l set seen_count = l.seen_count + 1 where l.letter_id = o_letter_id;
                        select s.sequence into o_sequence from settlements s where s.letter_id = o_letter_id
                            order by s.sequence desc limit 1;
                        return next;
                        continue;
                    end if;
                    if v_replayed.state = 'replaying' and v_replayed.replay_event_id = r.event_id then
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
