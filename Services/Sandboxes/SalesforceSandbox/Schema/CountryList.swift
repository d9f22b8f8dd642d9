/// The countries and states that an organisation with state and country picklists knows here.
enum CountryList {
    /// Country code and name.
    static let countries: [(code: String, name: String)] = [
        ("AE", "United Arab Emirates"), ("AT", "Austria"), ("AU", "Australia"), ("BE", "Belgium"), ("BR", "Brazil"),
        ("CA", "Canada"),
        ("CH", "Switzerland"), ("CN", "China"), ("CZ", "Czech Republic"), ("DE", "Germany"), ("DK", "Denmark"),
        ("ES", "Spain"), ("FI", "Finland"), ("FR", "France"), ("GB", "United Kingdom"), ("GR", "Greece"),
        ("IE", "Ireland"), ("IL", "Israel"), ("IN", "India"), ("IT", "Italy"), ("JP", "Japan"), ("MX", "Mexico"),
        ("NL", "Netherlands"), ("NO", "Norway"), ("PL", "Poland"), ("PT", "Portugal"), ("SE", "Sweden"),
        ("US", "United States"),
    ]

    /// States by country; a country that is not listed has none.
    static let states: [String: [(code: String, name: String)]] = [
        "US": [
            ("CA", "California"), ("CO", "Colorado"), ("FL", "Florida"), ("GA", "Georgia"), ("IL", "Illinois"),
            ("MA", "Massachusetts"), ("MI", "Michigan"), ("NY", "New York"), ("OH", "Ohio"), ("OR", "Oregon"),
            ("PA", "Pennsylvania"), ("TX", "Texas"), ("UT", "Utah"), ("VA", "Virginia"), ("WA", "Washington"),
        ],
        "CA": [("AB", "Alberta"), ("BC", "British Columbia"), ("ON", "Ontario"), ("QC", "Quebec")],
        "AU": [("NSW", "New South Wales"), ("QLD", "Queensland"), ("VIC", "Victoria")],
    ]

    static let countryCodes = countries.map(\.code)
    static let stateCodes = states.keys.sorted().flatMap { states[$0]?.map(\.code) ?? [] }

    static func code(ofCountry name: String) -> String? {
        countries.first { $0.name.lowercased() == name.lowercased() }?.code
    }

    static func name(ofCountry code: String) -> String? {
        countries.first { $0.code == code }?.name
    }

    static func code(ofState name: String, in country: String) -> String? {
        states[country]?.first { $0.name.lowercased() == name.lowercased() }?.code
    }

    static func name(ofState code: String, in country: String) -> String? {
        states[country]?.first { $0.code == code }?.name
    }
}
