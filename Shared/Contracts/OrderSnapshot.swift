public import JSONText

/// One version of an order, complete: the payload of `Topic.orderSubmitted`.
public struct OrderSnapshot: Sendable, Equatable {
    /// The order's id in Salesforce.
    public var orderId: SalesforceId
    /// The number that people know, `Order.OrderNumber`.
    public var orderNumber: String
    /// Which version of the order this is; rises with each.
    public var version: Int64
    /// Where the order comes from.
    public var source: Source
    /// The order's status in Salesforce.
    public var status: String
    /// The day from which the order counts.
    public var effectiveDate: CalendarDate
    /// The currency of all amounts, three capital letters.
    public var currency: String
    /// The day on which the order ends.
    public var endDate: Carried<CalendarDate> = .absent
    /// The customer's purchase order number.
    public var poNumber: Carried<String> = .absent
    /// The day of the customer's purchase order.
    public var poDate: Carried<CalendarDate> = .absent
    /// The order's name.
    public var name: Carried<String> = .absent
    /// What people wrote about the order.
    public var description: Carried<String> = .absent
    /// The order's type.
    public var type: Carried<String> = .absent
    /// Where the invoice goes.
    public var billTo: Carried<PostalAddress> = .absent
    /// Where the goods go.
    public var shipTo: Carried<PostalAddress> = .absent
    /// Who ordered.
    public var account: Account
    /// What is ordered; at least one line, ids unique.
    public var lines: [Line]
    /// Further fields of the order by API name.
    public var custom: JSONObject = [:]

    /// Where an order comes from.
    public struct Source: Sendable, Equatable {
        /// The object, `Order`.
        public var object: String
        /// The Salesforce organisation.
        public var organizationId: SalesforceId

        /// Makes a source.
        public init(object: String = "Order", organizationId: SalesforceId) {
            self.object = object
            self.organizationId = organizationId
        }
    }

    /// The account that ordered.
    public struct Account: Sendable, Equatable {
        /// The account's id in Salesforce.
        public var id: SalesforceId
        /// The account's name.
        public var name: String
        /// The account's number.
        public var number: Carried<String> = .absent
        /// Telephone number.
        public var phone: Carried<String> = .absent
        /// E-mail address.
        public var email: Carried<String> = .absent
        /// The account above it.
        public var parentId: Carried<SalesforceId> = .absent
        /// The NetSuite customer that the account is linked to, by internal id.
        public var netSuiteId: Carried<String> = .absent
        /// The account's billing address.
        public var billTo: Carried<PostalAddress> = .absent
        /// The account's shipping address.
        public var shipTo: Carried<PostalAddress> = .absent
        /// Further fields of the account by API name.
        public var custom: JSONObject = [:]

        /// An account with its required fields; set the others afterwards.
        public init(id: SalesforceId, name: String) {
            self.id = id
            self.name = name
        }
    }

    /// One line of an order.
    public struct Line: Sendable, Equatable {
        /// The line's id in Salesforce.
        public var id: SalesforceId
        /// The line's number, `OrderItem.OrderItemNumber`.
        public var number: String
        /// The stock keeping unit, NetSuite's `itemid`.
        public var sku: String
        /// The product's id in Salesforce.
        public var productId: SalesforceId
        /// How many; above zero.
        public var quantity: ExactDecimal
        /// The price of one, in the order's currency.
        public var unitPrice: ExactDecimal
        /// The price of one in the price book.
        public var listPrice: Carried<ExactDecimal> = .absent
        /// What people wrote about the line.
        public var description: Carried<String> = .absent
        /// The day of service, or its first.
        public var serviceDate: Carried<CalendarDate> = .absent
        /// The last day of service.
        public var endDate: Carried<CalendarDate> = .absent
        /// Further fields of the line by API name.
        public var custom: JSONObject = [:]

        /// A line with its required fields; set the others afterwards.
        public init(
            id: SalesforceId, number: String, sku: String, productId: SalesforceId, quantity: ExactDecimal,
            unitPrice: ExactDecimal
        ) {
            self.id = id
            self.number = number
            self.sku = sku
            self.productId = productId
            self.quantity = quantity
            self.unitPrice = unitPrice
        }
    }

    /// A snapshot with its required fields; set the others afterwards.
    public init(
        orderId: SalesforceId, orderNumber: String, version: Int64, source: Source, status: String,
        effectiveDate: CalendarDate, currency: String, account: Account, lines: [Line]
    ) {
        self.orderId = orderId
        self.orderNumber = orderNumber
        self.version = version
        self.source = source
        self.status = status
        self.effectiveDate = effectiveDate
        self.currency = currency
        self.account = account
        self.lines = lines
    }
}
