@main
struct OrderPublisherCommand {
    static func main() {}
}
