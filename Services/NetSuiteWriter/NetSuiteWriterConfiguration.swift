import ServiceRuntime

/// What the writer is set to, beside what every service has.
struct NetSuiteWriterConfiguration: Sendable {
    let mappingFile: String
    let requestDeadline: Duration
    let itemAge: Duration
    let unknownChangeWait: Duration
    let heldFirstWait: Duration
    let longestHold: Duration

    static let mappingFile = Setting<String>.file(
        "MAPPING_FILE", "the mapping from Salesforce's order to NetSuite's (YAML)", isRequired: true)
    private static let itemAge = Setting.seconds(
        "ITEM_CACHE_SECONDS", "how long an item found by its SKU is remembered", in: 1...86_400, default: 900)
    private static let unknownChangeWait = Setting.seconds(
        "UNKNOWN_CHANGE_WAIT_SECONDS", "how long NetSuite may still work on a change whose answer was lost",
        in: 0...900, default: 90)
    private static let heldFirstWait = Setting.seconds(
        "HELD_RETRY_SECONDS", "wait before a held order's next try; it grows to thirty times as long",
        in: 1...3600, default: 30)
    private static let longestHold = Setting.integer(
        "HELD_ORDER_HOURS", "how long an order is held before it becomes a dead letter", in: 1...8760, default: 24)

    /// The rows of the configuration table.
    static let settings: [SettingDescription] =
        CommonSettings.kafkaConsumer + CommonSettings.postgres + NetSuiteSettings.all + [
            mappingFile.description, itemAge.description, unknownChangeWait.description,
            heldFirstWait.description, longestHold.description,
        ]

    init(_ settings: Settings) throws(ConfigurationError) {
        mappingFile = try settings.value(of: Self.mappingFile)
        requestDeadline = try settings.value(of: NetSuiteSettings.requestDeadline)
        itemAge = try settings.value(of: Self.itemAge)
        unknownChangeWait = try settings.value(of: Self.unknownChangeWait)
        heldFirstWait = try settings.value(of: Self.heldFirstWait)
        longestHold = .seconds(3600 * (try settings.value(of: Self.longestHold)))
    }
}

extension NetSuiteWriterConfiguration {
    /// How long an order is the writer's that claimed it: longer than a request under it may take, and no longer than
    /// its next owner should wait when the writer has died.
    var lease: Duration { requestDeadline + OrderWork.margin + .seconds(5) }
}
