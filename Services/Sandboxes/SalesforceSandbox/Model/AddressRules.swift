/// Addresses where state and country picklists are on: code and name agree, and a pair exists.
extension SalesforceOrganization {
    func checkAddresses(
        _ values: inout [String: FieldValue], old: Record?, _ definition: ObjectDefinition
    ) throws(RecordError) {
        guard options.stateAndCountryPicklists else { return }
        for prefix in ["Billing", "Shipping", "Mailing"] where definition.field(prefix + "Address") != nil {
            try checkCountry(&values, prefix)
            try checkState(&values, old: old, prefix)
        }
    }

    private func checkCountry(_ values: inout [String: FieldValue], _ prefix: String) throws(RecordError) {
        let nameField = prefix + "Country"
        let codeField = prefix + "CountryCode"
        if let code = values[codeField] {
            let name = code.text.flatMap(CountryList.name(ofCountry:))
            if let given = values[nameField]?.text, given != name { throw Self.wrongCountry(nameField) }
            values[nameField] = name.map(FieldValue.text) ?? .null
        } else if let name = values[nameField] {
            let code = name.text.flatMap(CountryList.code(ofCountry:))
            if name != .null, code == nil { throw Self.wrongCountry(nameField) }
            values[codeField] = code.map(FieldValue.text) ?? .null
        }
    }

    private func checkState(
        _ values: inout [String: FieldValue], old: Record?, _ prefix: String
    ) throws(RecordError) {
        let nameField = prefix + "State"
        let codeField = prefix + "StateCode"
        let country = (values[prefix + "CountryCode"] ?? old?[prefix + "CountryCode"] ?? .null).text
        if let code = values[codeField], let text = code.text {
            guard let country, let name = CountryList.name(ofState: text, in: country) else {
                throw Self.wrongState(codeField)
            }
            if let given = values[nameField]?.text, given != name { throw Self.wrongState(nameField) }
            values[nameField] = .text(name)
        } else if let text = values[nameField]?.text {
            guard let country, let code = CountryList.code(ofState: text, in: country) else {
                throw Self.wrongState(nameField)
            }
            values[codeField] = .text(code)
        } else if values[nameField] == .null || values[codeField] == .null {
            values[nameField] = .null
            values[codeField] = .null
        } else if let state = old?[codeField].text {
            // The country changed under a state that stays.
            guard let country, CountryList.name(ofState: state, in: country) != nil else {
                throw Self.wrongState(nameField)
            }
        }
    }

    private static func wrongCountry(_ field: String) -> RecordError {
        .integrity(
            "There's a problem with this country, even though it may appear correct. Please select a country/territory "
                + "from the list of valid countries.: \(field)", field)
    }

    private static func wrongState(_ field: String) -> RecordError {
        .integrity(
            "There's a problem with this state, even though it may appear correct. Please select a state from the list "
                + "of valid states.: \(field)", field)
    }
}
