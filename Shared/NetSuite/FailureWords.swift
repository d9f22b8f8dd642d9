extension NetSuiteFailure: CustomStringConvertible {
    /// The failure in words, without any data of a record.
    public var description: String {
        switch self {
        case .refused(let refusal): "NetSuite refused: \(refusal.description)"
        case .unknown(let reason): "outcome unknown: \(reason)"
        case .notSent(let reason): "not sent: \(reason)"
        case .systemTrouble(let trouble): "\(trouble.kind.rawValue): \(trouble.reason)"
        }
    }

    /// One word for metrics and logs.
    public var outcome: String {
        switch self {
        case .refused: "refused"
        case .unknown: "unknown"
        case .notSent: "not_sent"
        case .systemTrouble(let trouble): trouble.kind.rawValue
        }
    }
}

extension NetSuiteRefusal: CustomStringConvertible {
    /// Status, code, class and path; without the detail, which can hold data of the record.
    public var description: String {
        let place = path.map { " at \($0)" } ?? ""
        return "status \(status), \(code ?? "no error code"), \(classification.rawValue)\(place)"
    }
}
