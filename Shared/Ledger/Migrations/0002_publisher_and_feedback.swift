import Postgres

extension LedgerMigrations {
    /// Publications, requests, cursors, leaders; what Salesforce shows; room for slots and poison counters.
    static let publisherAndFeedback = Migration(
        number: 2, name: "publisher-and-feedback",
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

            -- One row an order: the newest that arrived, and what was sent of it.
            create table crossdock.feedback (
                order_id text collate "C" primary key check (length(order_id) = 18),
                sequence bigint not null,
                value bytea not null,
                trace_parent text not null,
                progress bytea,
                progress_as_of timestamptz,
                tried_sequence bigint not null default 0,
                sent_sequence bigint not null default 0,
                shown bytea,
                sent_at timestamptz,
                resend_at timestamptz,
                fence bigint not null default 0,
                holder text,
                lease_until timestamptz not null default '-infinity',
                arrived_at timestamptz not null default clock_timestamp()
            ) with (fillfactor = 60);
            create index feedback_open on crossdock.feedback (arrived_at)
                where sequence > tried_sequence or resend_at is not null or holder is not null;

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

            -- Messages that ended the process before an order was known; nothing counts them yet.
            create table crossdock.poison_suspects (
                cluster_id text not null,
                topic text not null,
                partition integer not null,
                message_offset bigint not null,
                starts bigint not null default 0,
                holder text,
                changed_at timestamptz not null default clock_timestamp(),
                primary key (cluster_id, topic, partition, message_offset)
            );
            """)
}
