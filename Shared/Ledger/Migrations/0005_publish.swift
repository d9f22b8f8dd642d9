import Postgres

extension LedgerMigrations {
    /// The publisher's writes under its fence, each one round trip.
    static let publish = Migration(
        number: 5, name: "publish",
        sql: """
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
                p_payloads bytea[], p_request_ids bigint[])
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
                        p_event_ids, p_trace_parents, p_payloads, p_request_ids)
                        as x (order_id, order_number, version, digest, digest_fields, stamp, event_id, trace_parent, payload,
                            request_id)
                    order by x.order_id collate "C", x.version
                loop
                    v_now := clock_timestamp();
                    insert into orders as o (order_id, order_number) values (r.order_id, r.order_number)
                        on conflict (order_id) do update set changed_at = v_now,
                            order_number = coalesce(o.order_number, excluded.order_number);
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

            -- One open letter an order; seen again it is counted and brought up to date.
            create function crossdock.record_unreadable(
                p_name text, p_holder text, p_fence bigint, p_order_ids text[], p_order_numbers text[], p_classes text[],
                p_codes text[], p_fields text[], p_sentences text[], p_fingerprints text[])
            returns void language plpgsql set search_path = crossdock as $$
            begin
                perform require_leadership(p_name, p_holder, p_fence);
                insert into orders as o (order_id, order_number)
                    select x.id, x.number from unnest(p_order_ids, p_order_numbers) x (id, number)
                    order by x.id collate "C" on conflict do nothing;
                insert into dead_letters as l (origin, object_type, object_id, order_id, order_number, class, code, field,
                    sentence, fingerprint)
                select 'publisher', 'Order', x.id, x.id, x.number, x.class, x.code, x.field, x.sentence, x.fingerprint
                from unnest(p_order_ids, p_order_numbers, p_classes, p_codes, p_fields, p_sentences, p_fingerprints)
                    x (id, number, class, code, field, sentence, fingerprint)
                order by x.id collate "C"
                on conflict (origin, object_type, object_id) where topic is null and state in ('open', 'replaying')
                do update set seen_count = l.seen_count + 1, state = 'open', class = excluded.class, code = excluded.code,
                    field = excluded.field, sentence = excluded.sentence, fingerprint = excluded.fingerprint;
            end $$;

            -- Stores how the calls to Salesforce ended, each under the fence of its claim.
            create function crossdock.finish_feedback(
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
            begin
                for r in
                    select * from unnest(p_order_ids, p_fences, p_sequences, p_ends, p_shown, p_after_ms, p_classes, p_codes,
                        p_fields, p_sentences, p_fingerprints)
                        as x (order_id, fence, sequence, ended, shown, after_ms, class, code, field, sentence, fingerprint)
                    order by x.order_id collate "C"
                loop
                    v_now := clock_timestamp();
                    update feedback f set holder = null, lease_until = '-infinity',
                        sent_sequence = case when r.ended = 'sent' then greatest(f.sent_sequence, r.sequence)
                            else f.sent_sequence end,
                        shown = case when r.ended = 'sent' then r.shown else f.shown end,
                        sent_at = case when r.ended = 'sent' then v_now else f.sent_at end,
                        resend_at = case when r.ended = 'again' then v_now + r.after_ms * interval '1 ms'
                            else f.resend_at end
                        where f.order_id = r.order_id and f.fence = r.fence and f.holder is not null;
                    continue when not found;
                    if r.ended = 'sent' then
                        update dead_letters l set state = 'superseded', closed_at = v_now, closed_by = 'status-feedback'
                            where l.order_id = r.order_id and l.origin = 'feedback' and l.state in ('open', 'replaying');
                    elsif r.ended = 'refused' then
                        insert into dead_letters as l (origin, object_type, object_id, order_id, order_number, class, code,
                            field, sentence, fingerprint)
                        values ('feedback', 'Order', r.order_id, r.order_id,
                            (select o.order_number from orders o where o.order_id = r.order_id), r.class, r.code, r.field,
                            r.sentence, r.fingerprint)
                        on conflict (origin, object_type, object_id) where topic is null and state in ('open', 'replaying')
                        do update set seen_count = l.seen_count + 1, state = 'open', class = excluded.class,
                            code = excluded.code, field = excluded.field, sentence = excluded.sentence,
                            fingerprint = excluded.fingerprint;
                    end if;
                end loop;
            end $$;
            """)
}
