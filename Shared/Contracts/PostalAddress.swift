import JSONText

/// An address as Salesforce has it; parts that it does not have are `nil`.
public struct PostalAddress: Sendable, Equatable {
    /// Whom the address names.
    public var addressee: String?
    /// Street and house number; line breaks are kept.
    public var street: String?
    /// City.
    public var city: String?
    /// State or province in words.
    public var state: String?
    /// State's code, such as `CA`.
    public var stateCode: String?
    /// Postal code.
    public var postalCode: String?
    /// Country in words.
    public var country: String?
    /// Country's ISO 3166-1 code of two letters.
    public var countryCode: String?

    /// Makes an address.
    public init(
        addressee: String? = nil, street: String? = nil, city: String? = nil, state: String? = nil,
        stateCode: String? = nil, postalCode: String? = nil, country: String? = nil, countryCode: String? = nil
    ) {
        self.addressee = addressee
        self.street = street
        self.city = city
        self.state = state
        self.stateCode = stateCode
        self.postalCode = postalCode
        self.country = country
        self.countryCode = countryCode
    }

    static func read(_ reader: inout JSONReader) throws -> PostalAddress {
        var address = PostalAddress()
        try reader.readObject { name, reader in
            switch name {
            case "addressee": address.addressee = try reader.optional { try $0.freeText(limit: TextLimit.name) }
            case "street": address.street = try reader.optional { try $0.freeText(limit: TextLimit.name) }
            case "city": address.city = try reader.optional { try $0.freeText(limit: TextLimit.name) }
            case "state": address.state = try reader.optional { try $0.freeText(limit: TextLimit.name) }
            case "stateCode": address.stateCode = try reader.optional { try $0.freeText(limit: TextLimit.code) }
            case "postalCode": address.postalCode = try reader.optional { try $0.freeText(limit: TextLimit.code) }
            case "country": address.country = try reader.optional { try $0.freeText(limit: TextLimit.name) }
            case "countryCode": address.countryCode = try reader.optional { try $0.freeText(limit: TextLimit.code) }
            default: try reader.skipValue()
            }
        }
        return address
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("addressee", optional: addressee)
        writer.field("street", optional: street)
        writer.field("city", optional: city)
        writer.field("state", optional: state)
        writer.field("stateCode", optional: stateCode)
        writer.field("postalCode", optional: postalCode)
        writer.field("country", optional: country)
        writer.field("countryCode", optional: countryCode)
        writer.endObject()
    }
}

extension JSONWriter {
    mutating func field(_ name: String, _ address: Carried<PostalAddress>) {
        switch address {
        case .absent: break
        case .null:
            self.name(name)
            null()
        case .value(let address):
            self.name(name)
            address.write(to: &self)
        }
    }
}
