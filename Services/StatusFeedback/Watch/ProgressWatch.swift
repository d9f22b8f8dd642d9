import Contracts
import CrashPoints
import EventLoop
import Ledger
import NetSuite
import NetSuiteAccess
import ServiceRuntime
import Telemetry

/// One poll of NetSuite, in the order in which things happen: send what is owed → NetSuite's time → what was changed or
/// deleted since the marks → the orders that it belongs to → how those stand → remember their documents → store and produce
/// what is news → note what is due again → move the marks.
///
/// A kill between any two steps leaves the marks where they were, so the same changes are found again; what was published
/// already is no news then. Documents are remembered before their order is published: once a document is deleted, no link
/// leads to the order any more. States, what is due and the marks are written under the leader's fence; what is remembered of
/// documents, and that Kafka has an event, is true whoever writes it, and needs none.
@Loop
final class ProgressWatch {
    /// Types of transactions that change how an order stands. An order's own stamp need not move with its documents'.
    nonisolated static let watchedTypes = [
        "SalesOrd", "ItemShip", "CustInvc", "CashSale", "CustPymt", "CustCred", "DepAppl",
    ]
    private static let dueName = "status-feedback.due"

    private let client: NetSuiteClient
    private let ledger: Ledger
    private let patience: DatabasePatience
    private let publication: ChangePublication<OrderProgress>
    private let account: WatchedAccount
    private let reading: ProgressReading
    private let finding: OrdersOfChanges
    private let measures: WatchMeasures
    private let health: Health
    private let interval: Duration
    private let logger: Logger
    private var term: Term?
    private var hasToldOfTrackingNumbers = false

    /// What is known while one process leads.
    private final class Term {
        let leadership: Leadership
        var scans: [(name: String, scan: ChangeScan)] = []
        var due: DueOrders

        init(leadership: Leadership, due: DueOrders) {
            self.leadership = leadership
            self.due = due
        }
    }

    /// - Parameters:
    ///   - accountCurrency: ISO 4217 code of orders where NetSuite shows no table of currencies.
    ///   - interval: between two polls.
    init(
        account: WatchedAccount, accountCurrency: String?, interval: Duration, ledger: Ledger,
        patience: DatabasePatience, publication: ChangePublication<OrderProgress>, measures: WatchMeasures,
        health: Health, logger: Logger
    ) {
        self.account = account
        client = account.client
        self.ledger = ledger
        self.patience = patience
        self.publication = publication
        self.measures = measures
        self.health = health
        self.interval = interval
        self.logger = logger
        reading = ProgressReading(client: client, accountCurrency: accountCurrency)
        finding = OrdersOfChanges(client: client, ledger: ledger, patience: patience)
    }

    /// Polls once.
    ///
    /// - Throws: ``LeadershipLost``, a trouble of one of the systems, or `CancellationError`.
    func poll(under leadership: Leadership) async throws {
        do {
            try await pollOnce(under: leadership)
        } catch {
            // Pages may have been noted as dealt with: what the ledger keeps is what holds.
            term = nil
            throw error
        }
    }

    private func pollOnce(under leadership: Leadership) async throws {
        let callsBefore = client.operationCount
        let term = try await begin(leadership)
        try await publication.finishOpen(under: leadership)
        let moment = try await account.moment()
        guard try await beginScans(term, moment) else {
            return measures.notePoll(calls: client.operationCount - callsBefore)
        }
        reading.beginPoll()
        let (late, givenUp) = term.due.beginPoll()
        noteGivenUp(givenUp)
        for (id, reason) in late {
            logger.warning(
                "an order cannot be read from NetSuite; it is tried again at later polls", LogField(.netSuiteId, id),
                .reason(reason.word))
        }
        var due = term.due.toRead + term.due.toAskLedger
        repeat {
            try await round(term, due: due, moment)
            due = []
        } while term.scans.contains { !$0.scan.isComplete }
        measures.note(term.due)
        measures.notePoll(calls: client.operationCount - callsBefore)
        if let oldest = term.scans.map(\.scan.mark).min() { measures.note(mark: oldest.instant, now: moment.now) }
    }

    // MARK: Begin

    private func begin(_ leadership: Leadership) async throws -> Term {
        if let term, term.leadership == leadership { return term }
        let ledger = ledger
        let text = try await patience.untilAnswered { try await ledger.cursor(Self.dueName) }
        let term = Term(leadership: leadership, due: DueOrders(text: text ?? "", interval: interval))
        self.term = term
        return term
    }

    /// Begins at the cursors; where there is none, at the first order that Crossdock wrote.
    ///
    /// - Returns: false while there is nothing to watch.
    private func beginScans(_ term: Term, _ moment: WatchMoment) async throws -> Bool {
        if term.scans.isEmpty {
            let ledger = ledger
            let first = try await patience.untilAnswered { try await ledger.firstWrittenAt() }
            for table in [ChangeTable.transactions(ofTypes: Self.watchedTypes), .deletedRecords] {
                let name = "status-feedback.\(table.name)"
                let text = try await patience.untilAnswered { try await ledger.cursor(name) }
                let mark =
                    text.flatMap(WatchMark.init(text:))
                    // The clocks of PostgreSQL and NetSuite may differ; the overlap is for that too.
                    ?? first.map { WatchMark(min(UTCInstant(date: $0), moment.now)) }
                guard let mark else {
                    term.scans = []
                    return false
                }
                term.scans.append((name, ChangeScan(of: table, from: mark)))
            }
        }
        for (_, scan) in term.scans { scan.begin(moment) }
        return true
    }

    // MARK: Round

    /// Pages of one round: an order and its documents often stand on different ones, and is read once.
    private static let mostPages = 5

    /// A few pages of each table that has more, and everything that follows from them.
    private func round(_ term: Term, due: [Int64], _ moment: WatchMoment) async throws {
        var marks: [String: WatchMark] = [:]
        var records = ChangedRecords()
        for (name, scan) in term.scans {
            var pages = 0
            while !scan.isComplete, pages < Self.mostPages {
                guard let fresh = try await nextPage(of: scan) else { break }
                take(fresh, of: scan, into: &records)
                if let mark = scan.finish(fresh) { marks[name] = mark }
                pages += 1
            }
        }
        let before = term.due
        try await publish(records, due: due, term, moment)
        if term.due != before || !due.isEmpty { try await keepDue(term) }
        for (name, mark) in marks.sorted(by: { $0.key < $1.key }) {
            try await patience.moveCursor(name, to: mark.text, in: ledger, under: term.leadership)
        }
    }

    private func take(_ fresh: [NetSuiteChange], of scan: ChangeScan, into records: inout ChangedRecords) {
        if scan.unreadableRows > 0 {
            logger.warning(
                "changes without an id that can be read", .count(scan.unreadableRows),
                LogField(.component, scan.table.name))
        }
        for change in fresh {
            let type = change.row.text("type") ?? ""
            if scan.table == .deletedRecords {
                records.deleted[change.id] = type
                measures.count(documentsOf: WatchMeasures.deleted)
            } else {
                records.changed[change.id] = type
                measures.count(documentsOf: type)
            }
        }
    }

    /// - Returns: nil where the role does not see what was deleted: the watch goes on without, and health says so. It is
    ///   asked for at each poll, so that a permission that is given makes up for all that was missed.
    private func nextPage(of scan: ChangeScan) async throws -> [NetSuiteChange]? {
        do throws(NetSuiteFailure) {
            let fresh = try await scan.nextPage(from: client)
            if scan.table == .deletedRecords { health.warn(Self.deletions, nil) }
            return fresh
        } catch {
            guard case .refused(let refusal) = error else { throw error }
            guard scan.table == .deletedRecords else {
                throw Trouble(
                    .netSuite,
                    "NetSuite refuses to show \(scan.table.name) (\(refusal)): see `crossdock check` for the role")
            }
        }
        let reason =
            "the role does not see NetSuite's table deletedRecord (permission Deleted Records): orders that are deleted "
            + "in NetSuite stay in Salesforce as they were shown last"
        if !health.warnings.contains(where: { $0.component == Self.deletions }) {
            logger.warning("deletions in NetSuite are not seen", .reason(reason))
        }
        health.warn(Self.deletions, reason)
        scan.giveUp()
        return nil
    }

    private static let deletions = "deleted orders"
    private static let currencies = "currencies"

    private func noteGivenUp(_ number: Int) {
        guard number > 0 else { return }
        measures.count(.givenUp, number)
        logger.warning(
            "orders with external ids of ours, which the ledger does not know, are not waited for any more",
            .count(number))
    }

    private func keepDue(_ term: Term) async throws {
        noteGivenUp(term.due.boundUnknown())
        guard !term.due.areTooMany else {
            throw Trouble(
                .netSuite,
                "\(term.due.entries.count - term.due.count(.notInLedger)) orders cannot be read from NetSuite; see the log for what is wrong"
            )
        }
        let (ledger, text, leadership) = (ledger, term.due.text, term.leadership)
        try await patience.untilAnswered {
            try await ledger.moveCursor(Self.dueName, to: text, under: leadership)
        }
    }

    // MARK: Publish

    private func publish(_ records: ChangedRecords, due: [Int64], _ term: Term, _ moment: WatchMoment) async throws {
        guard !due.isEmpty || !records.changed.isEmpty || !records.deleted.isEmpty else { return }
        let found = try await finding.orders(of: records, due: due)
        measures.count(.foreign, found.foreign.count)
        for id in found.notInLedger { term.due.note(id, .notInLedger) }
        var listed: Set<Int64> = []
        for (id, type) in records.deleted where ChangedRecords.isSalesOrder(deletedType: type) { listed.insert(id) }
        let size = NetSuiteClient.largestOrderReading
        for start in stride(from: 0, to: found.ours.count, by: size) {
            let chunk = Array(found.ours[start..<min(start + size, found.ours.count)])
            let readings = try await reading.read(chunk, deletedOrders: listed, asOf: moment.now)
            crashPoint("progress-read")
            try await remember(readings)
            try await publish(readings, term)
            note(readings, term)
        }
    }

    private func remember(_ readings: [Int64: OrderReading]) async throws {
        var pairs: [(documentId: Int64, orderNetSuiteId: Int64)] = []
        for (order, reading) in readings {
            guard case .progress(_, let documents) = reading else { continue }
            pairs += documents.map { ($0, order) }
        }
        guard !pairs.isEmpty else { return }
        let (ledger, known) = (ledger, pairs)
        try await patience.untilAnswered { try await ledger.rememberDocuments(known) }
        crashPoint("documents-remembered")
    }

    private func publish(_ readings: [Int64: OrderReading], _ term: Term) async throws {
        var states: [OrderProgress] = []
        var deleted = 0
        for (_, reading) in readings.sorted(by: { $0.key < $1.key }) {
            switch reading {
            case .progress(let progress, _): states.append(progress)
            case .deleted(let progress):
                states.append(progress)
                deleted += 1
            case .notShown, .unreadable: continue
            }
        }
        let published = try await publication.publish(states, under: term.leadership)
        measures.count(.published, published)
        measures.count(.unchanged, states.count - published)
        measures.count(.deleted, deleted)
        if published > 0 { logger.info("progress of orders published", .count(published)) }
    }

    /// What is due again, and what is not any more.
    private func note(_ readings: [Int64: OrderReading], _ term: Term) {
        for (id, reading) in readings {
            switch reading {
            case .progress, .deleted: term.due.settle(id)
            case .notShown(let isLookedUp):
                measures.count(.notShown, 1)
                term.due.note(id, .notShown, isOwed: !isLookedUp)
            case .unreadable(let reason):
                measures.count(.unreadable, 1)
                if term.due.entries[id]?.reason != .unreadable {
                    logger.warning("an order cannot be read from NetSuite", LogField(.netSuiteId, id), .reason(reason))
                }
                term.due.note(id, .unreadable)
            }
        }
        let withoutCurrency =
            "NetSuite shows no currencies, so amounts are not shown: set NETSUITE_CURRENCY where the account has one only, "
            + "else give the role the permission Currency"
        health.warn(Self.currencies, reading.lacksCurrency ? withoutCurrency : nil)
        if reading.lacksTrackingNumbers, !hasToldOfTrackingNumbers {
            hasToldOfTrackingNumbers = true
            logger.warning(
                "NetSuite shows no tracking numbers: the role lacks Item Fulfillment, or shipping features are off")
        }
    }
}
