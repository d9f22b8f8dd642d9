@main
struct SalesforceSandboxCommand {
    static func main() {}
}
