@main
struct CrossdockCommand {
    static func main() {}
}
