import FoundationEssentials
import JSONText

/// A resolved reference.
struct Reference: Hashable, Sendable {
    let target: ReferenceTarget
    let id: String
    let name: String
}

/// The members of an address.
typealias AddressValues = [String: FieldValue]

/// A stored value.
enum FieldValue: Equatable, Sendable {
    case text(String)
    case boolean(Bool)
    case number(Decimal)
    case date(CivilDate)
    case instant(Stamp)
    case reference(Reference)
    case option(id: String, name: String)
    case address(AddressValues)
}

extension [String: FieldValue] {
    func text(_ name: String) -> String? {
        if case .text(let value)? = self[name] { value } else { nil }
    }

    func flag(_ name: String) -> Bool {
        if case .boolean(let value)? = self[name] { value } else { false }
    }

    func number(_ name: String) -> Decimal? {
        if case .number(let value)? = self[name] { value } else { nil }
    }

    func date(_ name: String) -> CivilDate? {
        if case .date(let value)? = self[name] { value } else { nil }
    }

    func reference(_ name: String) -> Reference? {
        if case .reference(let value)? = self[name] { value } else { nil }
    }

    func address(_ name: String) -> AddressValues? {
        if case .address(let value)? = self[name] { value } else { nil }
    }
}

/// One property of a request: a value, or `null`, which clears the field.
enum InputValue: Equatable, Sendable {
    case clear
    case value(FieldValue)
    /// The members that were given; those of an existing address that were not stay.
    case address(EntryInput)
    case entries([EntryInput])
}

/// What a request says about a record or about one entry of a sublist.
struct EntryInput: Equatable, Sendable {
    var values: [String: InputValue] = [:]
    /// Where the entry stands in the request, such as `item.items[1]`; empty for the record itself.
    var path = ""

    func isGiven(_ name: String) -> Bool { values[name] != nil }

    func value(_ name: String) -> FieldValue? {
        if case .value(let value)? = values[name] { value } else { nil }
    }

    func entries(_ name: String) -> [EntryInput]? {
        switch values[name] {
        case .entries(let entries)?: entries
        case .clear?: []
        default: nil
        }
    }

    func path(of member: String) -> String { path.isEmpty ? member : "\(path).\(member)" }

    /// Writes the given plain values and addresses over stored ones.
    func apply(to stored: inout [String: FieldValue], except handled: Set<String> = []) {
        for (name, input) in values where !handled.contains(name) {
            switch input {
            case .clear: stored[name] = nil
            case .value(let value): stored[name] = value
            case .address(let members):
                var address = stored.address(name) ?? [:]
                members.apply(to: &address)
                stored[name] = .address(address)
            case .entries: break
            }
        }
    }
}
