public import Contracts
public import FoundationEssentials

extension StoredSettlement {
    /// The message as far as the ledger knows it.
    public func message() throws(ContractError) -> Settlement {
        var settlement = Settlement(
            orderId: try SalesforceId(complete: orderId), sequence: sequence,
            outcome: Settlement.Outcome(rawValue: outcome.rawValue) ?? .dead, settledAt: UTCInstant(date: settledAt))
        settlement.orderNumber = orderNumber
        settlement.version = version
        if netSuiteId != nil || customerId != nil {
            settlement.netSuite = Settlement.NetSuiteOrder(
                id: netSuiteId.map(String.init), number: netSuiteNumber,
                state: netSuiteState.flatMap(OrderState.init(rawValue:)), customerId: customerId.map(String.init))
        }
        if let letter {
            settlement.letter = Settlement.Letter(
                id: letter.id, deadLetterClass: DeadLetterClass(rawValue: letter.letterClass) ?? .refused,
                code: letter.code, field: letter.field, sentence: letter.sentence)
        }
        settlement.hold = hold.map { Settlement.Hold(code: $0.code, sentence: $0.sentence) }
        return settlement
    }

    /// The message's headers, the same for every repetition but for the time.
    public func headers(at now: Date) throws(ContractError) -> CloudEventHeaders {
        CloudEventHeaders(
            id: try EventId(eventId), source: Topic.orderSettled.source, type: Topic.orderSettled.name,
            subject: orderId, time: UTCInstant(date: now), ordering: sequence, traceparent: traceParent)
    }
}
