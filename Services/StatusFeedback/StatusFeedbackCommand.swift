import ServiceRuntime

/// `status-feedback`: shows in Salesforce how each order stands in NetSuite; the only writer to Salesforce.
@main
struct StatusFeedbackCommand {
    static func main() {
        ServiceHost.main(
            ServiceDescription(
                name: "status-feedback", summary: "Shows in Salesforce how each order stands in NetSuite",
                settings: StatusFeedbackConfiguration.settings
            ) { host in
                try StatusFeedbackService.build(try StatusFeedbackConfiguration(host.settings), on: host)
            })
    }
}
