import HTTPServer
import JSONText

/// Pages for people, where a program expects JSON.
enum FaultPages {
    static let maintenance = page(
        status: 503, "Scheduled maintenance", "The service is not available now. Please come back later.")
    static let login = page(status: 200, "Log in", "Your session has ended. Please log in again.")

    private static func page(status: Int, _ title: String, _ text: String) -> HTTPResponse {
        let html =
            "<!DOCTYPE html>\n<html><head><title>\(title)</title></head><body><h1>\(title)</h1><p>\(text)</p>"
            + "</body></html>\n"
        return HTTPResponse(
            status: status, headers: [("Content-Type", "text/html; charset=utf-8")], body: Array(html.utf8))
    }
}

extension HTTPResponse {
    /// The answer cut in the middle: of its body, else of its last header field, else of its status line.
    var truncated: HTTPResponse {
        let whole = wireBytes
        let end = Array("Connection: close\r\n\r\n".utf8).count + body.count
        let kept: Int
        if !body.isEmpty {
            kept = whole.count - (body.count + 1) / 2
        } else if let last = headers.last {
            kept = whole.count - end - 2 - last.1.utf8.count / 2
        } else {
            kept = 10
        }
        return HTTPResponse(status: status, delivery: .wire(Array(whole.prefix(kept)), pause: .zero))
    }

    /// JSON that has a long text at its begin and never comes to its end.
    func huge(_ totalBytes: Int) -> HTTPResponse {
        HTTPResponse(
            status: status == 204 ? 200 : status, headers: [("Content-Type", "application/json")],
            body: Array(#"{"items":[],"padding":""#.utf8),
            delivery: .filled(totalBytes: totalBytes, filler: UInt8(ascii: "x")))
    }

    /// The right status with JSON of another shape.
    func ofAnotherShape(_ contentType: String) -> HTTPResponse {
        HTTPResponse(
            status: status == 204 ? 200 : status, headers: [("Content-Type", contentType)],
            body: Array(#"[["another","shape"],7]"#.utf8))
    }
}

/// A member that is lost from a write.
enum DroppedField {
    /// The request without the member at this path, where lists stand for each of their entries; nil where it is not
    /// there.
    static func drop(_ path: [String], from request: HTTPRequest) -> HTTPRequest? {
        guard ["POST", "PATCH", "PUT"].contains(request.method), !request.body.isEmpty,
            let whole = try? JSONValue.parse(request.body, limits: .answer)
        else { return nil }
        let rest = drop(path[...], from: whole)
        guard rest != whole else { return nil }
        let target = request.rawQuery.isEmpty ? request.path : "\(request.path)?\(request.rawQuery)"
        return HTTPRequest(method: request.method, target: target, headers: request.headers, body: rest.bytes())
    }

    static func drop(_ path: ArraySlice<String>, from value: JSONValue) -> JSONValue {
        guard let name = path.first else { return value }
        switch value {
        case .array(let entries): return .array(entries.map { drop(path, from: $0) })
        case .object(var object):
            guard let member = object[name] else { return value }
            // Not by `nil` in a conditional expression: there it would be JSON's null.
            let rest: JSONValue? = path.count > 1 ? drop(path.dropFirst(), from: member) : Optional.none
            object[name] = rest
            return .object(object)
        default: return value
        }
    }
}
