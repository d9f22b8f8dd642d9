import Contracts
import Testing

@testable import InventoryPoller

/// The text in which a full count's cursor stands in the ledger.
@Suite("Cursor of a full count")
struct FullCountCursorTests {
    @Test(
        "what is written is read back",
        arguments: ["2026-05-28 done", "2026-05-28 since 2026-05-28T10:00:00.000Z after 4711"])
    func readBack(text: String) {
        #expect(FullCountCursor(text: text)?.text == text)
    }

    @Test(
        "what is no cursor is none",
        arguments: [
            "", "done", "2026-02-30 done", "2026-05-28", "2026-05-28 since yesterday after 1", "2026-05-28 done now",
        ])
    func refused(text: String) {
        #expect(FullCountCursor(text: text) == nil)
    }
}
