import HTTPServer
import JSONText

/// A fault that the control API asked for: what it strikes, when, and what it answers instead.
struct Fault: Sendable {
    /// Before the request has its effect, or after it, when only the answer is lost.
    enum Moment: String, Sendable {
        case before, after
    }

    /// The method that it strikes; empty for all.
    let method: String
    /// A part of the path that it strikes; empty for all.
    let path: String
    let moment: Moment
    /// The answer in place of the true one; nil cuts the connection.
    let answer: HTTPResponse?
    /// How many requests it still strikes.
    var remaining: Int

    func strikes(_ request: HTTPRequest, at moment: Moment) -> Bool {
        moment == self.moment && (method.isEmpty || method == request.method)
            && (path.isEmpty || request.path.contains(path))
    }
}

/// The faults that wait; the one place in the pipeline that asks is `SalesforceSandbox.handle`.
struct FaultList: Sendable {
    private(set) var faults: [Fault] = []

    /// Adds a fault.
    mutating func add(_ fault: Fault) {
        faults.append(fault)
    }

    /// Takes the faults away.
    mutating func clear() {
        faults = []
    }

    /// What happens to this request at this moment instead of what should; uses up one strike.
    mutating func strike(_ request: HTTPRequest, at moment: Fault.Moment) -> HTTPResponse? {
        guard let index = faults.firstIndex(where: { $0.strikes(request, at: moment) }) else { return nil }
        let fault = faults[index]
        faults[index].remaining -= 1
        if faults[index].remaining <= 0 { faults.remove(at: index) }
        return fault.answer ?? .disconnect
    }
}
