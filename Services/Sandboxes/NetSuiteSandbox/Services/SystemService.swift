import HTTPServer
import JSONText

/// `/services/rest/system/v1/…`.
struct SystemService {
    let call: CallContext
    let concurrencyLimit: Int

    func answer() throws(Refusal) -> HTTPResponse {
        guard call.request.method == "GET" else { throw .methodNotAllowed("GET") }
        switch call.request.path {
        case "/services/rest/system/v1/serverTime":
            return CallContext.json(["serverTime": .string(call.now.isoMillisecondsText)])
        case "/services/rest/system/v1/governanceLimits":
            let limit = JSONValue.number(JSONNumber(concurrencyLimit))
            return CallContext.json([
                "accountConcurrencyLimit": limit, "accountUnallocatedConcurrencyLimit": limit,
                "integrationConcurrencyLimit": limit, "integrationLimitType": "accountLimit",
            ])
        default: throw .unknownResource(call.request.path)
        }
    }
}
