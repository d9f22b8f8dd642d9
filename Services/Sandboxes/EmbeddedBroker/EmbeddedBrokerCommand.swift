@main
struct EmbeddedBrokerCommand {
    static func main() {}
}
