/// A list of children as a parent knows it: `OrderItems` of `Order`.
struct ChildRelationship: Sendable {
    let name: String
    let object: String
    let field: String
    let cascadeDelete: Bool
}

/// One object with its fields.
struct ObjectDefinition: Sendable {
    let name: String
    let keyPrefix: String
    var fields: [FieldDefinition]
    var children: [ChildRelationship] = []
    var createable = true
    var updateable = true
    var deletable = true
    private(set) var positions: [String: Int] = [:]

    init(_ name: String, prefix: String, fields: [FieldDefinition], children: [ChildRelationship] = []) {
        self.name = name
        keyPrefix = prefix
        self.fields = fields
        self.children = children
        index()
    }

    /// The field of this name in any letter case.
    func field(_ name: String) -> FieldDefinition? {
        positions[name.lowercased()].map { fields[$0] }
    }

    /// The look-up behind a relationship name such as `Account`.
    func parentField(_ relationship: String) -> FieldDefinition? {
        fields.first { $0.relationshipName?.lowercased() == relationship.lowercased() }
    }

    /// The children under a relationship name such as `OrderItems`.
    func child(_ relationship: String) -> ChildRelationship? {
        children.first { $0.name.lowercased() == relationship.lowercased() }
    }

    /// Adds a field, or replaces the one of the same name.
    mutating func set(_ field: FieldDefinition) {
        if let position = positions[field.name.lowercased()] {
            fields[position] = field
        } else {
            fields.append(field)
            index()
        }
    }

    /// Takes a field away, as missing field-level security does.
    mutating func remove(_ name: String) {
        fields.removeAll { $0.name.lowercased() == name.lowercased() }
        index()
    }

    private mutating func index() {
        positions = Dictionary(
            fields.enumerated().map { ($1.name.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
    }
}

/// The objects of the organisation, or what one user may see of them.
struct Schema: Sendable {
    private(set) var objects: [String: ObjectDefinition] = [:]
    private(set) var names: [String] = []

    init(_ definitions: [ObjectDefinition]) {
        for definition in definitions {
            objects[definition.name.lowercased()] = definition
            names.append(definition.name)
        }
    }

    /// The object of this name in any letter case.
    func object(_ name: String) -> ObjectDefinition? {
        objects[name.lowercased()]
    }

    /// The object whose ids begin with these three characters.
    func object(prefix: String) -> ObjectDefinition? {
        objects.values.first { $0.keyPrefix == prefix }
    }

    /// Adds a field; false where the object does not exist.
    mutating func add(_ field: FieldDefinition, to object: String) -> Bool {
        guard objects[object.lowercased()] != nil else { return false }
        objects[object.lowercased()]?.set(field)
        return true
    }

    /// What a user sees to whom these objects and fields (`Contact`, `Order.PoNumber`) are hidden or read-only.
    func restricted(hidden: Set<String>, readOnly: Set<String>) -> Schema {
        var result = self
        for name in hidden {
            let parts = name.split(separator: ".").map(String.init)
            guard let object = parts.first?.lowercased() else { continue }
            if parts.count == 1 {
                result.objects[object] = nil
                result.names.removeAll { $0.lowercased() == object }
            } else {
                result.objects[object]?.remove(parts[1])
            }
        }
        for name in readOnly {
            let parts = name.split(separator: ".").map(String.init)
            guard parts.count == 2, let field = result.object(parts[0])?.field(parts[1]) else { continue }
            result.objects[parts[0].lowercased()]?.set(field.readOnly())
        }
        return result
    }
}
