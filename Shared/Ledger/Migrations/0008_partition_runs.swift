import Postgres

extension LedgerMigrations {
    /// Who reads a partition, and whether the one before ended in order: the ground for finding poison.
    static let partitionRuns = Migration(
        number: 8, name: "partition-runs",
        sql: """
            create table crossdock.partition_runs (
                consumer text not null,
                cluster_id text not null,
                topic text not null,
                partition integer not null,
                holder text not null,
                ended boolean not null default false,
                begun_at timestamptz not null default clock_timestamp(),
                primary key (consumer, cluster_id, topic, partition)
            ) with (fillfactor = 50);

            -- Messages taken behind a run that did not end in order. Starts are those alone; one that was outlived ran for a
            -- while without ending the process.
            create table crossdock.poison_suspects (
                cluster_id text not null,
                topic text not null,
                partition integer not null,
                message_offset bigint not null,
                starts bigint not null default 0,
                holder text,
                changed_at timestamptz not null default clock_timestamp(),
                outlived bigint not null default 0,
                primary key (cluster_id, topic, partition, message_offset)
            );
            """)
}
