import Contracts

/// How far the count of all items is: the day it is for, and the last item of it that was published.
struct FullCountCursor: Sendable, Equatable {
    /// The account's day that the count is for.
    var day: CalendarDate
    /// Where it stands; nil when all items of the day are counted.
    var progress: Progress?

    struct Progress: Sendable, Equatable {
        /// NetSuite's time when the count began: what was published before is not counted yet.
        var startedAt: UTCInstant
        /// Internal id of the last item that was published; 0 at the beginning.
        var lastItem: Int64
    }

    init(day: CalendarDate, progress: Progress?) {
        self.day = day
        self.progress = progress
    }

    /// Reads a cursor's text; nil where it is none.
    init?(text: String) {
        let words = text.split(separator: " ").map(String.init)
        guard let first = words.first, let day = try? CalendarDate(first) else { return nil }
        if words.count == 2, words[1] == "done" {
            self.init(day: day, progress: nil)
            return
        }
        guard words.count == 5, words[1] == "since", words[3] == "after", let startedAt = try? UTCInstant(words[2]),
            let lastItem = Int64(words[4])
        else { return nil }
        self.init(day: day, progress: Progress(startedAt: startedAt, lastItem: lastItem))
    }

    /// `2026-05-28 done`, or `2026-05-28 since 2026-05-28T10:00:00.000Z after 4711`.
    var text: String {
        guard let progress else { return "\(day.text) done" }
        return "\(day.text) since \(progress.startedAt.text) after \(progress.lastItem)"
    }
}

/// When all items are counted: once for each day of the account's, at an hour of its clock.
struct FullCountPlan: Sendable {
    /// The hour, 0 to 23.
    let hour: Int

    /// The day whose count is the newest that is due: today's from the hour on, else yesterday's.
    ///
    /// Clocks that skip the hour are past it right afterwards; where they show it twice the day is the same both times.
    func dueDay(at local: LocalTime) -> CalendarDate? {
        guard local.hour < hour else { return local.date }
        return LocalTime(secondsSinceEpoch: local.secondsSinceEpoch - Int64(local.hour + 1) * 3600).date
    }

    /// The count to go on with; nil when there is nothing to do.
    ///
    /// One that was interrupted goes on where it stood, unless a newer day's is due; the very first start counts at once.
    func next(_ cursor: FullCountCursor?, now: UTCInstant, rules: TimeZoneRules) -> FullCountCursor? {
        guard let due = dueDay(at: rules.local(now)) else { return nil }
        // Clocks that went back over midnight, or were set back, make no second count of a day.
        if let cursor, cursor.day >= due { return cursor.progress == nil ? nil : cursor }
        return FullCountCursor(day: due, progress: FullCountCursor.Progress(startedAt: now, lastItem: 0))
    }
}
