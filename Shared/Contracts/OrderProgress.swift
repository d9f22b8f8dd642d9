/// How far NetSuite has come with one order, complete and no delta: the payload of `Topic.orderProgressed`.
public struct OrderProgress: Sendable, Equatable {
    /// The order's id in Salesforce.
    public var orderId: SalesforceId
    /// The sales order in NetSuite.
    public var netSuite: SalesOrder
    /// Where the order stands, derived from documents and quantities.
    public var state: OrderState
    /// The lines that Crossdock wrote, in NetSuite's order of lines; each Salesforce line once, with the sums of
    /// NetSuite lines that carry the same id.
    public var lines: [Line] = []
    /// Item fulfilments, oldest first.
    public var shipments: [Shipment] = []
    /// Invoices, oldest first.
    public var invoices: [Invoice] = []
    /// Payments, deposits and other orders' credit memos that were applied to those invoices, oldest first.
    public var payments: [Payment] = []
    /// Credit memos for the order, oldest first.
    public var credits: [Credit] = []
    /// NetSuite's clock when this was read; orders the states of one order.
    public var asOf: UTCInstant

    /// The sales order as NetSuite has it; a deleted one has its id alone.
    public struct SalesOrder: Sendable, Equatable {
        /// Internal id.
        public var id: String
        /// `tranId`, the number that people see.
        public var number: String?
        /// Total in the order's currency.
        public var total: ExactDecimal?
        /// ISO 4217 code of the order's currency; amounts of invoices, payments and credits are in it.
        public var currency: String?

        /// Makes a sales order of what is known.
        public init(id: String, number: String? = nil, total: ExactDecimal? = nil, currency: String? = nil) {
            self.id = id
            self.number = number
            self.total = total
            self.currency = currency
        }
    }

    /// One line of the order.
    public struct Line: Sendable, Equatable {
        /// The line's id in Salesforce (OrderItem).
        public var id: SalesforceId
        /// Quantity of all shipped fulfilments.
        public var shipped: ExactDecimal
        /// Quantity of all invoices.
        public var invoiced: ExactDecimal
        /// Whether NetSuite takes nothing more of it.
        public var closed: Bool

        /// Makes a line.
        public init(id: SalesforceId, shipped: ExactDecimal, invoiced: ExactDecimal, closed: Bool) {
            self.id = id
            self.shipped = shipped
            self.invoiced = invoiced
            self.closed = closed
        }
    }

    /// One item fulfilment.
    public struct Shipment: Sendable, Equatable {
        /// Internal id.
        public var id: String
        /// `tranId`.
        public var number: String
        /// Its date.
        public var date: CalendarDate?
        /// picked, packed, shipped; of a letter that is not known, `status X`.
        public var status: String
        /// Carrier, as NetSuite names it.
        public var carrier: String?
        /// Tracking numbers of all packages.
        public var trackingNumbers: [String] = []
        /// What it contains, by the order's lines; each Salesforce line once.
        public var lines: [ShippedLine] = []

        /// Makes a shipment.
        public init(id: String, number: String, date: CalendarDate? = nil, status: String, carrier: String? = nil) {
            self.id = id
            self.number = number
            self.date = date
            self.status = status
            self.carrier = carrier
        }
    }

    /// How much of one line a shipment contains.
    public struct ShippedLine: Sendable, Equatable {
        /// The line's id in Salesforce.
        public var id: SalesforceId
        /// How much.
        public var quantity: ExactDecimal

        /// Makes a shipped line.
        public init(id: SalesforceId, quantity: ExactDecimal) {
            self.id = id
            self.quantity = quantity
        }
    }

    /// One invoice.
    public struct Invoice: Sendable, Equatable {
        /// Internal id.
        public var id: String
        /// `tranId`.
        public var number: String
        /// Its date.
        public var date: CalendarDate?
        /// open, paid, pending approval, rejected, voided; of a letter that is not known, `status X`.
        public var status: String
        /// Total.
        public var total: ExactDecimal
        /// What payments, deposits and credits cover.
        public var paid: ExactDecimal
        /// What is still owed.
        public var unpaid: ExactDecimal

        /// Makes an invoice.
        public init(
            id: String, number: String, date: CalendarDate? = nil, status: String, total: ExactDecimal,
            paid: ExactDecimal, unpaid: ExactDecimal
        ) {
            self.id = id
            self.number = number
            self.date = date
            self.status = status
            self.total = total
            self.paid = paid
            self.unpaid = unpaid
        }
    }

    /// A payment, or the application of a deposit, and how much of it went to the order's invoices.
    public struct Payment: Sendable, Equatable {
        /// Internal id.
        public var id: String
        /// `tranId`.
        public var number: String
        /// Its date.
        public var date: CalendarDate?
        /// unapproved, not deposited, deposited, rejected, of a credit memo open, fully applied, voided; of a letter that
        /// is not known, `status X`.
        public var status: String
        /// Amount applied to the order's invoices.
        public var applied: ExactDecimal

        /// Makes a payment.
        public init(id: String, number: String, date: CalendarDate? = nil, status: String, applied: ExactDecimal) {
            self.id = id
            self.number = number
            self.date = date
            self.status = status
            self.applied = applied
        }
    }

    /// A credit memo for the order.
    public struct Credit: Sendable, Equatable {
        /// Internal id.
        public var id: String
        /// `tranId`.
        public var number: String
        /// Its date.
        public var date: CalendarDate?
        /// open, fully applied, voided; of a letter that is not known, `status X`.
        public var status: String
        /// Total.
        public var total: ExactDecimal
        /// Amount applied to the order's invoices.
        public var applied: ExactDecimal

        /// Makes a credit.
        public init(
            id: String, number: String, date: CalendarDate? = nil, status: String, total: ExactDecimal,
            applied: ExactDecimal
        ) {
            self.id = id
            self.number = number
            self.date = date
            self.status = status
            self.total = total
            self.applied = applied
        }
    }

    /// A progress with its required fields; set the others afterwards.
    public init(orderId: SalesforceId, netSuite: SalesOrder, state: OrderState, asOf: UTCInstant) {
        self.orderId = orderId
        self.netSuite = netSuite
        self.state = state
        self.asOf = asOf
    }
}
