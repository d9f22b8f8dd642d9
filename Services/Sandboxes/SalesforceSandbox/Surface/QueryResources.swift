import HTTPServer
import JSONText

/// Queries, and their further pages.
extension SalesforceSandbox {
    func query(_ call: APICall, includesDeleted: Bool) throws(RecordError) -> APIAnswer {
        try call.require("GET")
        let size = pageSize(call)
        if call.segments.count == 2 {
            let page = locators.page(
                call.segments[1], size: size, at: now, idleLimit: settings.locatorIdleSeconds)
            guard let page else {
                throw RecordError(code: "INVALID_QUERY_LOCATOR", message: "invalid query locator")
            }
            return .json(Self.page(page.rows, total: page.total, next: page.next, call.basePath))
        }
        guard call.segments.count == 1 else { throw .notFound }
        guard let text = call.request.query("q"), !text.isEmpty else {
            throw RecordError(code: "MALFORMED_QUERY", message: "A query string has to be specified")
        }
        do throws(SOQLError) {
            let plan = try QueryCompiler(schema: access, text: text).compile(try SOQLParser.parse(text))
            var answer = run(plan, call, size: size, includesDeleted: includesDeleted)
            answer.soql = text
            return answer
        } catch {
            var answer = APIAnswer.refusal(error.recordError)
            answer.soql = text
            return answer
        }
    }

    private func run(_ plan: QueryPlan, _ call: APICall, size: Int, includesDeleted: Bool) -> APIAnswer {
        let execution = QueryExecution(
            store: organization.store, schema: organization.schema, basePath: call.basePath,
            includesDeleted: includesDeleted)
        let records = execution.records(plan)
        if plan.isCount {
            return .json(["totalSize": .number(JSONNumber(records.count)), "done": true, "records": []])
        }
        let rendering = RecordRendering(execution: execution, nestedPageSize: settings.nestedPageSize) {
            [self] rest, total, shown in
            let locator = locators.keep(rest.map { ($0, 1) }, total: total, first: shown, at: now)
            return "\(call.basePath)/query/\(locator)"
        }
        let rows = records.map { record in
            let row = rendering.row(record, plan.selection)
            return (json: row.json, weight: row.rows)
        }
        let shown = QueryLocators.fitting(rows, size)
        let rest = Array(rows.dropFirst(shown))
        let next = rest.isEmpty ? nil : locators.keep(rest, total: rows.count, first: shown, at: now)
        return .json(Self.page(rows.prefix(shown).map(\.json), total: rows.count, next: next, call.basePath))
    }

    /// What the client asked for, between 200 and the most that the server gives.
    private func pageSize(_ call: APICall) -> Int {
        let options = (call.request.headers["Sforce-Query-Options"] ?? "").split(separator: ",")
        for option in options {
            let parts = option.split(separator: "=").map { $0.filter { $0 != " " } }
            guard parts.count == 2, parts[0].lowercased() == "batchsize", let wanted = Int(parts[1]) else { continue }
            return min(settings.pageSize, max(200, wanted))
        }
        return settings.pageSize
    }

    private static func page(_ rows: [JSONValue], total: Int, next: String?, _ basePath: String) -> JSONValue {
        var object: JSONObject = ["totalSize": .number(JSONNumber(total)), "done": .bool(next == nil)]
        if let next { object["nextRecordsUrl"] = .string("\(basePath)/query/\(next)") }
        object["records"] = .array(rows)
        return .object(object)
    }
}
