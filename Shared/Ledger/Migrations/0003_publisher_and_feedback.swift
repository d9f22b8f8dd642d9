import Postgres

extension LedgerMigrations {
    /// What publisher and feedback keep, and their writes: each one round trip under its fence.
    static let publisherAndFeedback = Migration(
        number: 3, name: "publisher-and-feedback",
        sql: """
            create table crossdock.leaders (
                name text primary key,
                holder text,
                fence bigint not null default 0,
                lease_until timestamptz not null default '-infinity'
            ) with (fillfactor = 50);

            create table crossdock.cursors (
                name text primary key,
                position text not null,
                fence bigint not null,
                moved_at timestamptz not null default clock_timestamp()
            ) with (fillfactor = 50);

            create table crossdock.publications (
                publication_id bigint generated always as identity primary key,
                order_id text collate "C" not null references crossdock.orders,
                version bigint not null,
                digest bytea not null,
                digest_fields text not null,
                stamp_milliseconds bigint not null,
                event_id text not null unique,
                trace_parent text not null,
                fence bigint not null,
                payload bytea,
                created_at timestamptz not null default clock_timestamp(),
                acknowledged_at timestamptz,
                unique (order_id, version)
            ) with (fillfactor = 70);
            create index publications_unacknowledged
                on crossdock.publications (publication_id) where acknowledged_at is null;

            create table crossdock.publish_requests (
                request_id bigint generated always as identity primary key,
                order_id text collate "C" not null references crossdock.orders,
                requested_by text not null,
                requested_at timestamptz not null default clock_timestamp(),
                closed_at timestamptz,
                answer text
            );
            create unique index publish_requests_open on crossdock.publish_requests (order_id) where closed_at is null;
            create index publish_requests_by_order on crossdock.publish_requests (order_id, request_id);

            create table crossdock.departures (
                order_id text collate "C" not null references crossdock.orders,
                stamp_milliseconds bigint not null,
                status text not null,
                seen_at timestamptz not null default clock_timestamp(),
                primary key (order_id, stamp_milliseconds)
            );

            -- One row an order (object Order, key its id) or item (object Product2, key its SKU): the newest that arrived,
            -- and what was sent of it. as_of_ms and state are an order's progress, or an item's stock.
            create table crossdock.feedback (
                object text not null check (object in ('Order', 'Product2')),
                key text collate "C" not null check (object <> 'Order' or length(key) = 18),
                sequence bigint,
                settlement bytea,
                as_of_ms bigint,
                state bytea,
                trace_parent text not null,
                -- Grows with each thing that is taken in.
                revision bigint not null default 1,
                tried_revision bigint not null default 0,
                sent_sequence bigint not null default 0,
                shown bytea,
                sent_at timestamptz,
                resend_at timestamptz,
                -- From then on time alone changes what is shown; once that was seen it is overdue instead.
                due_at timestamptz,
                is_overdue boolean not null default false,
                fence bigint not null default 0,
                holder text,
                lease_until timestamptz not null default '-infinity',
                arrived_at timestamptz not null default clock_timestamp(),
                -- A try that was put off beside a resend that is owed, and how long a record has been locked.
                retry_at timestamptz,
                locked_since timestamptz,
                locked_tries integer not null default 0,
                -- What an order's Status was set to for its state, and over which status while nobody knows whether
                -- Salesforce took it; it is kept before it is sent. Owed: it was not known yet whether it can be set.
                order_status text,
                order_status_over text,
                owes_status boolean not null default false,
                primary key (object, key)
            ) with (fillfactor = 60);
            create index feedback_open on crossdock.feedback (object, arrived_at)
                where revision > tried_revision or resend_at is not null or retry_at is not null or holder is not null;
            create index feedback_due on crossdock.feedback (due_at) where due_at is not null;
            create index feedback_owing on crossdock.feedback (object) where owes_status;

            -- Holds the leader's row until the end of the transaction; SQLSTATE CD001 when another leads.
            create function crossdock.require_leadership(p_name text, p_holder text, p_fence bigint)
            returns void language plpgsql set search_path = crossdock as $$
            begin
                perform 1 from leaders l where l.name = p_name and l.holder = p_holder and l.fence = p_fence for share;
                if not found then raise exception 'another process leads' using errcode = 'CD001'; end if;
            end $$;

            create function crossdock.insert_publications(
                p_name text, p_holder text, p_fence bigint, p_order_ids text[], p_order_numbers text[], p_versions bigint[],
                p_digests bytea[], p_digest_fields text[], p_stamps bigint[], p_event_ids text[], p_trace_parents text[],
                p_payloads bytea[], p_request_ids bigint[], p_currencies text[])
            returns void language plpgsql
            set search_path = crossdock
            set plan_cache_mode = force_generic_plan
            set enable_seqscan = off
            as $$
            declare
                r record;
                v_now timestamptz;
            begin
                perform require_leadership(p_name, p_holder, p_fence);
                for r in
                    select * from unnest(p_order_ids, p_order_numbers, p_versions, p_digests, p_digest_fields, p_stamps,
                        p_event_ids, p_trace_parents, p_payloads, p_request_ids, p_currencies)
                        as x (order_id, order_number, version, digest, digest_fields, stamp, event_id, trace_parent, payload,
                            request_id, currency)
                    order by x.order_id collate "C", x.version
                loop
                    v_now := clock_timestamp();
                    insert into orders as o (order_id, order_number, currency)
                        values (r.order_id, r.order_number, r.currency)
                        on conflict (order_id) do update set changed_at = v_now,
                            order_number = coalesce(o.order_number, excluded.order_number),
                            currency = coalesce(excluded.currency, o.currency);
                    insert into publications (order_id, version, digest, digest_fields, stamp_milliseconds, event_id,
                        trace_parent, fence, payload, created_at)
                    values (r.order_id, r.version, r.digest, r.digest_fields, r.stamp, r.event_id, r.trace_parent, p_fence,
                        r.payload, v_now)
                    on conflict (order_id, version) do nothing;
                    update publish_requests q set closed_at = v_now, answer = 'published as version ' || r.version
                        where q.request_id = r.request_id and q.closed_at is null;
                    update dead_letters l set state = 'resolved', closed_at = v_now, closed_by = p_holder
                        where l.order_id = r.order_id and l.origin = 'publisher' and l.state in ('open', 'replaying');
                end loop;
            end $$;

            -- Once a version is settled its payload is not needed for producing it again.
            create function crossdock.close_publication(p_order_id text, p_version bigint, p_now timestamptz)
            returns void language sql as $$
                update crossdock.publications p set payload = null, acknowledged_at = coalesce(p.acknowledged_at, p_now)
                where p.order_id = p_order_id and p.version = p_version and p.payload is not null
            $$;

            -- One letter an order, open until it can be published. The order is settled when what is wrong is news; what a
            -- person discarded is not opened again by the same fault.
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

            -- Stores how the calls to Salesforce ended, each under the fence of its claim. One that ends under an older
            -- fence slept through its claim: what it sent may lie over what was sent since, so that goes out once more.
            create function crossdock.finish_feedback(
                p_objects text[], p_keys text[], p_fences bigint[], p_sequences bigint[], p_ends text[], p_shown bytea[],
                p_after_ms bigint[], p_classes text[], p_codes text[], p_fields text[], p_sentences text[],
                p_fingerprints text[], p_statuses text[], p_statuses_over text[], p_owes_status boolean[])
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
                    select * from unnest(p_objects, p_keys, p_fences, p_sequences, p_ends, p_shown, p_after_ms, p_classes,
                        p_codes, p_fields, p_sentences, p_fingerprints, p_statuses, p_statuses_over, p_owes_status)
                        as x (object, key, fence, sequence, ended, shown, after_ms, class, code, field, sentence,
                            fingerprint, status, status_over, owes_status)
                    order by x.object collate "C", x.key collate "C"
                loop
                    v_now := clock_timestamp();
                    v_later := v_now + r.after_ms * interval '1 ms';
                    update feedback f set holder = null, lease_until = '-infinity',
                        sent_sequence = case when r.ended = 'sent' then greatest(f.sent_sequence, r.sequence)
                            else f.sent_sequence end,
                        shown = case when r.ended <> 'unknown' then coalesce(r.shown, f.shown) end,
                        sent_at = case when r.ended = 'sent' then v_now else f.sent_at end,
                        order_status = r.status, order_status_over = r.status_over, owes_status = r.owes_status,
                        resend_at = case when r.ended = 'unknown' then greatest(f.resend_at, v_later) else f.resend_at end,
                        retry_at = case when r.ended in ('later', 'locked', 'refused') then v_later end,
                        locked_since = case when r.ended = 'locked' or r.ended = 'refused' and v_later is not null
                            then coalesce(f.locked_since, v_now)
                            when r.ended in ('sent', 'refused') then null else f.locked_since end,
                        locked_tries = case when r.ended = 'locked' or r.ended = 'refused' and v_later is not null
                            then f.locked_tries + 1
                            when r.ended in ('sent', 'refused') then 0 else f.locked_tries end
                        where f.object = r.object and f.key = r.key and f.fence = r.fence and f.holder is not null;
                    if not found then
                        update feedback f set resend_at = least(f.resend_at, v_now), shown = null
                            where f.object = r.object and f.key = r.key and f.fence > r.fence
                            and (r.ended in ('sent', 'unknown') or r.shown is not null);
                        continue;
                    end if;
                    if r.ended = 'sent' then
                        update dead_letters l set closed_at = v_now, closed_by = 'status-feedback',
                            state = case l.state when 'replaying' then 'resolved' else 'superseded' end
                            where l.object_type = r.object and l.object_id = r.key and l.origin = 'feedback'
                            and l.topic is null and l.state in ('open', 'replaying');
                    elsif r.ended = 'refused' then
                        insert into dead_letters as l (origin, object_type, object_id, order_id, order_number, class, code,
                            field, sentence, fingerprint)
                        values ('feedback', r.object, r.key, case r.object when 'Order' then r.key end,
                            (select o.order_number from orders o where o.order_id = r.key and r.object = 'Order'), r.class,
                            r.code, r.field, r.sentence, r.fingerprint)
                        on conflict (origin, object_type, object_id) where topic is null and state in ('open', 'replaying')
                        do update set seen_count = l.seen_count + 1, state = 'open', replay_event_id = null,
                            acted_by = 'status-feedback', class = excluded.class,
                            code = excluded.code, field = excluded.field, sentence = excluded.sentence,
                            fingerprint = excluded.fingerprint;
                    end if;
                end loop;
            end $$;
            """)
}
