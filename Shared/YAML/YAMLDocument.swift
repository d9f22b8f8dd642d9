import CLibyaml

/// Reads one YAML document, strictly: what makes YAML surprising is refused.
///
/// Refused are duplicate keys, keys that are no scalars, anchors and aliases (so nothing grows by reference), tags,
/// several documents, and anything beyond the limits.
public enum YAMLDocument {
    /// The longest text that is read, in bytes.
    public static let maximumBytes = 1_048_576
    /// How deep collections may lie within one another.
    public static let maximumDepth = 32

    /// Parses UTF-8 text; an empty document is a plain empty scalar.
    public static func parse(_ bytes: [UInt8]) throws(YAMLError) -> YAMLNode {
        guard bytes.count <= maximumBytes else {
            throw YAMLError(line: 1, column: 1, reason: "the file is longer than \(maximumBytes) bytes")
        }
        // A byte order mark is legal at the start, but libyaml takes it only where it guesses the encoding.
        let text = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
        let reader = EventReader(text)
        return try reader.document()
    }
}

/// libyaml's parser over one text, event by event.
private final class EventReader {
    // On the heap, since libyaml keeps a pointer to the parser inside the parser.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: [UInt8]) {
        text = .allocate(capacity: bytes.count)
        _ = text.initialize(from: bytes)
        parser = .allocate(capacity: 1)
        yaml_parser_initialize(parser)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        text.deallocate()
    }

    func document() throws(YAMLError) -> YAMLNode {
        var event = try next()
        while event.kind == YAML_STREAM_START_EVENT || event.kind == YAML_DOCUMENT_START_EVENT {
            event = try next()
        }
        if event.kind == YAML_STREAM_END_EVENT {
            return YAMLNode(content: .scalar("", isPlain: true), line: 1, column: 1)
        }
        let root = try node(event, depth: 0)
        event = try next()
        while event.kind == YAML_DOCUMENT_END_EVENT { event = try next() }
        guard event.kind == YAML_STREAM_END_EVENT else {
            throw event.error("a second document begins here (---); one file holds one")
        }
        return root
    }

    private func node(_ event: Event, depth: Int) throws(YAMLError) -> YAMLNode {
        guard depth <= YAMLDocument.maximumDepth else {
            throw event.error("more than \(YAMLDocument.maximumDepth) levels lie within one another")
        }
        if event.kind == YAML_ALIAS_EVENT {
            throw event.error("aliases (*name) are not supported; write the value out")
        }
        if event.hasAnchor { throw event.error("anchors (&name) are not supported; write the value out") }
        if event.hasTag { throw event.error("tags (!name) are not supported; leave it out") }
        switch event.kind {
        case YAML_SCALAR_EVENT:
            return event.node(.scalar(event.text, isPlain: event.isPlain))
        case YAML_SEQUENCE_START_EVENT:
            var elements: [YAMLNode] = []
            var element = try next()
            while element.kind != YAML_SEQUENCE_END_EVENT {
                elements.append(try node(element, depth: depth + 1))
                element = try next()
            }
            return event.node(.sequence(elements))
        case YAML_MAPPING_START_EVENT:
            return event.node(.mapping(try members(depth: depth)))
        default:
            throw event.error("a value is missing")
        }
    }

    private func members(depth: Int) throws(YAMLError) -> [YAMLMember] {
        var members: [YAMLMember] = []
        var lines: [String: Int] = [:]
        var event = try next()
        while event.kind != YAML_MAPPING_END_EVENT {
            let key = try node(event, depth: depth + 1)
            guard case .scalar(let name, _) = key.content else {
                throw event.error("a key must be a single value, not \(key.kindInWords)")
            }
            if let line = lines[name] {
                throw event.error("the key \"\(name)\" stands here a second time; the first is in line \(line)")
            }
            lines[name] = key.line
            members.append(YAMLMember(key: key, name: name, value: try node(try next(), depth: depth + 1)))
            event = try next()
        }
        return members
    }

    /// The next event as a Swift value; libyaml's memory for it is released at once.
    private func next() throws(YAMLError) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { yaml_event_delete(&event) }
        return Event(event)
    }

    private func problem() -> YAMLError {
        let reason = parser.pointee.problem.map { String(cString: $0) } ?? "this is not YAML"
        if parser.pointee.error == YAML_READER_ERROR {
            let before = text.prefix(parser.pointee.problem_offset)
            let line = before.count { $0 == 0x0a } + 1
            let column = before.count - (before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0) + 1
            return YAMLError(line: line, column: column, reason: "\(reason); the file must be UTF-8 text")
        }
        let mark = parser.pointee.problem_mark
        let context = parser.pointee.context.map { " \(String(cString: $0))" } ?? ""
        let hint = reason.contains("cannot start any token") ? "; tabs do not indent YAML, blanks do" : ""
        return YAMLError(line: mark.line + 1, column: mark.column + 1, reason: "\(reason)\(context)\(hint)")
    }
}

private struct Event {
    let kind: yaml_event_type_t
    let line: Int
    let column: Int
    var text = ""
    var isPlain = false
    var hasAnchor = false
    var hasTag = false

    init(_ event: yaml_event_t) {
        kind = event.type
        line = event.start_mark.line + 1
        column = event.start_mark.column + 1
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
            hasAnchor = scalar.anchor != nil
            hasTag = scalar.tag != nil
        case YAML_SEQUENCE_START_EVENT:
            hasAnchor = event.data.sequence_start.anchor != nil
            hasTag = event.data.sequence_start.tag != nil
        case YAML_MAPPING_START_EVENT:
            hasAnchor = event.data.mapping_start.anchor != nil
            hasTag = event.data.mapping_start.tag != nil
        default:
            break
        }
    }

    func node(_ content: YAMLNode.Content) -> YAMLNode {
        YAMLNode(content: content, line: line, column: column)
    }

    func error(_ reason: String) -> YAMLError {
        YAMLError(line: line, column: column, reason: reason)
    }
}
