import Postgres

extension LedgerMigrations {
    /// What all processes of a NetSuite account share: its concurrent requests and its log-ins.
    static let netSuiteBudgets = Migration(
        number: 7, name: "netsuite-budgets",
        sql: """
            -- The account-wide budget of concurrent NetSuite requests; nothing takes slots yet.
            create table crossdock.netsuite_slots (
                account text not null,
                slot integer not null,
                kind text not null default 'any',
                holder text,
                fence bigint not null default 0,
                lease_until timestamptz not null default '-infinity',
                primary key (account, slot)
            ) with (fillfactor = 50);

            -- One row an account, locked while a try is decided.
            create table crossdock.login_accounts (
                system text not null, account text not null, primary key (system, account));

            -- Tries under way (refused_at is null) and refused ones; those that were let in leave no row.
            create table crossdock.login_tries (
                try_id text primary key,
                system text not null,
                account text not null,
                credentials text not null,
                holder text not null,
                began_at timestamptz not null default clock_timestamp(),
                refused_at timestamptz);
            create index login_tries_by_account on crossdock.login_tries (system, account);

            create function crossdock.begin_login(
                p_system text, p_account text, p_try_id text, p_credentials text, p_holder text, p_most bigint,
                p_most_in_all bigint, p_window_ms bigint, p_longest_try_ms bigint,
                out verdict text, out wait_ms bigint, out refusals bigint)
            language plpgsql set search_path = crossdock as $$
            declare
                v_now timestamptz;
                v_window interval := p_window_ms * interval '1 ms';
                v_in_all bigint;
                v_open bigint;
                v_free_at timestamptz;
            begin
                insert into login_accounts values (p_system, p_account) on conflict do nothing;
                perform 1 from login_accounts where system = p_system and account = p_account for update;
                v_now := clock_timestamp();
                delete from login_tries where system = p_system and account = p_account
                    and (refused_at <= v_now - v_window
                        or (refused_at is null and began_at <= v_now - p_longest_try_ms * interval '1 ms'));
                select count(*) filter (where refused_at is not null and credentials = p_credentials),
                    count(*) filter (where refused_at is not null), count(*) filter (where refused_at is null)
                    into refusals, v_in_all, v_open
                    from login_tries where system = p_system and account = p_account and try_id <> p_try_id;
                if refusals >= p_most or v_in_all >= p_most_in_all then
                    -- Free when so many have grown old that one more fits.
                    select greatest(
                        (select refused_at from login_tries where system = p_system and account = p_account
                            and refused_at is not null and credentials = p_credentials
                            order by refused_at desc offset p_most - 1 limit 1),
                        (select refused_at from login_tries where system = p_system and account = p_account
                            and refused_at is not null order by refused_at desc offset p_most_in_all - 1 limit 1))
                        + v_window into v_free_at;
                    verdict := 'used up';
                    wait_ms := greatest(0, ceil(extract(epoch from v_free_at - v_now) * 1000));
                elsif refusals + v_open >= p_most or v_in_all + v_open >= p_most_in_all then
                    verdict := 'wait';
                else
                    insert into login_tries (try_id, system, account, credentials, holder)
                        values (p_try_id, p_system, p_account, p_credentials, p_holder) on conflict do nothing;
                    verdict := 'granted';
                end if;
            end $$;
            """)
}
