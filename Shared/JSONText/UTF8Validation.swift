/// Where a text stops being UTF-8 (Unicode Standard, table 3-7); `nil` where it never does.
func firstInvalidUTF8(in raw: UnsafeRawBufferPointer) -> Int? {
    var index = 0
    while index < raw.count {
        if index + 8 <= raw.count,
            raw.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
            index += 8
            continue
        }
        guard let length = sequenceLength(in: raw, at: index) else { return index }
        index += length
    }
    return nil
}

private func sequenceLength(in raw: UnsafeRawBufferPointer, at index: Int) -> Int? {
    let first = raw[index]
    if first < 0x80 { return 1 }
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch first {
    case 0xC2...0xDF: length = 2
    case 0xE0...0xEF:
        length = 3
        if first == 0xE0 { second = 0xA0...0xBF }
        if first == 0xED { second = 0x80...0x9F }
    case 0xF0...0xF4:
        length = 4
        if first == 0xF0 { second = 0x90...0xBF }
        if first == 0xF4 { second = 0x80...0x8F }
    default: return nil
    }
    guard index + length <= raw.count, second.contains(raw[index + 1]) else { return nil }
    for offset in 2..<max(length, 2) where raw[index + offset] & 0xC0 != 0x80 { return nil }
    return length
}
