import EventLoop
public import Ledger
public import NetSuite
public import ServiceRuntime

extension ServiceHost {
    /// Adds a client of NetSuite with what all processes of an account share: the log-ins are counted in the ledger.
    ///
    /// It is closed when the service stops.
    @Loop
    public func addNetSuiteClient(_ configuration: NetSuiteConfiguration, ledger: Ledger) throws -> NetSuiteClient {
        let client = NetSuiteClient(
            configuration: configuration, userAgent: "crossdock-\(instance)",
            certificateAuthorityFile: try settings.optional(NetSuiteSettings.certificateAuthority),
            loginBudget: LedgerLoginBudget(ledger: ledger, url: configuration.baseURL, holder: instance),
            time: time, metrics: metrics, logger: logger)
        client.onAnswer = { [troubles] in troubles.answered(.netSuite) }
        lifecycle.add("NetSuite client", stop: { client.close() })
        return client
    }
}
