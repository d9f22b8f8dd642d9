import JSONText

/// Bounds of texts in messages, in bytes of UTF-8.
enum TextLimit {
    static let code = 255
    static let name = 1000
    static let long = 200_000
}

/// The system whose user can mend a field.
enum FieldOrigin: String {
    case salesforce = "Salesforce"
    case netSuite = "NetSuite"
}

/// How one field of a message is read: from the right JSON type to a checked value, or a `ContractError` with its path.
extension JSONReader {
    func refusal(_ reason: String, _ mend: String) -> ContractError {
        ContractError(path: currentPath, reason: reason, mend: mend)
    }

    /// A text without NUL, which neither PostgreSQL nor NetSuite can hold; it may be empty. It comes from `origin`.
    mutating func freeText(limit: Int = TextLimit.long, from origin: FieldOrigin = .salesforce) throws -> String {
        let before = charactersNUL
        let text = try readString()
        guard charactersNUL == before else {
            throw refusal("the text has a NUL character", "remove it from the field in \(origin.rawValue)")
        }
        guard text.utf8.count <= limit else {
            throw refusal("the text has more than \(limit) bytes", "shorten the field in \(origin.rawValue)")
        }
        return text
    }

    /// A text that says something.
    mutating func requiredText(limit: Int = TextLimit.name, from origin: FieldOrigin = .salesforce) throws -> String {
        let text = try freeText(limit: limit, from: origin)
        guard text.saysSomething else {
            throw refusal("the text is empty", "fill the field in \(origin.rawValue)")
        }
        return text
    }

    mutating func salesforceId() throws -> SalesforceId {
        let text = try readString()
        do { return try SalesforceId(complete: text) } catch { throw error.under(currentPath) }
    }

    /// Reads the id of an order.
    mutating func orderId() throws -> SalesforceId {
        let id = try salesforceId()
        guard id.namesOrder else {
            throw refusal("this is no order's id", "send the id of an Order: it begins with 801")
        }
        return id
    }

    mutating func calendarDate(from origin: FieldOrigin = .salesforce) throws -> CalendarDate {
        let text: String
        if let digits = readPlainString() {
            if let date = CalendarDate(plain: digits) { return date }
            text = String(decoding: digits, as: UTF8.self)
        } else {
            text = try readString()
        }
        do {
            return try CalendarDate(text)
        } catch {
            guard origin == .netSuite else { throw error.under(currentPath) }
            throw refusal(error.reason, "correct the date in NetSuite")
        }
    }

    mutating func instant() throws -> UTCInstant {
        let text = try readString()
        do { return try UTCInstant(text) } catch { throw error.under(currentPath) }
    }

    /// A decimal as text, such as `"49.50"`; a JSON number is refused, since most programs would round it.
    mutating func decimal(from origin: FieldOrigin = .salesforce) throws -> ExactDecimal {
        let text: String
        if let digits = readPlainString() {
            if let number = ExactDecimal(plain: digits) { return number }
            text = String(decoding: digits, as: UTF8.self)
        } else {
            text = try readString()
        }
        do {
            return try ExactDecimal(text)
        } catch .malformed {
            throw refusal("this is no decimal number", "send digits with a point, such as 49.50")
        } catch {
            throw refusal(
                "the number has more than 18 digits or more than 18 decimals",
                "correct the amount in \(origin.rawValue)")
        }
    }

    mutating func currencyCode() throws -> String {
        let text = try readString()
        guard text.utf8.count == 3, text.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            throw refusal("a currency is three capital letters", "send the ISO 4217 code")
        }
        return text
    }

    /// A whole number above zero.
    mutating func positiveInteger() throws -> Int64 {
        let number = try readNumber()
        guard let value = number.int64, value > 0 else {
            throw refusal("a whole number above zero is expected", "send it without decimals and exponent")
        }
        return value
    }

    /// A text from a closed list.
    mutating func oneOf<Choice: RawRepresentable & CaseIterable>(
        _ type: Choice.Type
    ) throws -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: try readString()) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw refusal("the word is none that is known here", "send one of: \(known)")
        }
        return choice
    }

    /// A list whose elements have ids of their own; a second one of an id is refused.
    mutating func uniqueList<Element, Id: Hashable>(
        by id: (Element) -> Id, _ read: (inout JSONReader) throws -> Element
    ) throws -> [Element] {
        var (elements, ids): ([Element], Set<Id>) = ([], [])
        try readArray { reader in
            let element = try read(&reader)
            guard ids.insert(id(element)).inserted else {
                throw reader.refusal("an element before has the same id", "the sender must send each once")
            }
            elements.append(element)
        }
        return elements
    }

    /// An object of further fields, taken as they are, without NUL in names and texts.
    mutating func furtherFields() throws -> JSONObject {
        let before = charactersNUL
        guard peek() == .object, case .object(let object) = try readValue() else {
            throw refusal("an object is expected", "send the fields by their API names")
        }
        guard charactersNUL == before else {
            throw refusal("a text has a NUL character", "remove it from the field in Salesforce")
        }
        return object
    }

    /// A field that may be null.
    mutating func carried<Value: Sendable>(
        _ read: (inout JSONReader) throws -> Value
    ) throws -> Carried<Value> {
        try readNull() ? .null : .value(try read(&self))
    }

    /// A field whose null means the same as its absence.
    mutating func optional<Value>(_ read: (inout JSONReader) throws -> Value) throws -> Value? {
        try readNull() ? nil : try read(&self)
    }
}

/// A required field, once all members have been read.
func required<Value>(
    _ value: Value?, _ name: String, in parent: @autoclosure () -> String
) throws(ContractError) -> Value {
    guard let value else {
        let parent = parent()
        throw ContractError(
            path: parent.isEmpty ? name : "\(parent).\(name)", reason: "the required field is missing",
            mend: "the sender must fill it; see the topic's schema")
    }
    return value
}

/// Reads a message so that it throws nothing but `ContractError`.
func decoding<Value>(
    _ bytes: [UInt8], _ body: (inout JSONReader) throws -> Value
) throws(ContractError) -> Value {
    do {
        return try JSONReader.read(bytes, limits: .message, body)
    } catch let error as ContractError {
        throw error
    } catch let error as JSONError {
        throw ContractError(error)
    } catch {
        throw ContractError(path: "", reason: "the message cannot be read", mend: "report it with its bytes")
    }
}

extension String {
    /// Whether it has a character that is no blank; most texts begin with one.
    fileprivate var saysSomething: Bool {
        if let first = utf8.first, first > 0x20, first < 0x7F { return true }
        return contains { !$0.isWhitespace }
    }
}

/// How fields are written.
extension JSONWriter {
    mutating func field(_ name: String, _ text: String) {
        self.name(name)
        string(text)
    }

    mutating func field(_ name: String, _ number: Int64) {
        self.name(name)
        int64(number)
    }

    mutating func field(_ name: String, _ truth: Bool) {
        self.name(name)
        bool(truth)
    }

    /// A list of objects, written also where it is empty.
    mutating func list<Element>(_ name: String, _ elements: [Element], _ write: (Element, inout JSONWriter) -> Void) {
        self.name(name)
        beginArray()
        for element in elements {
            beginObject()
            write(element, &self)
            endObject()
        }
        endArray()
    }

    mutating func field(_ name: String, optional text: String?) {
        if let text { field(name, text) }
    }

    /// Nothing where absent, null where null.
    mutating func field<Value>(_ name: String, _ carried: Carried<Value>, _ text: (Value) -> String) {
        switch carried {
        case .absent: break
        case .null:
            self.name(name)
            null()
        case .value(let value): field(name, text(value))
        }
    }

    mutating func field(_ name: String, _ carried: Carried<String>) {
        field(name, carried) { $0 }
    }

    /// Nothing where there are no further fields.
    mutating func field(_ name: String, further object: JSONObject) {
        guard !object.isEmpty else { return }
        self.name(name)
        self.object(object)
    }
}
