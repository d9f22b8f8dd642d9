/// A field that a message need not carry: not carried, carried as null, or carried with a value.
public enum Carried<Value: Sendable>: Sendable {
    /// Not carried: what NetSuite has stays.
    case absent
    /// Carried as null: what NetSuite has is cleared.
    case null
    /// Carried: NetSuite is to have this.
    case value(Value)

    /// The value, where there is one.
    public var value: Value? {
        guard case .value(let value) = self else { return nil }
        return value
    }

    /// Whether the message does not carry the field.
    public var isAbsent: Bool {
        guard case .absent = self else { return false }
        return true
    }

    /// A value, or null where there is none.
    public init(orNull value: Value?) {
        self = value.map { .value($0) } ?? .null
    }

    /// The same with its value changed.
    public func map<Other: Sendable, Failure: Error>(
        _ transform: (Value) throws(Failure) -> Other
    ) throws(Failure) -> Carried<Other> {
        switch self {
        case .absent: .absent
        case .null: .null
        case .value(let value): .value(try transform(value))
        }
    }
}

extension Carried: Equatable where Value: Equatable {}
extension Carried: Hashable where Value: Hashable {}
