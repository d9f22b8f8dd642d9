import CommandLineGrammar
import EventLoop
import Glibc

/// Serves one small, strict Salesforce organisation over HTTP.
@main
struct SalesforceSandboxCommand {
    static func main() {
        // Nothing here outlives the process, so a signal ends it at once; as a container's first process too.
        for number in [SIGTERM, SIGINT] {
            signal(number) { _ in _exit(0) }
        }
        exit(EventLoop.shared.run { await command.main() })
    }

    static let command = Command(
        name: "salesforce-sandbox",
        summary: "Serves one small Salesforce organisation over HTTP, as strict as the real one",
        discussion: """
            Login (JWT bearer), queries, records, collections, describe and limits behave as Salesforce documents them.
            Everything is kept in memory. It runs until SIGTERM or SIGINT.

            What people do in Salesforce is done over the control API, on the same port, without login:
            \(ControlHelp.text)
            """,
        options: [
            .text("address", placeholder: "ADDRESS", help: "Where to listen", default: "127.0.0.1"),
            .integer("port", in: 0...65_535, help: "The port; 0 takes a free one", default: 8_401),
            .text(
                "public-key", placeholder: "FILE", help: "PEM key or certificate that proves logins (RS256)",
                isRequired: true),
            .text("client-id", placeholder: "ID", help: "The connected app", default: "crossdock-sandbox-client"),
            .text(
                "username", placeholder: "NAME", help: "The integration user", default: "integration@crossdock.example"
            ),
            .text("audience", placeholder: "URL", help: "A further accepted audience", isRepeatable: true),
            .flag("strict-exp", help: "Refuse assertions that expire more than 5 minutes ahead"),
            .integer("session-idle-seconds", in: 1...86_400, help: "Life of an unused session", default: 7_200),
            .integer("daily-limit", in: 0...100_000_000, help: "API calls in 24 hours", default: 15_000),
            .integer("page-size", in: 1...2_000, help: "Most rows of a query page", default: 2_000),
            .integer("nested-page-size", in: 1...2_000, help: "Most rows of a nested result", default: 2_000),
            .integer("latency-milliseconds", in: 0...600_000, help: "Hold back every answer", default: 0),
            .flag("multi-currency", help: "USD and EUR, with CurrencyIsoCode; else USD alone"),
            .flag("state-and-country-picklists", help: "With StateCode and CountryCode fields"),
            .choice(
                "order-touch", of: OrderTouch.allCases.map(\.rawValue),
                help: "When an edited product moves its order's SystemModstamp", default: OrderTouch.total.rawValue),
            .text("hide", placeholder: "NAME", help: "Object or Object.Field without access", isRepeatable: true),
            .text("read-only", placeholder: "OBJECT.FIELD", help: "A field we may only read", isRepeatable: true),
            .text(
                "custom-field", placeholder: "OBJECT.NAME__c:TYPE[:LENGTH]",
                help: "A further field: string, textarea, number, currency, date, datetime or checkbox",
                isRepeatable: true),
            .flag("no-edit-activated-orders", help: "Take that permission from the integration user"),
            .flag("expose-control", help: "Serve the control API also where the address is not a loopback one"),
        ],
        run: { arguments in await SandboxProcess.run(arguments) })
}
