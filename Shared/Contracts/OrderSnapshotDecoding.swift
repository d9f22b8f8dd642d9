import JSONText

extension OrderSnapshot {
    /// Reads and checks a payload; unknown fields are ignored, since newer senders may have more.
    public static func decode(_ bytes: [UInt8]) throws(ContractError) -> OrderSnapshot {
        try decoding(bytes) { reader in
            var draft = SnapshotDraft()
            try reader.readObject { name, reader in try draft.take(name, &reader) }
            try reader.finish()
            return try draft.finish()
        }
    }
}

/// A snapshot whose members have been read so far.
private struct SnapshotDraft {
    private var orderId: SalesforceId?
    private var orderNumber: String?
    private var version: Int64?
    private var source: OrderSnapshot.Source?
    private var status: String?
    private var effectiveDate: CalendarDate?
    private var currency: String?
    private var account: OrderSnapshot.Account?
    private var lines: [OrderSnapshot.Line]?
    private var optional = OptionalFields()

    private struct OptionalFields {
        var endDate: Carried<CalendarDate> = .absent
        var poNumber: Carried<String> = .absent
        var poDate: Carried<CalendarDate> = .absent
        var name: Carried<String> = .absent
        var description: Carried<String> = .absent
        var type: Carried<String> = .absent
        var billTo: Carried<PostalAddress> = .absent
        var shipTo: Carried<PostalAddress> = .absent
        var custom: JSONObject = [:]
    }

    mutating func take(_ name: JSONName, _ reader: inout JSONReader) throws {
        switch name {
        case "orderId": orderId = try reader.orderId()
        case "orderNumber": orderNumber = try reader.requiredText(limit: TextLimit.code)
        case "version": version = try reader.positiveInteger()
        case "source": source = try OrderSnapshot.Source.read(&reader)
        case "status": status = try reader.requiredText(limit: TextLimit.code)
        case "effectiveDate": effectiveDate = try reader.calendarDate()
        case "currency": currency = try reader.currencyCode()
        case "account": account = try OrderSnapshot.Account.read(&reader)
        case "lines": lines = try readLines(&reader)
        default: try takeOptional(name, &reader)
        }
    }

    private mutating func takeOptional(_ name: JSONName, _ reader: inout JSONReader) throws {
        switch name {
        case "endDate": optional.endDate = try reader.carried { try $0.calendarDate() }
        case "poNumber": optional.poNumber = try reader.carried { try $0.freeText(limit: TextLimit.code) }
        case "poDate": optional.poDate = try reader.carried { try $0.calendarDate() }
        case "name": optional.name = try reader.carried { try $0.freeText(limit: TextLimit.name) }
        case "description": optional.description = try reader.carried { try $0.freeText() }
        case "type": optional.type = try reader.carried { try $0.freeText(limit: TextLimit.name) }
        case "billTo": optional.billTo = try reader.carried(PostalAddress.read)
        case "shipTo": optional.shipTo = try reader.carried(PostalAddress.read)
        case "custom": optional.custom = try reader.furtherFields()
        default: try reader.skipValue()
        }
    }

    func finish() throws(ContractError) -> OrderSnapshot {
        var snapshot = OrderSnapshot(
            orderId: try required(orderId, "orderId", in: ""),
            orderNumber: try required(orderNumber, "orderNumber", in: ""),
            version: try required(version, "version", in: ""),
            source: try required(source, "source", in: ""),
            status: try required(status, "status", in: ""),
            effectiveDate: try required(effectiveDate, "effectiveDate", in: ""),
            currency: try required(currency, "currency", in: ""),
            account: try required(account, "account", in: ""),
            lines: try required(lines, "lines", in: ""))
        snapshot.endDate = optional.endDate
        snapshot.poNumber = optional.poNumber
        snapshot.poDate = optional.poDate
        snapshot.name = optional.name
        snapshot.description = optional.description
        snapshot.type = optional.type
        snapshot.billTo = optional.billTo
        snapshot.shipTo = optional.shipTo
        snapshot.custom = optional.custom
        return snapshot
    }
}

private func readLines(_ reader: inout JSONReader) throws -> [OrderSnapshot.Line] {
    var lines: [OrderSnapshot.Line] = []
    var ids: Set<SalesforceId> = []
    try reader.readArray { reader in
        let line = try OrderSnapshot.Line.read(&reader)
        guard ids.insert(line.id).inserted else {
            throw reader.refusal("a line before has the same id", "the sender must send each line once")
        }
        lines.append(line)
    }
    guard !lines.isEmpty else {
        throw reader.refusal("the order has no lines", "add a product to the order in Salesforce, or close the order")
    }
    return lines
}

extension OrderSnapshot.Source {
    static func read(_ reader: inout JSONReader) throws -> OrderSnapshot.Source {
        var object: String?
        var organizationId: SalesforceId?
        try reader.readObject { name, reader in
            switch name {
            case "object": object = try reader.requiredText(limit: TextLimit.code)
            case "organizationId": organizationId = try reader.salesforceId()
            default: try reader.skipValue()
            }
        }
        return OrderSnapshot.Source(
            object: try required(object, "object", in: reader.currentPath),
            organizationId: try required(organizationId, "organizationId", in: reader.currentPath))
    }
}

extension OrderSnapshot.Account {
    static func read(_ reader: inout JSONReader) throws -> OrderSnapshot.Account {
        var id: SalesforceId?
        var accountName: String?
        // The required fields are not known yet; the draft's own are never used.
        var rest = Rest()
        try reader.readObject { name, reader in
            switch name {
            case "id": id = try reader.salesforceId()
            case "name": accountName = try reader.requiredText()
            default: try rest.take(name, &reader)
            }
        }
        var account = OrderSnapshot.Account(
            id: try required(id, "id", in: reader.currentPath),
            name: try required(accountName, "name", in: reader.currentPath))
        account.number = rest.number
        account.phone = rest.phone
        account.email = rest.email
        account.parentId = rest.parentId
        account.netSuiteId = rest.netSuiteId
        account.billTo = rest.billTo
        account.shipTo = rest.shipTo
        account.custom = rest.custom
        return account
    }

    private struct Rest {
        var number: Carried<String> = .absent
        var phone: Carried<String> = .absent
        var email: Carried<String> = .absent
        var parentId: Carried<SalesforceId> = .absent
        var netSuiteId: Carried<String> = .absent
        var billTo: Carried<PostalAddress> = .absent
        var shipTo: Carried<PostalAddress> = .absent
        var custom: JSONObject = [:]

        mutating func take(_ name: JSONName, _ reader: inout JSONReader) throws {
            switch name {
            case "number": number = try reader.carried { try $0.freeText(limit: TextLimit.code) }
            case "phone": phone = try reader.carried { try $0.freeText(limit: TextLimit.code) }
            case "email": email = try reader.carried { try $0.freeText(limit: TextLimit.code) }
            case "parentId": parentId = try reader.carried { try $0.salesforceId() }
            case "netSuiteId": netSuiteId = try reader.carried { try $0.freeText(limit: TextLimit.code) }
            case "billTo": billTo = try reader.carried(PostalAddress.read)
            case "shipTo": shipTo = try reader.carried(PostalAddress.read)
            case "custom": custom = try reader.furtherFields()
            default: try reader.skipValue()
            }
        }
    }
}

extension OrderSnapshot.Line {
    static func read(_ reader: inout JSONReader) throws -> OrderSnapshot.Line {
        var draft = Draft()
        try reader.readObject { name, reader in try draft.take(name, &reader) }
        return try draft.finish(reader.currentPath)
    }

    private struct Draft {
        var id: SalesforceId?
        var number: String?
        var sku: String?
        var productId: SalesforceId?
        var quantity: ExactDecimal?
        var unitPrice: ExactDecimal?
        var listPrice: Carried<ExactDecimal> = .absent
        var description: Carried<String> = .absent
        var serviceDate: Carried<CalendarDate> = .absent
        var endDate: Carried<CalendarDate> = .absent
        var custom: JSONObject = [:]

        mutating func take(_ name: JSONName, _ reader: inout JSONReader) throws {
            switch name {
            case "id": id = try reader.salesforceId()
            case "number": number = try reader.requiredText(limit: TextLimit.code)
            case "sku": sku = try reader.requiredText(limit: TextLimit.code)
            case "productId": productId = try reader.salesforceId()
            case "quantity": quantity = try positiveQuantity(&reader)
            case "unitPrice": unitPrice = try reader.decimal()
            case "listPrice": listPrice = try reader.carried { try $0.decimal() }
            case "description": description = try reader.carried { try $0.freeText() }
            case "serviceDate": serviceDate = try reader.carried { try $0.calendarDate() }
            case "endDate": endDate = try reader.carried { try $0.calendarDate() }
            case "custom": custom = try reader.furtherFields()
            default: try reader.skipValue()
            }
        }

        private func positiveQuantity(_ reader: inout JSONReader) throws -> ExactDecimal {
            let quantity = try reader.decimal()
            guard quantity > .zero else {
                throw reader.refusal("a quantity must be above zero", "correct the quantity, or remove the line")
            }
            return quantity
        }

        func finish(_ path: @autoclosure () -> String) throws(ContractError) -> OrderSnapshot.Line {
            var line = OrderSnapshot.Line(
                id: try required(id, "id", in: path()), number: try required(number, "number", in: path()),
                sku: try required(sku, "sku", in: path()), productId: try required(productId, "productId", in: path()),
                quantity: try required(quantity, "quantity", in: path()),
                unitPrice: try required(unitPrice, "unitPrice", in: path()))
            line.listPrice = listPrice
            line.description = description
            line.serviceDate = serviceDate
            line.endDate = endDate
            line.custom = custom
            return line
        }
    }
}
