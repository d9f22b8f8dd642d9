import Postgres

extension LedgerMigrations {
    /// The life of a dead letter: its trail, and the functions of writer, publisher and feedback that obey it.
    static let deadLetterLife = Migration(
        number: 9, name: "dead-letter-life",
        sql: """
            alter table crossdock.dead_letters add column acted_by text;

            -- When a relay looked after a settlement whose delivery nobody confirmed.
            alter table crossdock.settlements add column relayed_at timestamptz;

            -- Rows are added only: who did what, when.
            create table crossdock.dead_letter_trail (
                trail_id bigint generated always as identity primary key,
                letter_id bigint not null references crossdock.dead_letters on delete cascade,
                act text not null check (act in ('opened', 'replayed', 'replay-repeated', 'replay-failed', 'resolved',
                    'superseded', 'discarded', 'reopened', 'noted')),
                acted_at timestamptz not null default clock_timestamp(),
                acted_by text not null,
                event_id text,
                note text
            );
            create index dead_letter_trail_by_letter on crossdock.dead_letter_trail (letter_id, trail_id);

            insert into crossdock.dead_letter_trail (letter_id, act, acted_at, acted_by, note)
                select l.letter_id, 'opened', l.opened_at, 'netsuite-writer', l.sentence from crossdock.dead_letters l
                union all select l.letter_id, l.state, l.closed_at, coalesce(l.closed_by, 'netsuite-writer'), l.note
                from crossdock.dead_letters l where l.closed_at is not null
                order by 3;

            create function crossdock.keep_letter_trail()
            returns trigger language plpgsql set search_path = crossdock as $$
            declare
                v_act text := 'opened';
                v_note text := new.sentence;
            begin
                if tg_op = 'UPDATE' then
                    if new.state = old.state then return null; end if;
                    v_act := case when new.state = 'replaying' then 'replayed' when new.state <> 'open' then new.state
                        when old.state = 'replaying' then 'replay-failed' else 'reopened' end;
                    v_note := case when new.note is distinct from old.note then new.note
                        when v_act = 'replay-failed' then new.sentence end;
                end if;
                insert into dead_letter_trail (letter_id, act, acted_by, event_id, note)
                values (new.letter_id, v_act,
                    coalesce(case when new.closed_at is not null then new.closed_by end, new.acted_by,
                        case new.origin when 'publisher' then 'order-publisher' when 'feedback' then 'status-feedback'
                            else 'netsuite-writer' end),
                    case when v_act = 'replayed' then new.replay_event_id end, v_note);
                return null;
            end $$;
            create trigger dead_letters_trail after insert or update of state on crossdock.dead_letters
                for each row execute function crossdock.keep_letter_trail();

            -- A message seen again opens nothing: only a person opens a closed letter.
            create or replace function crossdock.open_letter(
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
                do update set seen_count = l.seen_count + 1
                returning l.letter_id, l.seen_count = 1 into v_id, v_is_new;
                if v_is_new and p_letter->>'topic' is not null then
                    insert into dead_letter_messages (letter_id, key, value, headers, value_length, value_sha256, is_whole)
                    values (v_id, p_key, case when v_is_whole then p_value else substring(p_value for 65536) end,
                        coalesce(p_letter->>'headers', ''), coalesce(length(p_value), 0), sha256(p_value), v_is_whole);
                end if;
                return v_id;
            end $$;

            -- A failed replay opens the same letter again, unless a newer version has settled since. One that a person
            -- discarded meanwhile stays as it is.
            create or replace function crossdock.reopen_letter(
                p_letter_id bigint, p_order_id text, p_version bigint, p_letter jsonb, p_by text, p_now timestamptz)
            returns bigint language sql set search_path = crossdock as $$
                update dead_letters l set
                    state = case when newer.found then 'superseded' else 'open' end,
                    closed_at = case when newer.found then p_now end, closed_by = case when newer.found then p_by end,
                    opened_at = p_now, acted_by = p_by, class = p_letter->>'class', code = p_letter->>'code',
                    field = p_letter->>'field', sentence = p_letter->>'sentence', fingerprint = p_letter->>'fingerprint',
                    replay_event_id = null
                from (select exists (select from settlements s where s.order_id = p_order_id and s.version > p_version
                    and s.outcome in ('written', 'unchanged', 'dead')) as found) newer
                where l.letter_id = p_letter_id and l.state = 'replaying';
                select p_letter_id
            $$;

            -- "Dead" is said of an order only while its letter is open.
            create or replace function crossdock.settle(
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

            create or replace function crossdock.record_unclaimed(p_letters jsonb, p_keys bytea[], p_values bytea[])
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

            -- Stores how the calls to Salesforce ended, each under the fence of its claim. One that ends under an older
            -- fence slept through its claim: what it sent may lie over what was sent since, so that goes out once more.
            create or replace function crossdock.finish_feedback(
                p_order_ids text[], p_fences bigint[], p_sequences bigint[], p_ends text[], p_shown bytea[],
                p_after_ms bigint[], p_classes text[], p_codes text[], p_fields text[], p_sentences text[],
                p_fingerprints text[])
            returns void language plpgsql
            set search_path = crossdock
            set plan_cache_mode = force_generic_plan
            set enable_seqscan = off
            as $$
            declare
                r record;
                v_now timestamptz;
                v_later timestamptz;
            begin
                for r in
                    select * from unnest(p_order_ids, p_fences, p_sequences, p_ends, p_shown, p_after_ms, p_classes, p_codes,
                        p_fields, p_sentences, p_fingerprints)
                        as x (order_id, fence, sequence, ended, shown, after_ms, class, code, field, sentence, fingerprint)
                    order by x.order_id collate "C"
                loop
                    v_now := clock_timestamp();
                    v_later := v_now + r.after_ms * interval '1 ms';
                    update feedback f set holder = null, lease_until = '-infinity',
                        sent_sequence = case when r.ended = 'sent' then greatest(f.sent_sequence, r.sequence)
                            else f.sent_sequence end,
                        shown = case r.ended when 'sent' then r.shown when 'unknown' then null else f.shown end,
                        sent_at = case when r.ended = 'sent' then v_now else f.sent_at end,
                        resend_at = case when r.ended = 'unknown' then greatest(f.resend_at, v_later) else f.resend_at end,
                        retry_at = case when r.ended in ('later', 'locked', 'refused') then v_later end,
                        locked_since = case when r.ended = 'locked' or r.ended = 'refused' and v_later is not null
                            then coalesce(f.locked_since, v_now)
                            when r.ended in ('sent', 'refused') then null else f.locked_since end,
                        locked_tries = case when r.ended = 'locked' or r.ended = 'refused' and v_later is not null
                            then f.locked_tries + 1
                            when r.ended in ('sent', 'refused') then 0 else f.locked_tries end
                        where f.order_id = r.order_id and f.fence = r.fence and f.holder is not null;
                    if not found then
                        update feedback f set resend_at = least(f.resend_at, v_now), shown = null
                            where f.order_id = r.order_id and f.fence > r.fence and r.ended in ('sent', 'unknown');
                        continue;
                    end if;
                    if r.ended = 'sent' then
                        update dead_letters l set closed_at = v_now, closed_by = 'status-feedback',
                            state = case l.state when 'replaying' then 'resolved' else 'superseded' end
                            where l.order_id = r.order_id and l.origin = 'feedback' and l.state in ('open', 'replaying');
                    elsif r.ended = 'refused' then
                        insert into dead_letters as l (origin, object_type, object_id, order_id, order_number, class, code,
                            field, sentence, fingerprint)
                        values ('feedback', 'Order', r.order_id, r.order_id,
                            (select o.order_number from orders o where o.order_id = r.order_id), r.class, r.code, r.field,
                            r.sentence, r.fingerprint)
                        on conflict (origin, object_type, object_id) where topic is null and state in ('open', 'replaying')
                        do update set seen_count = l.seen_count + 1, state = 'open', replay_event_id = null,
                            acted_by = 'status-feedback', class = excluded.class,
                            code = excluded.code, field = excluded.field, sentence = excluded.sentence,
                            fingerprint = excluded.fingerprint;
                    end if;
                end loop;
            end $$;

            -- One letter an order, open until it can be published. The order is settled when what is wrong is news; what a
            -- person discarded is not opened again by the same fault.
            drop function crossdock.record_unreadable(
                text, text, bigint, text[], text[], text[], text[], text[], text[], text[]);
            create function crossdock.record_unreadable(
                p_name text, p_holder text, p_fence bigint, p_order_ids text[], p_order_numbers text[], p_classes text[],
                p_codes text[], p_fields text[], p_sentences text[], p_fingerprints text[], p_settlement_ids text[],
                p_trace_parents text[])
            returns void language plpgsql set search_path = crossdock as $$
            declare
                r record;
                l dead_letters;
                v_is_same boolean;
                v_now timestamptz;
            begin
                perform require_leadership(p_name, p_holder, p_fence);
                for r in
                    select * from unnest(p_order_ids, p_order_numbers, p_classes, p_codes, p_fields, p_sentences,
                        p_fingerprints, p_settlement_ids, p_trace_parents)
                        as x (id, number, class, code, field, sentence, fingerprint, settlement_id, trace_parent)
                    order by x.id collate "C"
                loop
                    insert into orders as o (order_id, order_number) values (r.id, r.number)
                        on conflict (order_id) do update set order_number = coalesce(o.order_number, excluded.order_number);
                    v_now := clock_timestamp();
                    select * into l from dead_letters x where x.order_id = r.id and x.origin = 'publisher'
                        order by (x.state in ('open', 'replaying')) desc, x.letter_id desc limit 1 for update;
                    v_is_same := (l.class, l.code, l.field, l.sentence)
                        is not distinct from (r.class, r.code, r.field, r.sentence);
                    if l.state in ('open', 'replaying') or (l.state = 'discarded' and v_is_same) then
                        update dead_letters x set seen_count = x.seen_count + 1, class = r.class, code = r.code,
                            field = r.field, sentence = r.sentence, fingerprint = r.fingerprint,
                            acted_by = case x.state when 'replaying' then p_holder else x.acted_by end,
                            state = case x.state when 'replaying' then 'open' else x.state end, replay_event_id = null
                            where x.letter_id = l.letter_id;
                        continue when v_is_same;
                    else
                        insert into dead_letters (origin, object_type, object_id, order_id, order_number, trace_parent,
                            class, code, field, sentence, fingerprint, opened_at, acted_by)
                        values ('publisher', 'Order', r.id, r.id, r.number, r.trace_parent, r.class, r.code, r.field,
                            r.sentence, r.fingerprint, v_now, p_holder)
                        returning letter_id into l.letter_id;
                    end if;
                    perform settle(r.id, null, 'dead', r.settlement_id, r.trace_parent, null, l.letter_id, v_now);
                end loop;
            end $$;
            """)
}
