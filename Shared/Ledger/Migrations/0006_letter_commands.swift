import Postgres

extension LedgerMigrations {
    /// What an operator does with dead letters: each call one transaction, safe to repeat, or only looked at.
    static let letterCommands = Migration(
        number: 6, name: "letter-commands",
        sql: """
            create function crossdock.matching_letters(p_states text[], p_class text, p_fingerprint text)
            returns setof crossdock.dead_letters language sql stable as $$
                select * from crossdock.dead_letters l where l.state = any(p_states)
                and (p_class is null or l.class = p_class) and (p_fingerprint is null or l.fingerprint = p_fingerprint)
            $$;

            -- A letter, locked as T0, T1 and the way to Salesforce do it: first the order, then what it shows, then the letter.
            create function crossdock.lock_letter(p_letter_id bigint)
            returns crossdock.dead_letters language plpgsql set search_path = crossdock as $$
            declare
                l dead_letters;
            begin
                perform 1 from orders o where o.order_id = (select x.order_id from dead_letters x
                    where x.letter_id = p_letter_id) for update;
                perform 1 from feedback f where (f.object, f.key) = (select x.object_type, x.object_id from dead_letters x
                    where x.letter_id = p_letter_id and x.origin = 'feedback') for update;
                select * into l from dead_letters x where x.letter_id = p_letter_id for update;
                return l;
            end $$;

            -- The newest version of an order that has been settled and that a letter's version must not follow.
            create function crossdock.newer_version(p_order_id text, p_version bigint)
            returns bigint language sql stable set search_path = crossdock as $$
                select greatest(
                    (select o.written_version from orders o
                        where o.order_id = p_order_id and o.written_version >= p_version),
                    (select max(s.version) from settlements s where s.order_id = p_order_id and s.version > p_version))
            $$;

            create function crossdock.replay_letters(
                p_letter_ids bigint[], p_event_ids text[], p_by text, p_is_dry_run boolean)
            returns table (o_position bigint, o_answer text, o_state text, o_event_id text, o_newer_version bigint)
            language plpgsql
            set search_path = crossdock
            set plan_cache_mode = force_generic_plan
            set enable_seqscan = off
            as $$
            declare
                r record;
                l dead_letters;
                v_request bigint;
            begin
                for r in
                    select x.*, d.order_id, d.object_id from unnest(p_letter_ids, p_event_ids) with ordinality
                        as x (letter_id, event_id, position) left join dead_letters d on d.letter_id = x.letter_id
                    order by d.order_id collate "C" nulls last, d.object_id collate "C", x.letter_id
                loop
                    l := lock_letter(r.letter_id);
                    o_position := r.position;
                    o_state := l.state;
                    o_event_id := coalesce(l.replay_event_id, r.event_id);
                    o_newer_version := newer_version(l.order_id, l.version);
                    o_answer := case when l.letter_id is null then 'unknown'
                        when l.state not in ('open', 'replaying') then 'closed'
                        when l.origin = 'publisher' then 'requested'
                        when l.topic is null then 'due'
                        when l.state = 'replaying' then 'repeated'
                        when not exists (select from dead_letter_messages m where m.letter_id = l.letter_id and m.is_whole)
                            then 'not-whole'
                        when o_newer_version is not null then 'stale'
                        else 'produce' end;
                    if o_answer = 'due'
                        and not exists (select from feedback f where f.object = l.object_type and f.key = l.object_id) then
                        o_answer := 'nothing-due';
                    end if;
                    if p_is_dry_run or o_answer not in ('requested', 'due', 'repeated', 'produce') then
                        return next;
                        continue;
                    end if;
                    if o_answer = 'requested' then
                        insert into publish_requests (order_id, requested_by) values (l.order_id, p_by)
                            on conflict (order_id) where closed_at is null do nothing;
                        select q.request_id into v_request from publish_requests q
                            where q.order_id = l.order_id and q.closed_at is null;
                        o_event_id := 'publish request ' || v_request;
                    elsif o_answer = 'due' then
                        update feedback f set resend_at = clock_timestamp()
                            where f.object = l.object_type and f.key = l.object_id;
                    end if;
                    if l.state = 'replaying' then
                        insert into dead_letter_trail (letter_id, act, acted_by, event_id)
                            values (l.letter_id, 'replay-repeated', p_by, o_event_id);
                    end if;
                    update dead_letters x set state = 'replaying', replay_event_id = o_event_id, acted_by = p_by
                        where x.letter_id = l.letter_id;
                    return next;
                end loop;
            end $$;

            -- A replay that never reached the topic: the letter is open again, under the same event only.
            create function crossdock.withdraw_replay(p_letter_id bigint, p_event_id text, p_by text, p_note text)
            returns void language sql set search_path = crossdock as $$
                update dead_letters l set state = 'open', replay_event_id = null, acted_by = p_by, note = p_note
                where l.letter_id = p_letter_id and l.state = 'replaying' and l.replay_event_id = p_event_id
            $$;

            -- Letters of the way to Salesforce settle nothing: it would be refused again, and would open another.
            create function crossdock.settle_letter(
                l crossdock.dead_letters, p_outcome text, p_event_id text, p_trace_parent text, p_now timestamptz)
            returns bigint language plpgsql set search_path = crossdock as $$
            begin
                if l.order_id is null or l.origin = 'feedback' then return null; end if;
                return settle(l.order_id, l.version, p_outcome, p_event_id, coalesce(l.trace_parent, p_trace_parent), null,
                    l.letter_id, p_now);
            end $$;

            create function crossdock.discard_letters(
                p_letter_ids bigint[], p_event_ids text[], p_trace_parents text[], p_by text, p_note text,
                p_is_dry_run boolean)
            returns table (o_position bigint, o_answer text, o_state text, o_order_id text, o_sequence bigint)
            language plpgsql
            set search_path = crossdock
            set plan_cache_mode = force_generic_plan
            set enable_seqscan = off
            as $$
            declare
                r record;
                l dead_letters;
                v_now timestamptz;
            begin
                for r in
                    select x.*, d.order_id, d.object_id from unnest(p_letter_ids, p_event_ids, p_trace_parents) with ordinality
                        as x (letter_id, event_id, trace_parent, position)
                        left join dead_letters d on d.letter_id = x.letter_id
                    order by d.order_id collate "C" nulls last, d.object_id collate "C", x.letter_id
                loop
                    l := lock_letter(r.letter_id);
                    v_now := clock_timestamp();
                    o_position := r.position;
                    o_state := l.state;
                    o_order_id := l.order_id;
                    o_sequence := null;
                    o_answer := case when l.letter_id is null then 'unknown' when l.state = 'discarded' then 'already'
                        when l.state not in ('open', 'replaying') then 'closed' else 'done' end;
                    if o_answer = 'already' then
                        select s.sequence into o_sequence from settlements s
                            where s.letter_id = l.letter_id and s.outcome = 'discarded' order by s.sequence desc limit 1;
                    elsif o_answer = 'done' and not p_is_dry_run then
                        update publish_requests q set closed_at = v_now, answer = 'its dead letter was discarded'
                            where q.order_id = l.order_id and q.closed_at is null
                            and l.replay_event_id = 'publish request ' || q.request_id;
                        -- A replay that is held would go on by itself.
                        delete from held_orders h where h.order_id = l.order_id and h.version = l.version;
                        -- Nor is Salesforce tried again before there is something new to show.
                        update feedback f set retry_at = null, locked_since = null, locked_tries = 0
                            where f.object = l.object_type and f.key = l.object_id and l.origin = 'feedback';
                        update dead_letters x set state = 'discarded', closed_at = v_now, closed_by = p_by, acted_by = p_by,
                            note = p_note, replay_event_id = null where x.letter_id = l.letter_id;
                        o_sequence := settle_letter(l, 'discarded', r.event_id, r.trace_parent, v_now);
                    end if;
                    return next;
                end loop;
            end $$;

            create function crossdock.reopen_letters(
                p_letter_ids bigint[], p_event_ids text[], p_trace_parents text[], p_by text, p_note text,
                p_is_dry_run boolean)
            returns table (o_position bigint, o_answer text, o_state text, o_order_id text, o_sequence bigint)
            language plpgsql
            set search_path = crossdock
            set plan_cache_mode = force_generic_plan
            set enable_seqscan = off
            as $$
            declare
                r record;
                l dead_letters;
                v_now timestamptz;
            begin
                for r in
                    select x.*, d.order_id, d.object_id from unnest(p_letter_ids, p_event_ids, p_trace_parents) with ordinality
                        as x (letter_id, event_id, trace_parent, position)
                        left join dead_letters d on d.letter_id = x.letter_id
                    order by d.order_id collate "C" nulls last, d.object_id collate "C", x.letter_id
                loop
                    l := lock_letter(r.letter_id);
                    v_now := clock_timestamp();
                    o_position := r.position;
                    o_state := l.state;
                    o_order_id := l.order_id;
                    o_sequence := null;
                    o_answer := case when l.letter_id is null then 'unknown'
                        when l.state in ('open', 'replaying') then 'already'
                        when l.topic is null and exists (select from dead_letters x where x.origin = l.origin
                            and x.object_type = l.object_type and x.object_id = l.object_id and x.topic is null
                            and x.state in ('open', 'replaying')) then 'occupied'
                        else 'done' end;
                    if o_answer = 'already' then
                        select s.sequence into o_sequence from settlements s
                            where s.letter_id = l.letter_id and s.outcome = 'reopened' order by s.sequence desc limit 1;
                    elsif o_answer = 'done' and not p_is_dry_run then
                        update dead_letters x set state = 'open', opened_at = v_now, closed_at = null, closed_by = null,
                            acted_by = p_by, note = p_note, replay_event_id = null where x.letter_id = l.letter_id;
                        o_sequence := settle_letter(l, 'reopened', r.event_id, r.trace_parent, v_now);
                    end if;
                    return next;
                end loop;
            end $$;

            -- The sum of an order's lines as its message has them; no row where it cannot be read.
            create function crossdock.snapshot_total(p_value bytea)
            returns table (o_currency text, o_total numeric)
            language plpgsql immutable set search_path = crossdock as $$
            declare
                v_order jsonb;
                v_number text := '^-?[0-9]{1,18}([.][0-9]{1,18})?$';
            begin
                v_order := convert_from(p_value, 'UTF8')::jsonb;
                if v_order->>'currency' !~ '^[A-Z]{3}$' or jsonb_array_length(v_order->'lines') = 0
                    or exists (select from jsonb_array_elements(v_order->'lines') x
                        where (x->>'quantity' ~ v_number and x->>'unitPrice' ~ v_number) is not true) then
                    return;
                end if;
                o_currency := v_order->>'currency';
                select sum((x->>'quantity')::numeric * (x->>'unitPrice')::numeric) into o_total
                    from jsonb_array_elements(v_order->'lines') x;
                if o_currency is not null and o_total is not null then return next; end if;
            exception when others then
                return;
            end $$;
            """)
}
