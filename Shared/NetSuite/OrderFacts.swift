public import Contracts

/// What NetSuite shows of one sales order and of every document that belongs to it: letters and quantities as they
/// stand there, before anybody says what they mean.
public struct OrderFacts: Sendable, Equatable {
    /// Internal id.
    public var id: Int64
    /// The number that people see.
    public var number: String?
    /// External id, such as Crossdock gives.
    public var externalId: String?
    /// Status letter, A to H where it is one that is known.
    public var letter: String
    /// Total in the order's currency.
    public var total: ExactDecimal?
    /// Internal id of the order's currency.
    public var currencyId: String?
    /// The lines with an item, in NetSuite's order of lines.
    public var lines: [Line] = []
    /// Item fulfilments, oldest first.
    public var fulfilments: [Fulfilment] = []
    /// Invoices and cash sales, oldest first.
    public var invoices: [Invoice] = []
    /// What was applied to those invoices and is no credit memo for this order, oldest first.
    public var payments: [Payment] = []
    /// Credit memos for this order, oldest first.
    public var credits: [Credit] = []
    /// Internal ids of all documents that were found, returns among them.
    public var documents: Set<Int64> = []

    /// One line of the order.
    public struct Line: Sendable, Equatable {
        /// The order's `line`, `transactionline.id`.
        public var line: Int64
        /// Crossdock's mark: the Salesforce line id.
        public var mark: String?
        /// Kind of item, such as `InvtPart`.
        public var itemType: String?
        /// Quantity ordered, not negative.
        public var ordered: ExactDecimal
        /// Quantity shipped: the larger of NetSuite's total and of the sum over shipped fulfilments.
        public var shipped: ExactDecimal
        /// Quantity invoiced: the sum over invoices that count, NetSuite's total where there is no invoice at all.
        public var invoiced: ExactDecimal
        /// Whether the line is closed.
        public var isClosed: Bool
    }

    /// One item fulfilment.
    public struct Fulfilment: Sendable, Equatable {
        /// Internal id.
        public var id: Int64
        /// The number that people see.
        public var number: String
        /// Its date.
        public var date: CalendarDate?
        /// Status letter: A picked, B packed, C shipped.
        public var letter: String
        /// Carrier as NetSuite shows it.
        public var carrier: String?
        /// Tracking numbers of all packages, in the order in which they were made.
        public var trackingNumbers: [String] = []
        /// Quantities by the order's `line`.
        public var quantities: [Quantity] = []
    }

    /// How much of one line of the order a document holds.
    public struct Quantity: Sendable, Equatable {
        /// The order's `line`.
        public var line: Int64
        /// How much, not negative.
        public var quantity: ExactDecimal
    }

    /// One invoice or cash sale.
    public struct Invoice: Sendable, Equatable {
        /// Internal id.
        public var id: Int64
        /// The number that people see.
        public var number: String
        /// Its date.
        public var date: CalendarDate?
        /// Status letter: A open, B paid, D pending approval, E rejected, V voided.
        public var letter: String
        /// Whether it is voided, by letter or by mark.
        public var isVoided: Bool
        /// Whether it is a cash sale, which is paid when it is made.
        public var isCashSale: Bool
        /// Total.
        public var total: ExactDecimal
        /// What payments, deposits and credits cover.
        public var paid: ExactDecimal
        /// What is still owed.
        public var unpaid: ExactDecimal
        /// Quantities by the order's `line`.
        public var quantities: [Quantity] = []

        /// Whether it counts: neither voided nor rejected.
        public var counts: Bool { !isVoided && letter != "E" }
    }

    /// A payment, an application of a deposit, or a credit memo of another order, applied to this order's invoices.
    public struct Payment: Sendable, Equatable {
        /// Internal id.
        public var id: Int64
        /// The number that people see; the internal id where it has none.
        public var number: String
        /// Its date.
        public var date: CalendarDate?
        /// `CustPymt`, `DepAppl`, `CustCred`.
        public var type: String
        /// Status letter.
        public var letter: String
        /// Whether it is voided, by letter or by mark.
        public var isVoided: Bool
        /// Amount applied to the order's invoices; nothing of one that is voided or rejected.
        public var applied: ExactDecimal
    }

    /// A credit memo for the order.
    public struct Credit: Sendable, Equatable {
        /// Internal id.
        public var id: Int64
        /// The number that people see; the internal id where it has none.
        public var number: String
        /// Its date.
        public var date: CalendarDate?
        /// Status letter: A open, B fully applied, V voided.
        public var letter: String
        /// Whether it is voided, by letter or by mark.
        public var isVoided: Bool
        /// Total.
        public var total: ExactDecimal
        /// Amount applied to the order's invoices.
        public var applied: ExactDecimal
    }

    /// Facts of an order without lines and documents; set those afterwards.
    public init(id: Int64, letter: String) {
        self.id = id
        self.letter = letter
    }
}

/// What was read of many orders. An order that is in neither part was not shown.
public struct OrderFactsReading: Sendable, Equatable {
    /// What could be read, by internal id.
    public var facts: [Int64: OrderFacts] = [:]
    /// Orders of which something could not be read, and what.
    public var unreadable: [Int64: String] = [:]
    /// Whether NetSuite refuses to show tracking numbers: a feature that is off, or a permission that the role lacks.
    public var lacksTrackingNumbers = false
    /// Rows that name no order of those asked for: any of them may lack one.
    var strayRows = 0
    /// What one of those rows was.
    var strayReason = ""

    /// Nothing.
    public init() {}
}
