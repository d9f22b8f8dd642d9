import Contracts
import JSONText

/// How an address subrecord is filled.
struct AddressRule: Sendable {
    /// The first of these that the snapshot carries with anything in it.
    let sources: [AddressSource]
    /// Country names to ISO codes, for organisations without Salesforce's state and country picklists.
    let countries: FieldRule.Table?
    /// For addresses that name no country.
    let defaultCountry: String?

    typealias Part = (name: String, text: String?)

    private static let maximumLineLength = 150

    /// A new record's address: parts that are empty are left out.
    static func write(_ parts: [Part], to writer: inout JSONWriter) {
        writer.beginObject()
        for (name, text) in parts {
            guard let text else { continue }
            writer.name(name)
            if name == "country" { writer.reference(text) } else { writer.string(text) }
        }
        writer.endObject()
    }

    /// The subrecord for this snapshot.
    ///
    /// With `clearsMissingParts` parts that are empty are sent as null: a `PATCH` merges into the address that is there.
    func value(
        in snapshot: OrderSnapshot, target: String, clearsMissingParts: Bool
    ) throws(MappingProblem) -> Carried<JSONObject> {
        try parts(in: snapshot, target: target).map { Self.object($0, clearsMissingParts: clearsMissingParts) }
    }

    /// The subrecord's parts in their order: a part that is empty has no text, `country` is an internal id.
    func parts(in snapshot: OrderSnapshot, target: String) throws(MappingProblem) -> Carried<[Part]> {
        var isCarried = false
        for source in sources {
            switch source.address(in: snapshot) {
            case .absent:
                continue
            case .null:
                isCarried = true
            case .value(let address):
                isCarried = true
                if Self.isEmpty(address) { continue }
                return .value(try parts(address, of: snapshot, place: source.rawValue, target: target))
            }
        }
        return isCarried ? .null : .absent
    }

    private func parts(
        _ address: PostalAddress, of snapshot: OrderSnapshot, place: String, target: String
    ) throws(MappingProblem) -> [Part] {
        let street = Self.streetLines(address.street)
        func text(_ value: String?, _ part: String, _ name: String, _ maximum: Int) throws(MappingProblem) -> String? {
            guard let value = value?.trimmingBlanks(), !value.isEmpty else { return nil }
            guard value.utf8.count <= maximum || value.unicodeScalars.count <= maximum else {
                throw .tooLong(
                    "\(place).\(part)", length: value.unicodeScalars.count, target: "\(target).\(name)",
                    maximum: maximum)
            }
            return value
        }
        let limit = Self.maximumLineLength
        let country = try country(of: address, place: place, target: target)
        return [
            ("addressee", Self.addressee(address.addressee ?? snapshot.account.name)),
            ("addr1", try text(street[0], "street", "addr1", limit)),
            ("addr2", try text(street[1], "street", "addr2", limit)),
            ("addr3", try text(street[2], "street", "addr3", limit)),
            ("city", try text(address.city, "city", "city", 50)),
            ("state", try text(address.stateCode ?? address.state, "state", "state", 50)),
            ("zip", try text(address.postalCode, "postalCode", "zip", 36)),
            ("country", country),
        ]
    }

    private func country(
        of address: PostalAddress, place: String, target: String
    ) throws(MappingProblem) -> String? {
        if let code = address.countryCode, !code.isEmpty { return Self.isCountryCode(code) ? code : code.uppercased() }
        guard let name = address.country?.trimmingBlanks(), !name.isEmpty else { return defaultCountry }
        if let code = countries?.entries[name] { return code }
        if Self.isCountryCode(name) { return name }
        throw MappingProblem(
            .notInTable, field: "\(place).country", reason: "the country has no code of two letters",
            sentence: "NetSuite wants a country code of two letters, and the mapping knows none for \"\(name)\" "
                + "(\(place).country). Add it to the mapping file's table of countries.")
    }

    /// A name that is too long is cut: the goods arrive all the same.
    private static func addressee(_ name: String) -> String {
        var cut = name.trimmingBlanks()
        while cut.utf8.count > 83, cut.unicodeScalars.count > 83 { cut.removeLast() }
        return cut
    }

    /// Three texts, some empty; a fourth and later line joins the third.
    private static func streetLines(_ street: String?) -> [String] {
        let street = street ?? ""
        // One line of ASCII: nothing to part.
        if street.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return [street.trimmingBlanks(), "", ""] }
        let lines = lines(of: street)
        guard lines.count > 3 else { return lines + Array(repeating: "", count: 3 - lines.count) }
        return [lines[0], lines[1], lines[2...].joined(separator: ", ")]
    }

    private static func lines(of street: String) -> [String] {
        // ASCII's line breaks are the four bytes from 0x0A; a byte is a character there, but for CR LF.
        if street.utf8.allSatisfy({ $0 < 0x80 }) {
            return street.utf8.split(whereSeparator: { (0x0A...0x0D).contains($0) }).compactMap { line in
                let line = String(Substring(line)).trimmingBlanks()
                return line.isEmpty ? nil : line
            }
        }
        return street.split(whereSeparator: \.isNewline).map { String($0).trimmingBlanks() }.filter { !$0.isEmpty }
    }

    private static func object(_ parts: [Part], clearsMissingParts: Bool) -> JSONObject {
        var object = JSONObject()
        for (name, text) in parts {
            if let text {
                object[name] = name == "country" ? .object(["id": .string(text)]) : .string(text)
            } else if clearsMissingParts && name != "country" {
                object[name] = .null
            }
        }
        return object
    }

    private static func isEmpty(_ address: PostalAddress) -> Bool {
        func isEmpty(_ text: String?) -> Bool { text?.trimmingBlanks().isEmpty ?? true }
        return isEmpty(address.street) && isEmpty(address.city) && isEmpty(address.state) && isEmpty(address.stateCode)
            && isEmpty(address.postalCode) && isEmpty(address.country) && isEmpty(address.countryCode)
    }

    static func isCountryCode(_ text: String) -> Bool {
        text.utf8.count == 2 && text.utf8.allSatisfy { (0x41...0x5a).contains($0) }
    }
}
