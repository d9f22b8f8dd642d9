/// The partition of a key as the Java clients choose it, and so our producer (murmur2).
enum Placement {
    static func partition(of key: [UInt8], among count: Int) -> Int {
        Int(murmur2(key) & 0x7FFF_FFFF) % max(1, count)
    }

    private static func murmur2(_ bytes: [UInt8]) -> UInt32 {
        let factor: UInt32 = 0x5BD1_E995
        var hash = 0x9747_B28C ^ UInt32(truncatingIfNeeded: bytes.count)
        let whole = bytes.count / 4 * 4
        for start in stride(from: 0, to: whole, by: 4) {
            var word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) }
            word &*= factor
            word ^= word >> 24
            hash = hash &* factor ^ word &* factor
        }
        if bytes.count > whole {
            for index in whole..<bytes.count { hash ^= UInt32(bytes[index]) << (8 * UInt32(index - whole)) }
            hash &*= factor
        }
        hash ^= hash >> 13
        hash &*= factor
        return hash ^ hash >> 15
    }
}

/// How far the driver is ahead of the writer, in bytes of each partition.
///
/// A partition is read in its order, so whoever has sent an order to NetSuite has fetched everything before it: what lies
/// behind the last such order is all that may not have been read. The embedded broker keeps a partition's newest bytes
/// only, and what was fetched it need not keep; committed offsets would say less, a second late.
struct Lead {
    private var produced: [Int]
    private var fetched: [Int]
    /// By the order's place in the run: its partition, and what was produced in it up to the order.
    private var places: [(partition: Int, end: Int)]

    init(partitions: Int, orders: Int) {
        produced = Array(repeating: 0, count: partitions)
        fetched = produced
        places = Array(repeating: (partition: 0, end: 0), count: orders)
    }

    /// Bytes of a partition that the writer may not have read.
    func ahead(in partition: Int) -> Int { produced[partition] - fetched[partition] }

    /// A message goes into a partition; the first of an order says where the order is.
    mutating func produce(_ bytes: Int, in partition: Int, order index: Int) {
        produced[partition] += bytes
        if places[index].end == 0 { places[index] = (partition: partition, end: produced[partition]) }
    }

    /// The writer sent this order to NetSuite.
    mutating func arrive(order index: Int) {
        let place = places[index]
        fetched[place.partition] = max(fetched[place.partition], place.end)
    }
}
