import Contracts
import JSONText

/// Reads fields of one Salesforce record as the values of our messages.
///
/// A field that was not selected is absent, one that is empty is null: absent leaves NetSuite's value alone.
struct RecordReading: Sendable {
    /// The object's name, for errors.
    let object: String
    let record: JSONObject

    private func refusal(_ name: String, _ reason: String, _ mend: String = "correct the field") -> UnusableOrder {
        UnusableOrder(field: "\(object).\(name)", reason: reason, mend: mend)
    }

    func text(_ name: String) throws(UnusableOrder) -> String {
        guard let text = record[name]?.string, !text.isEmpty else { throw refusal(name, "the field is empty") }
        return text
    }

    func optionalText(_ name: String) -> Carried<String> {
        guard let value = record[name] else { return .absent }
        return Carried(orNull: value.string.flatMap { $0.isEmpty ? nil : $0 })
    }

    func id(_ name: String) throws(UnusableOrder) -> SalesforceId {
        let text = try text(name)
        do { return try SalesforceId(text) } catch { throw refusal(name, error.reason, error.mend) }
    }

    func optionalId(_ name: String) throws(UnusableOrder) -> Carried<SalesforceId> {
        switch optionalText(name) {
        case .absent: return .absent
        case .null: return .null
        case .value: return .value(try id(name))
        }
    }

    func date(_ name: String) throws(UnusableOrder) -> CalendarDate {
        let text = try text(name)
        do { return try CalendarDate(text) } catch { throw refusal(name, error.reason, error.mend) }
    }

    func optionalDate(_ name: String) throws(UnusableOrder) -> Carried<CalendarDate> {
        switch optionalText(name) {
        case .absent: return .absent
        case .null: return .null
        case .value: return .value(try date(name))
        }
    }

    func decimal(_ name: String) throws(UnusableOrder) -> ExactDecimal {
        guard let number = record[name]?.number else { throw refusal(name, "the field is empty or no number") }
        do { return try ExactDecimal(number) } catch {
            throw refusal(name, "the number has more digits than Crossdock can carry exactly")
        }
    }

    func optionalDecimal(_ name: String) throws(UnusableOrder) -> Carried<ExactDecimal> {
        guard let value = record[name] else { return .absent }
        return value.isNull ? .null : .value(try decimal(name))
    }

    /// A compound address; codes are there only where the org uses the picklists for states and countries.
    func address(_ name: String, addressee: String?) -> Carried<PostalAddress> {
        guard let value = record[name] else { return .absent }
        let address = PostalAddress(
            addressee: addressee, street: value["street"]?.string, city: value["city"]?.string,
            state: value["state"]?.string, stateCode: value["stateCode"]?.string,
            postalCode: value["postalCode"]?.string, country: value["country"]?.string,
            countryCode: value["countryCode"]?.string)
        return address == PostalAddress(addressee: addressee) ? .null : .value(address)
    }

    func contactName(_ relationship: String) -> String? { record[relationship]?["Name"]?.string }

    func custom(_ names: [String]) -> JSONObject {
        JSONObject(names.compactMap { name in record[name].map { (name, $0) } })
    }
}
