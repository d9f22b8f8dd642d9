import Postgres

extension LedgerMigrations {
    /// Who reads a partition, and whether the one before ended in order: the ground for finding poison.
    static let partitionRuns = Migration(
        number: 11, name: "partition-runs",
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

            -- Starts are those alone; one that was outlived ran for a while without ending the process.
            alter table crossdock.poison_suspects add column outlived bigint not null default 0;
            """)
}
