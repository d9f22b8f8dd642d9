/// The name of a member while its value is read: bytes of the text in place, which become a `String` only where asked.
///
/// It is valid only in the call that gets it.
public struct JSONName {
    @usableFromInline let bytes: UnsafeBufferPointer<UInt8>

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The name as text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Whether the name is this word; so names stand in a `switch`.
    @inlinable
    public static func ~= (word: StaticString, name: JSONName) -> Bool {
        let length = word.utf8CodeUnitCount
        guard length == name.bytes.count else { return false }
        let start = word.utf8Start
        for index in 0..<length where start[index] != name.bytes[index] { return false }
        return true
    }
}

/// The plain names of all objects around the present place: a stack that all of them share.
struct NameRanges {
    private var ranges: [UnsafeBufferPointer<UInt8>] = []
    var count = 0

    subscript(index: Int) -> UnsafeBufferPointer<UInt8> { ranges[index] }

    mutating func append(_ name: UnsafeBufferPointer<UInt8>) {
        if count < ranges.count {
            ranges[count] = name
        } else {
            if ranges.isEmpty { ranges.reserveCapacity(48) }
            ranges.append(name)
        }
        count += 1
    }
}

/// The names of one object.
///
/// Names in ASCII without escapes are compared by their bytes. Texts can be equal and their bytes not (composed and
/// decomposed letters), so that from the first other name on a set of texts takes over, as it does where there are many.
struct NamesSeen {
    let floor: Int
    private static let few = 32
    /// A bit for each name, of 64: most names find theirs free and are new.
    private var marks: UInt64 = 0
    private var texts: Set<String>?

    init(floor: Int) {
        self.floor = floor
    }

    /// Whether a name in ASCII is new.
    mutating func insert(_ name: UnsafeBufferPointer<UInt8>, _ names: inout NameRanges) -> Bool {
        guard texts == nil, names.count - floor < Self.few else {
            return insert(String(decoding: name, as: UTF8.self), &names)
        }
        var sum = name.count
        if let first = name.first {
            sum += 7 * Int(first) + 31 * Int(name[name.count - 1]) + 3 * Int(name[name.count / 2])
        }
        let mark: UInt64 = 1 << UInt64(sum & 63)
        if marks & mark != 0 {
            for index in floor..<names.count where isSame(names[index], name) { return false }
        }
        marks |= mark
        names.append(name)
        return true
    }

    /// Whether any other name is new.
    mutating func insert(_ name: String, _ names: inout NameRanges) -> Bool {
        if texts == nil {
            texts = Set((floor..<names.count).map { String(decoding: names[$0], as: UTF8.self) })
        }
        return texts?.insert(name).inserted ?? true
    }

    private func isSame(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count where left[index] != right[index] { return false }
        return true
    }
}
