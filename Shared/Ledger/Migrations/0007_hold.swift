import Postgres

extension LedgerMigrations {
    /// Held orders: tried again only when due, and never forgetting that an earlier request may still land.
    static let hold = Migration(
        number: 7, name: "hold",
        sql: """
            create index held_orders_due on crossdock.held_orders (next_try_at);

            create or replace function crossdock.claim_orders(
                p_order_ids text[], p_order_numbers text[], p_account_ids text[], p_versions bigint[], p_digests bytea[],
                p_request_ids text[], p_event_ids text[], p_trace_parents text[], p_replays_of bigint[],
                p_retries_held boolean[], p_settlement_ids text[], p_holder text, p_lease_ms bigint)
            returns table (
                o_position bigint, o_answer text, o_fence bigint, o_attempt_id bigint, o_remaining_ms bigint,
                o_netsuite_id bigint, o_netsuite_number text, o_written_version bigint, o_customer_id bigint,
                o_unknown_since timestamptz, o_unknown_ms bigint, o_starts bigint, o_sequence bigint)
            language plpgsql
            set search_path = crossdock
            -- All look-ups are by key: one plan for all, that never reads a whole table however small it was once.
            set plan_cache_mode = force_generic_plan
            set enable_seqscan = off
            as $$
            declare
                r record;
                o orders;
                v_now timestamptz;
                v_outcome text;
                v_is_replay boolean;
                v_is_due boolean;
                v_is_same boolean;
            begin
                for r in
                    select * from unnest(p_order_ids, p_order_numbers, p_account_ids, p_versions, p_digests, p_request_ids,
                        p_event_ids, p_trace_parents, p_replays_of, p_retries_held, p_settlement_ids) with ordinality
                        as x (order_id, order_number, account_id, version, digest, request_id, event_id, trace_parent,
                            replay_of, retries_held, settlement_id, position)
                    order by x.order_id collate "C"
                loop
                    insert into orders (order_id) values (r.order_id) on conflict do nothing;
                    select * into o from orders x where x.order_id = r.order_id for update;
                    v_now := clock_timestamp();
                    o_position := r.position;
                    o_netsuite_id := o.netsuite_id;
                    o_netsuite_number := o.netsuite_number;
                    o_written_version := o.written_version;
                    o_fence := null; o_attempt_id := null; o_remaining_ms := null; o_customer_id := null;
                    o_unknown_since := null; o_unknown_ms := null; o_starts := null; o_sequence := null; v_outcome := null;
                    select s.sequence, s.outcome into o_sequence, v_outcome from settlements s
                        where s.order_id = r.order_id and s.version = r.version order by s.sequence desc limit 1;
                    v_is_replay := r.replay_of is not null and exists (select from dead_letters l
                        where l.letter_id = r.replay_of and l.order_id = r.order_id and l.state = 'replaying'
                        and l.replay_event_id = r.event_id);

                    -- The hold of this very version: whether its next try is due, and whether it is of this message.
                    v_is_due := false;
                    v_is_same := false;
                    select h.next_try_at <= v_now, h.event_id = r.event_id into v_is_due, v_is_same from held_orders h
                        where h.order_id = r.order_id and h.version = r.version and v_outcome = 'held';

                    if r.version = o.written_version and o.written_digest <> r.digest then
                        o_answer := 'conflicting';
                    elsif r.version > extract(epoch from v_now) * 1000 + 86400000 then
                        o_answer := 'ahead';
                    elsif o_sequence is not null and not (v_is_replay and v_is_same is not true)
                        and not (r.retries_held and v_is_due is true) then
                        o_answer := 'settled';
                    elsif r.version <= o.written_version then
                        o_answer := 'superseded';
                        update orders x set sequence = x.sequence + 1, changed_at = v_now
                            where x.order_id = r.order_id returning x.sequence into o_sequence;
                        insert into settlements (order_id, sequence, version, outcome, event_id, trace_parent, settled_at)
                            values (r.order_id, o_sequence, r.version, 'superseded', r.settlement_id, r.trace_parent, v_now);
                        if v_is_replay then
                            update dead_letters l set state = 'superseded', closed_at = v_now, closed_by = p_holder
                                where l.letter_id = r.replay_of;
                        end if;
                        delete from held_orders h where h.order_id = r.order_id and h.version <= o.written_version;
                        perform crossdock.close_publication(r.order_id, r.version, v_now);
                    elsif o.holder = p_holder and exists (select from attempts a where a.order_id = r.order_id
                        and a.fence = o.fence and a.request_id = r.request_id and a.state = 'sent') then
                        -- The same request again: the answer to its commit was lost.
                        o_answer := 'claimed';
                        update orders x set lease_until = v_now + p_lease_ms * interval '1 ms'
                            where x.order_id = r.order_id returning * into o;
                        select a.attempt_id into o_attempt_id from attempts a where a.order_id = r.order_id
                            and a.fence = o.fence and a.request_id = r.request_id;
                    elsif o.holder is not null and o.lease_until > v_now then
                        o_answer := 'busy';
                        o_remaining_ms := ceil(extract(epoch from o.lease_until - v_now) * 1000);
                    else
                        o_answer := 'claimed';
                        if o.holder is not null then
                            update attempts a set state = 'unknown', ended_at = o.lease_until,
                                summary = 'its holder''s lease ended without an outcome'
                                where a.order_id = r.order_id and a.fence = o.fence and a.state = 'sent';
                        end if;
                        update orders x set fence = x.fence + 1, holder = p_holder, starts = x.starts + 1,
                            lease_until = v_now + p_lease_ms * interval '1 ms',
                            unknown_since = case when x.holder is null then x.unknown_since else x.lease_until end,
                            order_number = r.order_number, account_id = r.account_id, changed_at = v_now
                            where x.order_id = r.order_id returning * into o;
                        insert into attempts (order_id, version, fence, holder, request_id, event_id, trace_parent,
                            body_digest, replay_of, started_at)
                            values (r.order_id, r.version, o.fence, p_holder, r.request_id, r.event_id, r.trace_parent,
                            r.digest, case when v_is_replay then r.replay_of end, v_now)
                            returning attempts.attempt_id into o_attempt_id;
                    end if;
                    if o_answer = 'claimed' then
                        o_fence := o.fence;
                        o_starts := o.starts;
                        o_sequence := null;
                        o_unknown_since := o.unknown_since;
                        o_unknown_ms := greatest(0, extract(epoch from v_now - o.unknown_since) * 1000);
                        select c.netsuite_id into o_customer_id from customers c where c.account_id = r.account_id;
                    end if;
                    return next;
                end loop;
            end $$;

            create or replace function crossdock.record_attempts(p_records jsonb, p_keys bytea[], p_values bytea[])
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
            """)
}
