import ServiceRuntime

/// `netsuite-writer`: makes NetSuite's sales order equal to the order in the message.
@main
struct NetSuiteWriterCommand {
    static func main() {
        ServiceHost.main(
            ServiceDescription(
                name: "netsuite-writer", summary: "Makes NetSuite's sales orders equal to the orders in the messages",
                settings: NetSuiteWriterConfiguration.settings
            ) { host in
                try NetSuiteWriterService.build(try NetSuiteWriterConfiguration(host.settings), on: host)
            })
    }
}
