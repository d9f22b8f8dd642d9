import HTTPServer

/// The faults that a sandbox was told to have, in the order in which they came.
public struct FaultPlan: Sendable {
    /// A fault and what became of it.
    public struct Entry: Sendable {
        /// Its id in the control API.
        public let id: String
        /// The fault.
        public let fault: Fault
        /// How many matching requests came to it.
        public fileprivate(set) var offered = 0
        /// How many of them it struck.
        public fileprivate(set) var struck = 0

        /// Whether it strikes the matching request that comes to it now.
        fileprivate mutating func decide() -> Bool {
            if let times = fault.times, struck >= times { return false }
            offered += 1
            guard offered > fault.skip, fault.chance?.strikes(number: offered - fault.skip) ?? true else {
                return false
            }
            struck += 1
            return true
        }
    }

    /// All that were not removed; those that are used up stay, so that their count can be read.
    public private(set) var entries: [Entry] = []
    private var lastId = 0

    /// Makes a plan without faults.
    public init() {}

    /// Adds a fault behind the others.
    @discardableResult
    public mutating func add(_ fault: Fault) -> Entry {
        lastId += 1
        let entry = Entry(id: String(lastId), fault: fault)
        entries.append(entry)
        return entry
    }

    /// Takes one away; false where there is none with this id.
    public mutating func remove(_ id: String) -> Bool {
        guard let index = entries.firstIndex(where: { $0.id == id }) else { return false }
        entries.remove(at: index)
        return true
    }

    /// Takes all away; ids go on rising.
    public mutating func removeAll() { entries = [] }

    /// What takes the place of this request's effect or answer: of several the first. Later ones do not count it.
    mutating func strike(_ request: HTTPRequest, at moment: FaultMoment) -> Fault? {
        for index in entries.indices {
            let fault = entries[index].fault
            guard !fault.kind.isShaping, fault.moment == moment, fault.matches(request) else { continue }
            if entries[index].decide() { return fault }
        }
        return nil
    }

    /// All that let this request go its way, only otherwise; `concerns` says whether a kind can apply to it.
    mutating func shapes(_ request: HTTPRequest, _ concerns: (Fault) -> Bool) -> [Fault] {
        var found: [Fault] = []
        for index in entries.indices {
            let fault = entries[index].fault
            guard fault.kind.isShaping, fault.matches(request), concerns(fault) else { continue }
            if entries[index].decide() { found.append(fault) }
        }
        return found
    }
}
