import JSONText

extension OrderSnapshot {
    /// The payload, in UTF-8; fields stand in a fixed order, so equal snapshots give equal bytes.
    public func encode() -> [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        write(to: &writer)
        return writer.bytes
    }

    private func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("orderId", orderId.text)
        writer.field("orderNumber", orderNumber)
        writer.field("version", version)
        writer.name("source")
        writer.beginObject()
        writer.field("object", source.object)
        writer.field("organizationId", source.organizationId.text)
        writer.endObject()
        writer.field("status", status)
        writer.field("effectiveDate", effectiveDate.text)
        writer.field("currency", currency)
        writer.field("endDate", endDate) { $0.text }
        writer.field("poNumber", poNumber)
        writer.field("poDate", poDate) { $0.text }
        writer.field("name", name)
        writer.field("description", description)
        writer.field("type", type)
        writer.field("billTo", billTo)
        writer.field("shipTo", shipTo)
        writer.name("account")
        account.write(to: &writer)
        writer.name("lines")
        writer.beginArray()
        for line in lines { line.write(to: &writer) }
        writer.endArray()
        writer.field("custom", further: custom)
        writer.endObject()
    }
}

extension OrderSnapshot.Account {
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("id", id.text)
        writer.field("name", name)
        writer.field("number", number)
        writer.field("phone", phone)
        writer.field("email", email)
        writer.field("parentId", parentId) { $0.text }
        writer.field("netSuiteId", netSuiteId)
        writer.field("billTo", billTo)
        writer.field("shipTo", shipTo)
        writer.field("custom", further: custom)
        writer.endObject()
    }
}

extension OrderSnapshot.Line {
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("id", id.text)
        writer.field("number", number)
        writer.field("sku", sku)
        writer.field("productId", productId.text)
        writer.field("quantity", quantity.text)
        writer.field("unitPrice", unitPrice.text)
        writer.field("listPrice", listPrice) { $0.text }
        writer.field("description", description)
        writer.field("serviceDate", serviceDate) { $0.text }
        writer.field("endDate", endDate) { $0.text }
        writer.field("custom", further: custom)
        writer.endObject()
    }
}
