import EventLoop
import HTTPServer
import JSONText
import Telemetry

/// `/health/live`, `/health/ready` and `/metrics`.
@Loop
struct HealthEndpoints {
    let health: Health
    let metrics: MetricsRegistry

    func answer(_ request: HTTPRequest) -> HTTPResponse {
        guard request.method == "GET" || request.method == "HEAD" else {
            return .text("only GET is answered here\n", status: 405)
        }
        switch request.path {
        case "/health/live":
            return .text("alive\n")
        case "/health/ready":
            return readiness()
        case "/metrics":
            return HTTPResponse(
                status: 200, headers: [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")],
                body: Array(metrics.prometheusText().utf8))
        default:
            return .text("there are /health/live, /health/ready and /metrics\n", status: 404)
        }
    }

    private func readiness() -> HTTPResponse {
        let reasons = health.notReady.map(Self.row)
        let body = JSONValue.object([
            "ready": .bool(reasons.isEmpty), "reasons": .array(reasons),
            "warnings": .array(health.warnings.map(Self.row)),
        ])
        return .json(body.bytes(), status: reasons.isEmpty ? 200 : 503)
    }

    private static func row(_ row: (component: String, reason: String)) -> JSONValue {
        ["component": .string(row.component), "reason": .string(row.reason)]
    }
}
