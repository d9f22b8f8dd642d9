import JSONText

extension OrderProgress {
    /// The payload, in UTF-8. The lists are written also where they are empty: the message is the complete state.
    public func encode() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("orderId", orderId.text)
        writer.name("netSuite")
        writer.beginObject()
        writer.field("id", netSuite.id)
        writer.field("number", optional: netSuite.number)
        writer.field("total", optional: netSuite.total?.text)
        writer.field("currency", optional: netSuite.currency)
        writer.endObject()
        writer.field("state", state.rawValue)
        writer.list("lines", lines) { line, writer in
            writer.field("id", line.id.text)
            writer.field("shipped", line.shipped.text)
            writer.field("invoiced", line.invoiced.text)
            writer.field("closed", line.closed)
        }
        writer.list("shipments", shipments) { shipment, writer in shipment.write(to: &writer) }
        writer.list("invoices", invoices) { invoice, writer in
            writer.document(invoice.id, invoice.number, invoice.date, invoice.status)
            writer.field("total", invoice.total.text)
            writer.field("paid", invoice.paid.text)
            writer.field("unpaid", invoice.unpaid.text)
        }
        writer.list("payments", payments) { payment, writer in
            writer.document(payment.id, payment.number, payment.date, payment.status)
            writer.field("applied", payment.applied.text)
        }
        writer.list("credits", credits) { credit, writer in
            writer.document(credit.id, credit.number, credit.date, credit.status)
            writer.field("total", credit.total.text)
            writer.field("applied", credit.applied.text)
        }
        writer.field("asOf", asOf.text)
        writer.endObject()
        return writer.bytes
    }
}

extension OrderProgress.Shipment {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.document(id, number, date, status)
        writer.field("carrier", optional: carrier)
        writer.name("trackingNumbers")
        writer.beginArray()
        for number in trackingNumbers { writer.string(number) }
        writer.endArray()
        writer.list("lines", lines) { line, writer in
            writer.field("id", line.id.text)
            writer.field("quantity", line.quantity.text)
        }
    }
}

extension JSONWriter {
    /// What every document of NetSuite has.
    fileprivate mutating func document(_ id: String, _ number: String, _ date: CalendarDate?, _ status: String) {
        field("id", id)
        field("number", number)
        field("date", optional: date?.text)
        field("status", status)
    }
}
