import JSONText

extension OrderProgress {
    /// Reads and checks a payload; unknown fields are ignored, since newer senders may have more.
    public static func decode(_ bytes: [UInt8]) throws(ContractError) -> OrderProgress {
        try decoding(bytes) { reader in
            var draft = ProgressDraft()
            try reader.readObject { name, reader in try draft.take(name, &reader) }
            try reader.finish()
            return try draft.finish()
        }
    }
}

private struct ProgressDraft {
    private var orderId: SalesforceId?
    private var netSuite: OrderProgress.SalesOrder?
    private var state: OrderState?
    private var lines: [OrderProgress.Line]?
    private var shipments: [OrderProgress.Shipment]?
    private var invoices: [OrderProgress.Invoice]?
    private var payments: [OrderProgress.Payment]?
    private var credits: [OrderProgress.Credit]?
    private var asOf: UTCInstant?

    mutating func take(_ name: JSONName, _ reader: inout JSONReader) throws {
        switch name {
        case "orderId": orderId = try reader.orderId()
        case "netSuite": netSuite = try OrderProgress.SalesOrder.read(&reader)
        case "state": state = try reader.oneOf(OrderState.self)
        case "lines": lines = try reader.uniqueList(by: \.id, OrderProgress.Line.read)
        case "shipments": shipments = try reader.uniqueList(by: \.id, OrderProgress.Shipment.read)
        case "invoices": invoices = try reader.uniqueList(by: \.id, OrderProgress.Invoice.read)
        case "payments": payments = try reader.optional { try $0.uniqueList(by: \.id, OrderProgress.Payment.read) }
        case "credits": credits = try reader.uniqueList(by: \.id, OrderProgress.Credit.read)
        case "asOf": asOf = try reader.instant()
        default: try reader.skipValue()
        }
    }

    func finish() throws(ContractError) -> OrderProgress {
        var progress = OrderProgress(
            orderId: try required(orderId, "orderId", in: ""), netSuite: try required(netSuite, "netSuite", in: ""),
            state: try required(state, "state", in: ""), asOf: try required(asOf, "asOf", in: ""))
        progress.lines = try required(lines, "lines", in: "")
        progress.shipments = try required(shipments, "shipments", in: "")
        progress.invoices = try required(invoices, "invoices", in: "")
        progress.payments = payments ?? []
        progress.credits = try required(credits, "credits", in: "")
        return progress
    }
}

extension OrderProgress.SalesOrder {
    fileprivate static func read(_ reader: inout JSONReader) throws -> OrderProgress.SalesOrder {
        let path = reader.currentPath
        var id: String?
        var number: String?
        var total: ExactDecimal?
        var currency: String?
        try reader.readObject { name, reader in
            switch name {
            case "id": id = try reader.netSuiteText()
            case "number": number = try reader.optional { try $0.netSuiteText() }
            case "total": total = try reader.optional { try $0.decimal(from: .netSuite) }
            case "currency": currency = try reader.optional { try $0.currencyCode() }
            default: try reader.skipValue()
            }
        }
        return OrderProgress.SalesOrder(
            id: try required(id, "id", in: path), number: number, total: total, currency: currency)
    }
}

extension OrderProgress.Line {
    fileprivate static func read(_ reader: inout JSONReader) throws -> OrderProgress.Line {
        let path = reader.currentPath
        var id: SalesforceId?
        var shipped: ExactDecimal?
        var invoiced: ExactDecimal?
        var closed: Bool?
        try reader.readObject { name, reader in
            switch name {
            case "id": id = try reader.salesforceId()
            case "shipped": shipped = try reader.quantity()
            case "invoiced": invoiced = try reader.quantity()
            case "closed": closed = try reader.readBool()
            default: try reader.skipValue()
            }
        }
        return OrderProgress.Line(
            id: try required(id, "id", in: path), shipped: try required(shipped, "shipped", in: path),
            invoiced: try required(invoiced, "invoiced", in: path), closed: try required(closed, "closed", in: path))
    }
}

/// What every document of NetSuite has, and the amounts that some have.
private struct DocumentDraft {
    private var id: String?
    private var number: String?
    private var date: CalendarDate?
    private var status: String?
    private var amounts: [String: ExactDecimal] = [:]
    private let path: String
    private let amountNames: Set<String>

    init(_ reader: borrowing JSONReader, amounts: Set<String>) {
        path = reader.currentPath
        amountNames = amounts
    }

    /// Whether the member was one of these and is read.
    mutating func takes(_ name: JSONName, _ reader: inout JSONReader) throws -> Bool {
        switch name {
        case "id": id = try reader.netSuiteText()
        case "number": number = try reader.netSuiteText()
        case "date": date = try reader.optional { try $0.calendarDate(from: .netSuite) }
        case "status": status = try reader.netSuiteText()
        case _ where amountNames.contains(name.text): amounts[name.text] = try reader.decimal(from: .netSuite)
        default: return false
        }
        return true
    }

    /// Reads a whole object that has nothing else.
    static func read(_ reader: inout JSONReader, amounts: Set<String>) throws -> DocumentDraft {
        var draft = DocumentDraft(reader, amounts: amounts)
        try reader.readObject { name, reader in
            if try !draft.takes(name, &reader) { try reader.skipValue() }
        }
        return draft
    }

    func head() throws(ContractError) -> (id: String, number: String, date: CalendarDate?, status: String) {
        (
            try required(id, "id", in: path), try required(number, "number", in: path), date,
            try required(status, "status", in: path)
        )
    }

    func amount(_ name: String) throws(ContractError) -> ExactDecimal { try required(amounts[name], name, in: path) }
}

extension OrderProgress.Shipment {
    fileprivate static func read(_ reader: inout JSONReader) throws -> OrderProgress.Shipment {
        let path = reader.currentPath
        var draft = DocumentDraft(reader, amounts: [])
        var carrier: String?
        var trackingNumbers: [String]?
        var lines: [OrderProgress.ShippedLine]?
        try reader.readObject { name, reader in
            switch name {
            case "carrier": carrier = try reader.optional { try $0.netSuiteText() }
            case "trackingNumbers":
                var numbers: [String] = []
                try reader.readArray { numbers.append(try $0.netSuiteText()) }
                trackingNumbers = numbers
            case "lines": lines = try reader.uniqueList(by: \.id, OrderProgress.ShippedLine.read)
            default: if try !draft.takes(name, &reader) { try reader.skipValue() }
            }
        }
        let head = try draft.head()
        var shipment = OrderProgress.Shipment(
            id: head.id, number: head.number, date: head.date, status: head.status, carrier: carrier)
        shipment.trackingNumbers = try required(trackingNumbers, "trackingNumbers", in: path)
        shipment.lines = try required(lines, "lines", in: path)
        return shipment
    }
}

extension OrderProgress.ShippedLine {
    fileprivate static func read(_ reader: inout JSONReader) throws -> OrderProgress.ShippedLine {
        let path = reader.currentPath
        var id: SalesforceId?
        var quantity: ExactDecimal?
        try reader.readObject { name, reader in
            switch name {
            case "id": id = try reader.salesforceId()
            case "quantity": quantity = try reader.quantity()
            default: try reader.skipValue()
            }
        }
        return OrderProgress.ShippedLine(
            id: try required(id, "id", in: path), quantity: try required(quantity, "quantity", in: path))
    }
}

extension OrderProgress.Invoice {
    fileprivate static func read(_ reader: inout JSONReader) throws -> OrderProgress.Invoice {
        let draft = try DocumentDraft.read(&reader, amounts: ["total", "paid", "unpaid"])
        let head = try draft.head()
        return OrderProgress.Invoice(
            id: head.id, number: head.number, date: head.date, status: head.status, total: try draft.amount("total"),
            paid: try draft.amount("paid"), unpaid: try draft.amount("unpaid"))
    }
}

extension OrderProgress.Payment {
    fileprivate static func read(_ reader: inout JSONReader) throws -> OrderProgress.Payment {
        let draft = try DocumentDraft.read(&reader, amounts: ["applied"])
        let head = try draft.head()
        return OrderProgress.Payment(
            id: head.id, number: head.number, date: head.date, status: head.status,
            applied: try draft.amount("applied"))
    }
}

extension OrderProgress.Credit {
    fileprivate static func read(_ reader: inout JSONReader) throws -> OrderProgress.Credit {
        let draft = try DocumentDraft.read(&reader, amounts: ["total", "applied"])
        let head = try draft.head()
        return OrderProgress.Credit(
            id: head.id, number: head.number, date: head.date, status: head.status, total: try draft.amount("total"),
            applied: try draft.amount("applied"))
    }
}

extension JSONReader {
    /// A text as NetSuite has it: ids, numbers, names.
    fileprivate mutating func netSuiteText() throws -> String {
        try requiredText(limit: TextLimit.code, from: .netSuite)
    }

    /// How much of a line: NetSuite's sign of a sale is none of ours.
    fileprivate mutating func quantity() throws -> ExactDecimal {
        let quantity = try decimal(from: .netSuite)
        guard quantity >= .zero else {
            throw refusal("a quantity is not below zero", "the sender must send how much, without a sign")
        }
        return quantity
    }
}
