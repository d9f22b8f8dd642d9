import Postgres

extension LedgerMigrations {
    /// A try that was put off beside a resend that is owed, and how long a record has been locked.
    static let feedbackTries = Migration(
        number: 6, name: "feedback-tries",
        sql: """
            alter table crossdock.feedback
                add column retry_at timestamptz,
                add column locked_since timestamptz,
                add column locked_tries integer not null default 0;

            drop index crossdock.feedback_open;
            create index feedback_open on crossdock.feedback (arrived_at)
                where sequence > tried_sequence or resend_at is not null or retry_at is not null or holder is not null;

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
