import Contracts
public import EventLoop
public import Ledger
public import NetSuite
public import ServiceRuntime
public import Telemetry

/// The account that a watch reads: its clock, and its time zone, proven before the first page is read and each day again.
@Loop
public final class WatchedAccount {
    /// The account, as a client reaches it.
    public let client: NetSuiteClient

    private let zone: String
    private let overlap: Duration
    private let ledger: Ledger
    private let patience: DatabasePatience
    private let logger: Logger
    private let time: any TimeSource
    private let proofGauge: Gauge
    private var known: Known?

    private struct Known {
        let rules: TimeZoneRules
        let proof: ZoneProof
        let provenAt: MonotonicInstant
        let serverDay: CalendarDate?
    }

    /// - Parameters:
    ///   - zone: the IANA name that is configured.
    ///   - overlap: how much a scan reads again where the zone is proven.
    public init(
        client: NetSuiteClient, zone: String, overlap: Duration, ledger: Ledger, patience: DatabasePatience,
        metrics: MetricsRegistry, logger: Logger, time: any TimeSource
    ) {
        self.client = client
        self.zone = zone
        self.overlap = overlap
        self.ledger = ledger
        self.patience = patience
        self.logger = logger
        self.time = time
        proofGauge = metrics.gauge(
            "netsuite_time_zone_proven",
            help: "2 = records of each part of the year agree with the time zone that is configured, 1 = those of one, "
                + "0 = no record shows it, -1 = one disagrees")
    }

    /// NetSuite's time, with what a scan must know of the account's clock: one call, and where a proof is due a few more.
    ///
    /// - Throws: ``ZoneContradiction``, ``UnknownTimeZone``, `NetSuiteFailure`, or what the ledger throws.
    public func moment() async throws -> WatchMoment {
        let now = try await client.serverTime()
        let known = try await zone(at: now)
        if case .contradicted(let contradiction) = known.proof { throw contradiction }
        return WatchMoment(now: now, rules: known.rules, overlap: known.proof.overlap(atLeast: overlap))
    }

    /// How long a proof holds: one that a record could still change is soon sought again.
    private static func lifetime(of proof: ZoneProof) -> Duration {
        switch proof {
        case .proven, .halfProven: .seconds(24 * 3600)
        case .notProvable: .seconds(600)
        case .contradicted: .seconds(30)
        }
    }

    private func zone(at now: UTCInstant) async throws -> Known {
        if let known, time.now - known.provenAt < Self.lifetime(of: known.proof),
            // A day of NetSuite's clock, which need not go as ours does.
            known.serverDay == known.rules.local(now).date || known.proof == .notProvable
        {
            return known
        }
        let (ledger, zone) = (ledger, zone)
        let found = try await patience.untilAnswered { try await ledger.timeZoneRules(named: zone, around: now) }
        guard let rules = found else { throw UnknownTimeZone(name: zone) }
        let proof = try await client.zoneProof(of: rules, at: now)
        if proof != known?.proof { say(proof) }
        let known = Known(
            rules: rules, proof: proof, provenAt: time.now, serverDay: rules.local(now).date)
        self.known = known
        return known
    }

    private func say(_ proof: ZoneProof) {
        switch proof {
        case .proven:
            proofGauge.set(2)
            logger.info("the account's time zone is proven by records of each part of the year")
        case .halfProven:
            proofGauge.set(1)
            logger.info(
                "the account's time zone agrees with orders of a part of the year; 75 minutes are read again at each poll"
            )
        case .notProvable:
            proofGauge.set(0)
            logger.warning("no order shows the account's time zone yet: four hours are read again at each poll")
        case .contradicted(let contradiction):
            proofGauge.set(-1)
            logger.error("the account has another time zone than configured", .reason(contradiction.description))
        }
    }
}

/// The time zone that is configured is none that PostgreSQL knows.
public struct UnknownTimeZone: Error, Sendable, CustomStringConvertible {
    let name: String

    /// A sentence.
    public var description: String {
        "NETSUITE_TIME_ZONE is \(name), which PostgreSQL does not know as a time zone: use an IANA name such as "
            + "America/Los_Angeles"
    }
}

extension ServiceHost {
    /// The account that this service watches, as its environment says it.
    public func watchedAccount(client: NetSuiteClient, ledger: Ledger) throws -> WatchedAccount {
        WatchedAccount(
            client: client, zone: try settings.value(of: NetSuiteSettings.timeZone),
            overlap: try settings.value(of: WatchSettings.overlap), ledger: ledger, patience: databasePatience,
            metrics: metrics, logger: logger, time: time)
    }
}

extension Trouble {
    /// What ended a poll of NetSuite, in a sentence; an error that is not known here is the ledger's.
    public init(ofPoll error: any Error) {
        switch error {
        case let trouble as Trouble: self = trouble
        case let failure as NetSuiteFailure: self.init(.netSuite, failure.description)
        case let contradiction as ZoneContradiction: self.init(.netSuite, contradiction.description)
        case let zone as UnknownTimeZone: self.init(.netSuite, zone.description)
        case let error as ContractError: self.init(.netSuite, "an answer cannot be read: \(error.reason)")
        default: self.init(.database, "\(error)")
        }
    }
}
