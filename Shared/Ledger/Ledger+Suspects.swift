public import Postgres

/// Which message ended the process: asked only behind a run that did not end in order.
extension Ledger {
    /// Notes that a process reads these partitions from now on.
    ///
    /// - Returns: those whose reader before did not end in order.
    public func beginRuns(of partitions: [Int32], reader: PartitionReader) async throws(PostgresError) -> Set<Int32> {
        if partitions.isEmpty { return [] }
        let numbers = partitions.map(Int64.init)
        let rows = try await run(
            """
            with former as materialized (
                select partition, holder, ended from partition_runs
                where consumer = \(reader.consumer) and cluster_id = \(reader.clusterId) and topic = \(reader.topic)
                    and partition = any(\(numbers)) order by partition for update),
            begun as (
                insert into partition_runs as r (consumer, cluster_id, topic, partition, holder)
                select \(reader.consumer), \(reader.clusterId), \(reader.topic), x.partition, \(reader.holder)
                from unnest(\(numbers)) x (partition) left join former using (partition) order by x.partition
                on conflict (consumer, cluster_id, topic, partition)
                do update set holder = excluded.holder, ended = false, begun_at = clock_timestamp())
            select partition from former where not ended and holder <> \(reader.holder)
            """)
        return Set(try rows.map { row throws(PostgresError) in Int32(clamping: try row.int64("partition")) })
    }

    /// Notes that this process reads none of the topic's partitions any more, and that it ended in order.
    public func endRuns(reader: PartitionReader) async throws(PostgresError) {
        _ = try await run(
            """
            update partition_runs set ended = true
            where consumer = \(reader.consumer) and cluster_id = \(reader.clusterId) and topic = \(reader.topic)
                and holder = \(reader.holder) and not ended
            """)
    }

    /// Registers messages before they are handled.
    ///
    /// - Returns: what was known of each, in the order of the input.
    public func registerSuspects(
        _ places: [MessagePlace], reader: PartitionReader
    ) async throws(PostgresError) -> [Suspect] {
        if places.isEmpty { return [] }
        let rows = try await run(
            """
            with known as materialized (
                select s.partition, s.message_offset, s.starts, s.outlived
                from poison_suspects s
                join unnest(\(places.map { Int64($0.partition) }), \(places.map(\.offset))) x (partition, message_offset)
                    on s.partition = x.partition and s.message_offset = x.message_offset
                where s.cluster_id = \(reader.clusterId) and s.topic = \(reader.topic)),
            registered as (
                insert into poison_suspects (cluster_id, topic, partition, message_offset, holder)
                select \(reader.clusterId), \(reader.topic), x.partition, x.message_offset, \(reader.holder)
                from unnest(\(places.map { Int64($0.partition) }), \(places.map(\.offset))) x (partition, message_offset)
                order by x.partition, x.message_offset
                on conflict (cluster_id, topic, partition, message_offset) do nothing)
            select partition, message_offset, starts, outlived from known
            """)
        var known: [MessagePlace: Suspect] = [:]
        for row in rows {
            let place = MessagePlace(
                partition: Int32(clamping: try row.int64("partition")), offset: try row.int64("message_offset"))
            known[place] = Suspect(
                isNew: false, starts: try row.int64("starts"), outlived: try row.int64("outlived"))
        }
        return places.map { known[$0] ?? Suspect(isNew: true, starts: 0, outlived: 0) }
    }

    /// Notes before a start alone that it is this one, counted from 1.
    public func startSuspect(
        _ place: MessagePlace, number: Int64, reader: PartitionReader
    ) async throws(PostgresError) {
        _ = try await run(
            """
            update poison_suspects
            set starts = greatest(starts, \(number)), holder = \(reader.holder), changed_at = clock_timestamp()
            where cluster_id = \(reader.clusterId) and topic = \(reader.topic) and partition = \(Int64(place.partition))
                and message_offset = \(place.offset)
            """)
    }

    /// Notes that so many starts alone, counted from 1, did not end the process, though the message is not finished.
    public func outliveSuspect(
        _ place: MessagePlace, number: Int64, reader: PartitionReader
    ) async throws(PostgresError) {
        _ = try await run(
            """
            update poison_suspects set outlived = greatest(outlived, \(number)), changed_at = clock_timestamp()
            where cluster_id = \(reader.clusterId) and topic = \(reader.topic) and partition = \(Int64(place.partition))
                and message_offset = \(place.offset) and holder = \(reader.holder)
            """)
    }

    /// Forgets finished messages.
    public func forgetSuspects(_ places: [MessagePlace], reader: PartitionReader) async throws(PostgresError) {
        if places.isEmpty { return }
        _ = try await run(
            """
            delete from poison_suspects s
            using unnest(\(places.map { Int64($0.partition) }), \(places.map(\.offset))) x (partition, message_offset)
            where s.cluster_id = \(reader.clusterId) and s.topic = \(reader.topic) and s.partition = x.partition
                and s.message_offset = x.message_offset
            """)
    }

    /// Forgets all messages of a partition before an offset: they are finished.
    public func forgetSuspects(
        of partition: Int32, before offset: Int64, reader: PartitionReader
    ) async throws(PostgresError) {
        _ = try await run(
            """
            delete from poison_suspects where cluster_id = \(reader.clusterId) and topic = \(reader.topic)
                and partition = \(Int64(partition)) and message_offset < \(offset)
            """)
    }
}
