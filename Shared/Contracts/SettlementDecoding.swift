import JSONText

extension Settlement {
    /// Reads and checks a payload; unknown fields are ignored, since newer senders may have more.
    public static func decode(_ bytes: [UInt8]) throws(ContractError) -> Settlement {
        try decoding(bytes) { reader in
            var draft = SettlementDraft()
            try reader.readObject { name, reader in try draft.take(name, &reader) }
            try reader.finish()
            return try draft.finish()
        }
    }
}

private struct SettlementDraft {
    private var orderId: SalesforceId?
    private var sequence: Int64?
    private var outcome: Settlement.Outcome?
    private var settledAt: UTCInstant?
    private var orderNumber: String?
    private var version: Int64?
    private var netSuite: Settlement.NetSuiteOrder?
    private var letter: Settlement.Letter?
    private var hold: Settlement.Hold?

    mutating func take(_ name: JSONName, _ reader: inout JSONReader) throws {
        switch name {
        case "orderId": orderId = try reader.orderId()
        case "sequence": sequence = try reader.positiveInteger()
        case "outcome": outcome = try reader.oneOf(Settlement.Outcome.self)
        case "settledAt": settledAt = try reader.instant()
        case "orderNumber": orderNumber = try reader.optional { try $0.requiredText(limit: TextLimit.code) }
        case "version": version = try reader.optional { try $0.positiveInteger() }
        case "netSuite": netSuite = try reader.optional(Settlement.NetSuiteOrder.read)
        case "letter": letter = try reader.optional(Settlement.Letter.read)
        case "hold": hold = try reader.optional(Settlement.Hold.read)
        default: try reader.skipValue()
        }
    }

    func finish() throws(ContractError) -> Settlement {
        var settlement = Settlement(
            orderId: try required(orderId, "orderId", in: ""), sequence: try required(sequence, "sequence", in: ""),
            outcome: try required(outcome, "outcome", in: ""), settledAt: try required(settledAt, "settledAt", in: ""))
        settlement.orderNumber = orderNumber
        settlement.version = version
        settlement.netSuite = netSuite
        settlement.letter = letter
        settlement.hold = hold
        return settlement
    }
}

extension Settlement.NetSuiteOrder {
    fileprivate static func read(_ reader: inout JSONReader) throws -> Settlement.NetSuiteOrder {
        var order = Settlement.NetSuiteOrder()
        try reader.readObject { name, reader in
            switch name {
            case "id": order.id = try reader.optional { try $0.requiredText(limit: TextLimit.code) }
            case "number": order.number = try reader.optional { try $0.requiredText(limit: TextLimit.code) }
            case "state": order.state = try reader.optional { try $0.oneOf(OrderState.self) }
            case "total": order.total = try reader.optional { try $0.decimal() }
            case "currency": order.currency = try reader.optional { try $0.currencyCode() }
            case "customerId": order.customerId = try reader.optional { try $0.requiredText(limit: TextLimit.code) }
            default: try reader.skipValue()
            }
        }
        return order
    }
}

extension Settlement.Letter {
    fileprivate static func read(_ reader: inout JSONReader) throws -> Settlement.Letter {
        let path = reader.currentPath
        var id: String?
        var deadLetterClass: DeadLetterClass?
        var code: String?
        var field: String?
        var sentence: String?
        try reader.readObject { name, reader in
            switch name {
            case "id": id = try reader.requiredText(limit: TextLimit.code)
            case "class": deadLetterClass = try reader.oneOf(DeadLetterClass.self)
            case "code": code = try reader.optional { try $0.freeText(limit: TextLimit.code) }
            case "field": field = try reader.optional { try $0.freeText(limit: TextLimit.name) }
            case "sentence": sentence = try reader.freeText()
            default: try reader.skipValue()
            }
        }
        return Settlement.Letter(
            id: try required(id, "id", in: path), deadLetterClass: try required(deadLetterClass, "class", in: path),
            code: code, field: field, sentence: try required(sentence, "sentence", in: path))
    }
}

extension Settlement.Hold {
    fileprivate static func read(_ reader: inout JSONReader) throws -> Settlement.Hold {
        let path = reader.currentPath
        var code: String?
        var sentence: String?
        try reader.readObject { name, reader in
            switch name {
            case "code": code = try reader.optional { try $0.freeText(limit: TextLimit.code) }
            case "sentence": sentence = try reader.freeText()
            default: try reader.skipValue()
            }
        }
        return Settlement.Hold(code: code, sentence: try required(sentence, "sentence", in: path))
    }
}
