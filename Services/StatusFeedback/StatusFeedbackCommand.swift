@main
struct StatusFeedbackCommand {
    static func main() {}
}
