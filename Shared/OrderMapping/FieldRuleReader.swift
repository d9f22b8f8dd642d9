import YAML

/// Reads one field of a mapping file: `terms: { from: custom.Terms__c, table: terms, default: 2 }`.
struct FieldRuleReader {
    private let record: NetSuiteRecord
    private var field: NetSuiteField
    private let tables: [String: FieldRule.Table]
    private(set) var problems: [MappingFileError.Problem] = []

    private static let sourceKeys = ["from", "constant", "text", "address"]
    private static let valueKeys = sourceKeys + ["table", "default", "otherwise", "cut", "maximumLength", "as"]
    private static let addressKeys = ["address", "countries", "defaultCountry"]
    private static let kinds: [String: NetSuiteField.Kind] = [
        "text": .text(maximumLength: nil), "reference": .reference, "date": .date, "number": .number,
        "boolean": .boolean,
    ]

    init(record: NetSuiteRecord, field: NetSuiteField, tables: [String: FieldRule.Table]) {
        self.record = record
        self.field = field
        self.tables = tables
    }

    mutating func read(_ member: YAMLMember) -> FieldRule? {
        guard let members = member.value.members else {
            refuse(
                member.value, "\(field.name) holds \(member.value.kindInWords)",
                field.kind == .address
                    ? "write \"\(field.name): { address: shipTo }\""
                    : "write \"\(field.name): { from: … }\" or \"{ constant: … }\"")
            return nil
        }
        let allowed = field.kind == .address ? Self.addressKeys : Self.valueKeys
        for entry in members where !allowed.contains(entry.name) {
            refuse(entry.key, "unknown key \"\(entry.name)\"", NearestName.hint(for: entry.name, among: allowed))
        }
        let given = members.filter { Self.sourceKeys.contains($0.name) && allowed.contains($0.name) }
        guard let source = given.first, given.count == 1 else {
            let choices = field.kind == .address ? "address" : "from, constant or text"
            refuse(
                given.last?.key ?? member.key,
                given.isEmpty ? "\(field.name) has no source" : "\(field.name) has two sources",
                "give one of \(choices)")
            return nil
        }
        return field.kind == .address ? readAddress(member.value, source) : readValue(member.value, source)
    }

    private mutating func readValue(_ node: YAMLNode, _ source: YAMLMember) -> FieldRule? {
        guard let parsed = readSource(source) else { return nil }
        readKind(node, parsed)
        readMaximumLength(node)
        var rule = FieldRule(target: field, source: parsed)
        if let tableNode = node["table"] { rule.table = readTable(tableNode, source) }
        rule.fallback = readFallback(node["default"])
        rule.otherwise = readFallback(node["otherwise"])
        if let otherwise = node["otherwise"], node["table"] == nil {
            refuse(
                otherwise, "\"otherwise\" is for what a table does not have, and there is no table", "add \"table: …\"")
        }
        rule.cutsLongText = readCut(node["cut"])
        checkTypes(rule, node, source)
        return rule
    }

    private mutating func readSource(_ source: YAMLMember) -> FieldRule.Source? {
        switch source.name {
        case "constant":
            guard let text = source.value.text, !text.isEmpty else {
                refuse(source.value, "a constant is a single value", "leave the line out to send nothing")
                return nil
            }
            return .constant(text)
        case "text":
            guard let text = source.value.text else {
                refuse(source.value, "\"text\" is a text with {paths} in it", "such as \"Order {orderNumber}\"")
                return nil
            }
            return readTemplate(text, source.value).map(FieldRule.Source.template)
        default:
            let nodes = source.value.elements ?? [source.value]
            let paths = nodes.compactMap { readPath($0.text, $0) }
            return paths.isEmpty || paths.count < nodes.count ? nil : .paths(paths)
        }
    }

    private mutating func readPath(_ text: String?, _ node: YAMLNode) -> SnapshotPath? {
        guard let text, !text.isEmpty else {
            refuse(node, "a path of the snapshot is missing", "such as orderNumber or custom.My_Field__c")
            return nil
        }
        guard let path = SnapshotPath.find(text) else {
            let hint = NearestName.hint(for: text, among: SnapshotPath.names)
            let further = "further fields are written custom.Name__c, account.custom.Name__c, line.custom.Name__c"
            refuse(node, "the snapshot has no \"\(text)\"", hint.isEmpty ? further : hint)
            return nil
        }
        if path.isOfLine && record != .lines {
            refuse(
                node, "\"\(text)\" is a line's, and \(record.rawValue) has no lines", "move the field under \"lines:\"")
            return nil
        }
        return path
    }

    private mutating func readTemplate(_ text: String, _ node: YAMLNode) -> [FieldRule.TemplatePart]? {
        var parts: [FieldRule.TemplatePart] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}") else {
                refuse(node, "a \"{\" in the text is not closed", "write {path}, such as {orderNumber}")
                return nil
            }
            if open > rest.startIndex { parts.append(.text(String(rest[..<open]))) }
            let name = String(rest[rest.index(after: open)..<close])
            guard let path = readPath(name.trimmingBlanks(), node) else { return nil }
            parts.append(.path(path))
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        return parts
    }

    private mutating func readTable(_ node: YAMLNode, _ source: YAMLMember) -> FieldRule.Table? {
        if source.name != "from" {
            refuse(node, "only what comes \"from\" the snapshot is looked up in a table", "leave \"table\" out")
        }
        guard let name = node.text, let table = tables[name] else {
            let shown = node.text.map { " \"\($0)\"" } ?? ""
            let hint = NearestName.hint(for: node.text ?? "", among: tables.keys.sorted())
            refuse(
                node, "there is no table\(shown)",
                hint.isEmpty ? "add it under \"tables:\"" : hint)
            return nil
        }
        for (key, value) in table.entries.sorted(by: { $0.key < $1.key }) {
            checkFits(value, node, "entry \"\(key)\" of table \"\(name)\", \"\(value)\",")
        }
        return table
    }

    /// A custom field's type is given by `as`, or follows from what it is filled from.
    private mutating func readKind(_ node: YAMLNode, _ source: FieldRule.Source) {
        if let kindNode = node["as"] {
            guard field.isCustom else {
                refuse(kindNode, "\"as\" is for custom fields; \(field.name) is \(field.kind.inWords)", "leave it out")
                return
            }
            guard let kind = Self.kinds[kindNode.text ?? ""] else {
                refuse(kindNode, "this is no type", NearestName.hint(for: "", among: Self.kinds.keys.sorted()))
                return
            }
            field.kind = kind
        } else if field.isCustom, node["table"] == nil, case .paths(let paths) = source {
            if paths.allSatisfy({ $0.kind == .date }) { field.kind = .date }
            if paths.allSatisfy({ $0.kind == .decimal }) { field.kind = .number }
        }
    }

    private mutating func readMaximumLength(_ node: YAMLNode) {
        guard let lengthNode = node["maximumLength"] else { return }
        guard case .text = field.kind else {
            refuse(lengthNode, "only texts have a length; \(field.name) is \(field.kind.inWords)", "leave it out")
            return
        }
        guard let length = lengthNode.text.flatMap({ Int($0) }), (1...1_000_000).contains(length) else {
            refuse(lengthNode, "maximumLength is no whole number from 1", "such as 45")
            return
        }
        field.kind = .text(maximumLength: length)
    }

    private mutating func readFallback(_ node: YAMLNode?) -> String? {
        guard let node else { return nil }
        guard let text = node.text, !text.isEmpty else {
            refuse(node, "a single value is missing", "leave the key out to have none")
            return nil
        }
        checkFits(text, node, "\"\(text)\"")
        return text
    }

    private mutating func readCut(_ node: YAMLNode?) -> Bool {
        guard let node else { return false }
        guard let text = node.text, ["true", "false"].contains(text) else {
            refuse(node, "\"cut\" is true or false", "write \"cut: true\" to shorten long texts")
            return false
        }
        return text == "true"
    }

    private mutating func checkTypes(_ rule: FieldRule, _ node: YAMLNode, _ source: YAMLMember) {
        if case .constant(let text) = rule.source { checkFits(text, source.value, "\"\(text)\"") }
        guard case .paths(let paths) = rule.source, node["table"] == nil else {
            if case .template = rule.source {
                if case .text = field.kind { return }
                refuse(source.key, "\(field.name) is \(field.kind.inWords) and takes no text", "use from or constant")
            }
            return
        }
        for path in paths {
            switch (field.kind, path.kind) {
            case (.reference, .text) where path.text != "account.netSuiteId", (.reference, .date),
                (.reference, .decimal),
                (.enumeration, .text), (.enumeration, .date), (.enumeration, .decimal):
                refuse(
                    source.value, "\(field.name) is \(field.kind.inWords), and \"\(path.text)\" is not",
                    "look it up: add \"table: …\" and the table under \"tables:\"")
            case (.date, .text), (.date, .decimal), (.number, .text), (.number, .date), (.boolean, .text),
                (.boolean, .date), (.boolean, .decimal):
                refuse(
                    source.value, "\(field.name) is \(field.kind.inWords), and \"\(path.text)\" is not",
                    "choose another path, or add \"table: …\"")
            default:
                continue
            }
        }
    }

    private mutating func checkFits(_ value: String, _ node: YAMLNode, _ named: String) {
        let rule = FieldRule(target: field, source: .constant(value))
        do throws(FieldRule.Misfit) {
            _ = try rule.convert(.text(value))
        } catch {
            let mend =
                switch field.kind {
                case .reference: "write NetSuite's internal id, a number"
                case .date: "write a date, YYYY-MM-DD"
                default: "write \(field.kind.inWords)"
                }
            refuse(node, "\(named) does not fit \(field.name), which is \(field.kind.inWords)", mend)
        }
    }

    private mutating func refuse(_ node: YAMLNode, _ reason: String, _ mend: String) {
        problems.append(.init(line: node.line, column: node.column, reason: reason, mend: mend))
    }
}

extension FieldRuleReader {
    /// `shippingAddress: { address: [shipTo, account.shipTo], countries: countries, defaultCountry: US }`.
    private mutating func readAddress(_ node: YAMLNode, _ source: YAMLMember) -> FieldRule? {
        let choices = AddressSource.allCases.map(\.rawValue)
        var sources: [AddressSource] = []
        for element in source.value.elements ?? [source.value] {
            guard let text = element.text, let address = AddressSource(rawValue: text) else {
                refuse(element, "this is no address of the snapshot", "one of: \(choices.joined(separator: ", "))")
                continue
            }
            sources.append(address)
        }
        var countries: FieldRule.Table?
        if let tableNode = node["countries"] {
            if let name = tableNode.text, let table = tables[name] {
                countries = table
                for (key, value) in table.entries where !AddressRule.isCountryCode(value) {
                    refuse(
                        tableNode, "entry \"\(key)\" of table \"\(name)\" is no country code",
                        "two capital letters, such as US")
                }
            } else {
                let hint = NearestName.hint(for: tableNode.text ?? "", among: tables.keys.sorted())
                refuse(tableNode, "there is no table \"\(tableNode.text ?? "")\"", hint)
            }
        }
        let defaultCountry = node["defaultCountry"]
        if let defaultCountry, !AddressRule.isCountryCode(defaultCountry.text ?? "") {
            refuse(defaultCountry, "this is no country code", "two capital letters, such as US")
        }
        let address = AddressRule(sources: sources, countries: countries, defaultCountry: defaultCountry?.text)
        return FieldRule(target: field, source: .address(address))
    }
}
