import Postgres

extension LedgerMigrations {
    /// T0 as one round trip: functions run each statement on a fresh snapshot, after the order's row is locked.
    static let claim = Migration(
        number: 4, name: "claim",
        sql: """
            create function crossdock.claim_orders(
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
                    elsif r.version <= o.written_version or (v_is_replay and exists (select from settlements s
                        where s.order_id = r.order_id and s.version > r.version)) then
                        -- Also a replay that a newer version has overtaken, whatever became of that one.
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
            """)
}
