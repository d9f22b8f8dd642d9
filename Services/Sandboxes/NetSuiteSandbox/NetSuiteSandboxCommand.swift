@main
struct NetSuiteSandboxCommand {
    static func main() {}
}
