/// The members of a JSON object in their order; names are unique.
public struct JSONObject: Sendable, ExpressibleByDictionaryLiteral {
    /// Names and values, in order.
    public private(set) var members: [(name: String, value: JSONValue)]

    /// An object without members.
    public init() {
        members = []
    }

    /// An object of these members; of two with one name the later counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements)
    }

    /// An object of these members; of two with one name the later counts.
    public init(_ elements: some Sequence<(String, JSONValue)>) {
        members = []
        for (name, value) in elements { self[name] = value }
    }

    /// The names, in order.
    public var keys: [String] { members.map(\.name) }
    /// Whether there is no member.
    public var isEmpty: Bool { members.isEmpty }
    /// How many members there are.
    public var count: Int { members.count }

    /// The value of a name; setting `nil` takes the member away (JSON's null is `JSONValue.null`).
    public subscript(name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            let index = members.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append((name, value))
            case (nil, nil): break
            }
        }
    }

    /// Appends a member whose name the caller knows to be new.
    mutating func append(unique name: String, _ value: JSONValue) {
        members.append((name, value))
    }
}

extension JSONObject: Equatable {
    /// Equal where names and values are, whatever their order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.members.count == right.members.count else { return false }
        if zip(left.members, right.members).allSatisfy({ $0.name == $1.name && $0.value == $1.value }) { return true }
        return left.members.allSatisfy { right[$0.name] == $0.value }
    }
}
