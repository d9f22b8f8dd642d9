public import EventLoop
public import Telemetry

/// The systems in trouble, as a service knows them: while there is one, nothing new is taken and the service is not
/// ready. A fault elsewhere is counted against no message.
@Loop
public final class Troubles {
    /// So many different orders that fail one after the other are no longer the orders' trouble.
    private static let widespread = 5

    private var reasons: [Trouble.System: String] = [:]
    private var suspects: [Trouble.System: Set<[UInt8]>] = [:]
    private let health: Health
    private let logger: Logger
    private let gauge: Gauge

    /// Shows troubles in `health` and as a metric.
    public init(health: Health, metrics: MetricsRegistry, logger: Logger) {
        self.health = health
        self.logger = logger
        gauge = metrics.gauge("system_in_trouble", help: "1 while a system keeps us from working", labels: ["system"])
        for system in Trouble.System.allCases where system != .order { gauge.set(0, system.rawValue) }
    }

    /// Whether no system is in trouble.
    public var isClear: Bool { reasons.isEmpty }

    /// Whether so many different orders failed, with none that succeeded between, that the system itself is in trouble.
    public func isWidespread(_ system: Trouble.System) -> Bool {
        suspects[system, default: []].count >= Self.widespread
    }

    /// Notes that a message failed; where its trouble is widespread by now, the system is in trouble.
    func note(_ trouble: Trouble, of key: [UInt8]) {
        guard trouble.system == .order, let suspected = trouble.suspected else { return raise(trouble) }
        suspects[suspected, default: []].insert(key)
        if isWidespread(suspected) { raise(Trouble(suspected, trouble.reason)) }
    }

    /// Notes a trouble; one of a single order is that order's alone and is not kept here.
    public func raise(_ trouble: Trouble) {
        guard trouble.system != .order else { return }
        if reasons.updateValue(trouble.reason, forKey: trouble.system) == nil {
            logger.warning(
                "a system is in trouble: nothing new is taken until it answers again",
                LogField(.component, trouble.system.rawValue), .reason(trouble.reason))
        }
        health.set(trouble.system.rawValue, reason: trouble.reason)
        gauge.set(1, trouble.system.rawValue)
    }

    /// Notes that a system works.
    public func clear(_ system: Trouble.System) {
        suspects[system] = nil
        guard reasons.removeValue(forKey: system) != nil else { return }
        logger.info("the system answers again", LogField(.component, system.rawValue))
        health.set(system.rawValue, reason: nil)
        gauge.set(0, system.rawValue)
    }

    /// Notes that all of them work.
    public func clearAll() {
        for system in Trouble.System.allCases { clear(system) }
    }
}
