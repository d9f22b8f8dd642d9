import ServiceRuntime

/// Publishes orders from Salesforce.
@main
struct OrderPublisherCommand {
    static func main() {
        ServiceHost.main(OrderPublisherService.description)
    }
}
