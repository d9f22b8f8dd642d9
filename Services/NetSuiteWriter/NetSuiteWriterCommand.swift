@main
struct NetSuiteWriterCommand {
    static func main() {}
}
