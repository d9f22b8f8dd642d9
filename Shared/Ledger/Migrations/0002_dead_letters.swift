import Postgres

extension LedgerMigrations {
    /// Dead letters with their messages and their trail, and how the services open and close them.
    static let deadLetters = Migration(
        number: 2, name: "dead-letters",
        sql: """
            -- No foreign key to orders: a message may name none.
            create table crossdock.dead_letters (
                letter_id bigint generated always as identity primary key,
                state text not null default 'open'
                    check (state in ('open', 'replaying', 'resolved', 'superseded', 'discarded')),
                origin text not null check (origin in ('writer', 'publisher', 'feedback')),
                cluster_id text,
                topic text,
                partition integer,
                message_offset bigint,
                object_type text,
                object_id text collate "C",
                order_id text collate "C",
                order_number text,
                version bigint,
                event_id text,
                trace_parent text,
                class text not null check (class in ('undecodable', 'invalid-message', 'mapping-failed', 'missing-item',
                    'customer-name-taken', 'refused', 'permission', 'amendment-not-possible', 'held-too-long', 'poison',
                    'salesforce-refused')),
                code text,
                field text,
                sentence text not null,
                fingerprint text not null,
                replay_event_id text,
                seen_count bigint not null default 1,
                opened_at timestamptz not null default clock_timestamp(),
                closed_at timestamptz,
                closed_by text,
                note text,
                acted_by text
            );
            -- The cluster's id belongs to it: another cluster counts its offsets from 0 again.
            create unique index dead_letters_by_message
                on crossdock.dead_letters (cluster_id, topic, partition, message_offset) where topic is not null;
            create unique index dead_letters_by_object
                on crossdock.dead_letters (origin, object_type, object_id)
                where topic is null and state in ('open', 'replaying');
            create index dead_letters_by_order on crossdock.dead_letters (order_id, letter_id);
            create index dead_letters_open on crossdock.dead_letters (fingerprint) where state in ('open', 'replaying');

            -- Apart from the letters, since it holds customers' data and needs narrower grants.
            create table crossdock.dead_letter_messages (
                letter_id bigint primary key references crossdock.dead_letters on delete cascade,
                key bytea,
                value bytea,
                headers text not null,
                value_length bigint not null,
                value_sha256 bytea,
                is_whole boolean not null
            );

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

            -- Opens a letter and gives its id. A message seen again opens nothing: only a person opens a closed letter.
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
            create function crossdock.reopen_letter(
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

            -- Closes the writer's letters of an order up to a version; p_kept stays as it is.
            create function crossdock.close_letters(
                p_order_id text, p_version bigint, p_kept bigint, p_by text, p_now timestamptz)
            returns void language sql set search_path = crossdock as $$
                update dead_letters l set state = 'superseded', closed_at = p_now, closed_by = p_by
                where l.order_id = p_order_id and l.origin = 'writer' and l.state in ('open', 'replaying')
                    and (l.version is null or l.version <= p_version) and l.letter_id is distinct from p_kept
            $$;
            """)
}
