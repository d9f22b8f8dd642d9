import ServiceRuntime

/// Publishes what NetSuite has in stock.
@main
struct InventoryPollerCommand {
    static func main() {
        ServiceHost.main(InventoryPollerService.description)
    }
}
