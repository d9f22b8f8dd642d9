import Postgres

extension LedgerMigrations {
    /// Orders with their lines, customers, attempts and settlements, and those that are held.
    static let orders = Migration(
        number: 1, name: "orders",
        sql: """
            -- One row an order, for ever: cross-reference, what was written, and who works on it.
            create table crossdock.orders (
                order_id text collate "C" primary key check (length(order_id) = 18),
                order_number text,
                account_id text collate "C",
                currency text,
                netsuite_id bigint,
                netsuite_number text,
                netsuite_state text,
                written_version bigint,
                written_digest bytea,
                sequence bigint not null default 0,
                fence bigint not null default 0,
                holder text,
                lease_until timestamptz not null default '-infinity',
                starts bigint not null default 0,
                unknown_since timestamptz,
                changed_at timestamptz not null default clock_timestamp()
            ) with (fillfactor = 70);
            create index orders_by_number on crossdock.orders (order_number);
            create index orders_by_netsuite_id on crossdock.orders (netsuite_id);
            create index orders_by_netsuite_number on crossdock.orders (netsuite_number);

            create table crossdock.order_lines (
                order_id text collate "C" not null references crossdock.orders,
                line_id text collate "C" not null,
                netsuite_line bigint not null,
                primary key (order_id, line_id)
            );

            create table crossdock.customers (
                account_id text collate "C" primary key,
                netsuite_id bigint not null,
                changed_at timestamptz not null default clock_timestamp()
            );
            create index customers_by_netsuite_id on crossdock.customers (netsuite_id);

            -- Rows are added, and given their end once.
            create table crossdock.attempts (
                attempt_id bigint generated always as identity primary key,
                order_id text collate "C" not null references crossdock.orders,
                version bigint not null,
                fence bigint not null,
                holder text not null,
                request_id text not null,
                event_id text not null,
                trace_parent text not null,
                body_digest bytea not null,
                replay_of bigint,
                state text not null default 'sent' check (state in
                    ('sent', 'unknown', 'not-sent', 'written', 'unchanged', 'superseded', 'dead', 'held')),
                started_at timestamptz not null default clock_timestamp(),
                ended_at timestamptz,
                status integer,
                code text,
                summary text,
                sequence bigint
            ) with (fillfactor = 80);
            create index attempts_by_order on crossdock.attempts (order_id, attempt_id);

            create table crossdock.settlements (
                order_id text collate "C" not null references crossdock.orders,
                sequence bigint not null,
                version bigint,
                outcome text not null check (outcome in
                    ('written', 'unchanged', 'superseded', 'dead', 'held', 'discarded', 'reopened')),
                event_id text not null unique,
                trace_parent text not null,
                attempt_id bigint,
                letter_id bigint,
                settled_at timestamptz not null default clock_timestamp(),
                value bytea,
                published_at timestamptz,
                -- When a relay looked after a settlement whose delivery nobody confirmed.
                relayed_at timestamptz,
                primary key (order_id, sequence)
            ) with (fillfactor = 80);
            create index settlements_by_version on crossdock.settlements (order_id, version);
            create index settlements_by_letter on crossdock.settlements (letter_id) where letter_id is not null;
            create index settlements_waiting on crossdock.settlements (settled_at) where published_at is null;

            create table crossdock.held_orders (
                order_id text collate "C" primary key references crossdock.orders,
                version bigint not null,
                sentence text not null,
                code text,
                tries bigint not null default 1,
                held_since timestamptz not null default clock_timestamp(),
                next_try_at timestamptz not null,
                event_id text not null,
                trace_parent text not null,
                cluster_id text not null,
                topic text not null,
                partition integer not null,
                message_offset bigint not null,
                key bytea,
                value bytea,
                headers text not null
            ) with (fillfactor = 70);
            create index held_orders_due on crossdock.held_orders (next_try_at);
            """)
}
