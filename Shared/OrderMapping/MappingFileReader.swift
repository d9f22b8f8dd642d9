import YAML

/// Reads a mapping file and gathers everything that is wrong in it, instead of stopping at the first.
struct MappingFileReader {
    private let file: String
    private(set) var problems: [MappingFileError.Problem] = []
    private(set) var tables: [String: FieldRule.Table] = [:]

    private static let sections = ["version", "singleCurrency", "customer", "order", "lines", "tables"]

    init(file: String) {
        self.file = file
    }

    mutating func read(_ bytes: [UInt8]) throws(MappingFileError) -> OrderMapping {
        let root: YAMLNode
        do throws(YAMLError) {
            root = try YAMLDocument.parse(bytes)
        } catch {
            let problem = MappingFileError.Problem(
                line: error.line, column: error.column, reason: error.reason, mend: "")
            throw MappingFileError(file: file, problems: [problem])
        }
        let mapping = read(root)
        guard problems.isEmpty else {
            let inOrder = problems.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
            throw MappingFileError(file: file, problems: inOrder.map(\.element))
        }
        return mapping
    }

    private mutating func read(_ root: YAMLNode) -> OrderMapping {
        guard let members = root.members else {
            refuse(
                root, "the file holds \(root.kindInWords)", "begin with \"version: 1\", then customer, order, tables")
            return OrderMapping(rules: [:], singleCurrency: nil)
        }
        for member in members where !Self.sections.contains(member.name) {
            refuse(
                member.key, "unknown section \"\(member.name)\"",
                NearestName.hint(for: member.name, among: Self.sections))
        }
        readVersion(root)
        readTables(root["tables"])
        var rules: [NetSuiteRecord: [FieldRule]] = [:]
        for record in NetSuiteRecord.allCases { rules[record] = readRecord(record, root[record.rawValue]) }
        let singleCurrency = readSingleCurrency(root)
        checkRequired(rules, root, singleCurrency)
        return OrderMapping(rules: rules, singleCurrency: singleCurrency)
    }

    private mutating func readVersion(_ root: YAMLNode) {
        guard let node = root["version"] else {
            refuse(root, "\"version\" is missing", "begin the file with \"version: 1\"")
            return
        }
        if node.text != "1" { refuse(node, "this version of the file's format is not known", "write \"version: 1\"") }
    }

    private mutating func readSingleCurrency(_ root: YAMLNode) -> String? {
        guard let node = root["singleCurrency"] else { return nil }
        guard let code = node.text, code.utf8.count == 3, code.utf8.allSatisfy({ (0x41...0x5a).contains($0) }) else {
            refuse(node, "singleCurrency is no currency code", "three capital letters, such as USD")
            return nil
        }
        return code
    }

    private mutating func checkRequired(
        _ rules: [NetSuiteRecord: [FieldRule]], _ root: YAMLNode, _ singleCurrency: String?
    ) {
        func names(_ record: NetSuiteRecord) -> [String] {
            (root[record.rawValue]?.members ?? []).map(\.name)
        }
        if !names(.customer).contains("companyName") {
            refuse(
                root["customer"] ?? root, "customer.companyName is missing; NetSuite takes no customer without it",
                "add \"companyName: { from: account.name, cut: true }\" under \"customer:\"")
        }
        if !names(.order).contains("tranDate") {
            refuse(
                root["order"] ?? root, "order.tranDate is missing; NetSuite would take the day on which it is written",
                "add \"tranDate: { from: effectiveDate }\" under \"order:\"")
        }
        if names(.order).contains("currency") {
            guard singleCurrency != nil else { return }
            refuse(
                root["singleCurrency"] ?? root, "both singleCurrency and order.currency are given",
                "keep order.currency for an account with several currencies, singleCurrency for one without")
        } else if root["singleCurrency"] == nil {
            refuse(
                root["order"] ?? root, "order.currency is missing; an order could be booked in the wrong currency",
                "add \"currency: { from: currency, table: currencies }\" under \"order:\", or \"singleCurrency: USD\" at "
                    + "the top for an account without currencies")
        }
    }

    private mutating func readTables(_ node: YAMLNode?) {
        guard let node, !node.isNull else { return }
        guard let members = node.members else {
            refuse(node, "tables holds \(node.kindInWords)", "write each table as \"name: { key: value }\"")
            return
        }
        for member in members {
            guard let entries = member.value.members, !entries.isEmpty else {
                refuse(
                    member.key, "table \"\(member.name)\" has no entries", "write \"\(member.name): { key: value }\"")
                continue
            }
            var table: [String: String] = [:]
            for entry in entries {
                guard let value = entry.value.text, !value.isEmpty else {
                    refuse(
                        entry.value, "entry \"\(entry.name)\" of table \"\(member.name)\" has no single value",
                        "write what NetSuite is to get, such as an internal id")
                    continue
                }
                table[entry.name.trimmingBlanks()] = value
            }
            tables[member.name] = FieldRule.Table(name: member.name, entries: table)
        }
    }

    private mutating func readRecord(_ record: NetSuiteRecord, _ node: YAMLNode?) -> [FieldRule] {
        guard let node, !node.isNull else { return [] }
        guard let members = node.members else {
            refuse(
                node, "\(record.rawValue) holds \(node.kindInWords)", "write one NetSuite field a line: \"memo: { … }\""
            )
            return []
        }
        var rules: [FieldRule] = []
        for member in members {
            if let why = record.reservation(of: member.name) {
                refuse(member.key, "\(record.rawValue).\(member.name) cannot be mapped: \(why)", "leave the line out")
                continue
            }
            guard let field = record.field(member.name) else {
                refuse(
                    member.key, "NetSuite's \(record.rawValue) has no field \"\(member.name)\" that can be mapped",
                    Self.unknownFieldHint(member.name, record))
                continue
            }
            var reader = FieldRuleReader(record: record, field: field, tables: tables)
            if let rule = reader.read(member) { rules.append(rule) }
            problems += reader.problems
        }
        return rules
    }

    private static func unknownFieldHint(_ name: String, _ record: NetSuiteRecord) -> String {
        for other in NetSuiteRecord.allCases where other != record && name.hasPrefix(other.customPrefix + "_") {
            return "\(other.customPrefix)… fields belong under \"\(other.rawValue):\""
        }
        if name.hasPrefix("cust") { return "custom fields of it begin with \(record.customPrefix), in small letters" }
        let hint = NearestName.hint(for: name, among: record.names)
        return hint.isEmpty ? "custom fields of it begin with \(record.customPrefix)" : hint
    }

    private mutating func refuse(_ node: YAMLNode, _ reason: String, _ mend: String) {
        problems.append(.init(line: node.line, column: node.column, reason: reason, mend: mend))
    }
}
