/// A JSON text to be spoilt: its leaves are raw bytes, so that it can become what no encoder would write.
indirect enum JSONPiece: Sendable {
    case raw([UInt8])
    case object([(name: String, value: JSONPiece)])
    case array([JSONPiece])

    static func text(_ text: String) -> JSONPiece { .raw(Array("\"\(text)\"".utf8)) }

    var bytes: [UInt8] {
        switch self {
        case .raw(let bytes): bytes
        case .object(let members):
            joined(members.map { Array("\"\($0.name)\":".utf8) + $0.value.bytes }, "{", "}")
        case .array(let elements): joined(elements.map(\.bytes), "[", "]")
        }
    }

    private func joined(_ parts: [[UInt8]], _ opening: String, _ closing: String) -> [UInt8] {
        Array(opening.utf8) + Array(parts.joined(separator: ",".utf8)) + Array(closing.utf8)
    }

    /// One step of a path such as `lines[0].quantity`.
    enum Step: Equatable {
        case member(String)
        case element(Int)

        static func path(_ text: String) -> [Step] {
            text.split(separator: ".").flatMap { part -> [Step] in
                let pieces = part.split(separator: "[")
                return pieces.enumerated().map { index, piece in
                    index > 0 ? .element(Int(piece.dropLast()) ?? 0) : .member(String(piece))
                }
            }
        }
    }

    /// What is done at the end of a path.
    enum Change {
        case set([UInt8])
        case remove
        /// A second member of the name, behind the others.
        case again([UInt8])
    }

    /// - Returns: whether the path led somewhere.
    mutating func apply(_ change: Change, at path: ArraySlice<Step>) -> Bool {
        guard let step = path.first else {
            guard case .set(let bytes) = change else { return false }
            self = .raw(bytes)
            return true
        }
        let rest = path.dropFirst()
        switch (self, step) {
        case (.object(var members), .member(let name)):
            let isDone = Self.apply(change, to: &members, name, rest)
            self = .object(members)
            return isDone
        case (.array(var elements), .element(let index)) where index < elements.count:
            let isDone = elements[index].apply(change, at: rest)
            self = .array(elements)
            return isDone
        default: return false
        }
    }

    private static func apply(
        _ change: Change, to members: inout [(name: String, value: JSONPiece)], _ name: String,
        _ rest: ArraySlice<Step>
    ) -> Bool {
        let index = members.firstIndex { $0.name == name }
        if rest.isEmpty {
            switch (change, index) {
            case (.remove, let index?):
                members.remove(at: index)
                return true
            case (.remove, nil): return false
            case (.again(let bytes), _):
                members.append((name, .raw(bytes)))
                return true
            case (.set(let bytes), nil):
                members.append((name, .raw(bytes)))
                return true
            case (.set, _): break
            }
        }
        guard let index else {
            // A member that the good order lacks, such as `custom`, is made.
            var made = JSONPiece.object([])
            let isDone = made.apply(change, at: rest)
            members.append((name, made))
            return isDone
        }
        return members[index].value.apply(change, at: rest)
    }
}
