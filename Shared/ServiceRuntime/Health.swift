public import EventLoop

/// What a service says of itself: alive, and ready or why not.
@Loop
public final class Health {
    private var reasons: [String: String] = [:]
    private var warned: [String: String] = [:]

    /// Ready until a component says otherwise.
    public init() {}

    /// Sets why a component keeps the service from working; nil when it works.
    public func set(_ component: String, reason: String?) {
        reasons[component] = reason
    }

    /// Says that something needs a person though the service works; it stays until it is taken back with nil, or the
    /// service is started again.
    public func warn(_ component: String, _ reason: String?) {
        warned[component] = reason
    }

    /// What needs a person: component and reason, in the order of the components' names.
    public var warnings: [(component: String, reason: String)] {
        warned.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Why it is not ready: component and reason, in the order of the components' names. Empty = ready.
    public var notReady: [(component: String, reason: String)] {
        reasons.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
