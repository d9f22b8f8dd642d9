public import HTTPServer
public import JSONText

/// Every way in which a sandbox can be told to fail, by its name in the control API.
public enum FaultKind: String, Sendable, CaseIterable {
    case latency, hang, cut, late
    case throttled, unauthorized
    case serverError = "server-error"
    case unavailable, html, truncated, empty, huge
    case wrongType = "wrong-type"
    case drip, redirect
    case recordLocked = "record-locked"
    case workflowLock = "workflow-lock"
    case recordChanged = "record-changed"
    case staleQuery = "stale-query"
    case droppedField = "dropped-field"
    case alteredRows = "altered-rows"
    case answer

    /// Kinds that let the request go its way, only otherwise; all that match strike, and others may strike beside them.
    var isShaping: Bool { [.latency, .staleQuery, .droppedField, .alteredRows].contains(self) }
    /// Kinds that are about the effect and therefore have no `after`.
    var isOfTheEffect: Bool { [.late, .staleQuery, .droppedField, .alteredRows].contains(self) }
}

/// What a fault does.
public enum FaultBehaviour: Sendable {
    case latency(Duration)
    /// No answer; the connection stays.
    case hang
    /// The connection is closed.
    case cut
    /// The effect so much later, the answer never.
    case late(Duration)
    case throttled(withBody: Bool)
    /// The token itself stays good, unless every session ends with it.
    case unauthorized(expires: Bool)
    /// What the system itself answers: server-error, record-locked, workflow-lock, record-changed.
    case refusal(FaultKind)
    /// 503 with a page for people.
    case unavailable
    /// 200 with a page for people.
    case html
    case truncated
    /// The right status and nothing else.
    case empty
    case huge(totalBytes: Int)
    /// JSON of another shape, under this content type.
    case wrongType(contentType: String)
    /// The whole answer, head and body, one byte each `pause`.
    case drip(pause: Duration)
    case redirect(status: Int, location: String)
    /// Queries do not show records that are younger.
    case staleQuery(Duration)
    /// The member at this path is taken out of a write.
    case droppedField([String])
    /// The rows of a query's answer are not as they should be.
    case alteredRows(AlteredRows)
    case answer(HTTPResponse)
}

/// Whether a request is struck before its effect, which then never happens, or after it, when only the answer is lost.
public enum FaultMoment: String, Sendable, CaseIterable {
    case before, after
}

/// A fault that was asked for: what it strikes, when, how often.
public struct Fault: Sendable {
    /// Its name.
    public let kind: FaultKind
    /// What it does.
    public let behaviour: FaultBehaviour
    /// The method that it strikes; empty for all.
    public var method = ""
    /// A part of path and query; empty for all.
    public var path = ""
    /// A part of the body; empty for all.
    public var body = ""
    /// Before the effect or after it.
    public var moment = FaultMoment.before
    /// How many requests it strikes; nil until it is removed.
    public var times: Int? = 1
    /// So many matching requests pass first.
    public var skip = 0
    /// Whether chance decides about each matching request.
    public var chance: FaultChance?
    /// The members of its kind as they were given.
    public var members = JSONObject()

    /// Makes a fault that strikes the next request, whichever it is.
    public init(_ kind: FaultKind, _ behaviour: FaultBehaviour) {
        self.kind = kind
        self.behaviour = behaviour
    }

    /// Whether the fault is about this request at all.
    func matches(_ request: HTTPRequest) -> Bool {
        let target = request.rawQuery.isEmpty ? request.path : "\(request.path)?\(request.rawQuery)"
        return (method.isEmpty || method == request.method) && (path.isEmpty || target.contains(path))
            && (body.isEmpty || Self.contains(request.body, Array(body.utf8)))
    }

    private static func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        guard let first = part.first, bytes.count >= part.count else { return false }
        return (0...bytes.count - part.count).contains {
            bytes[$0] == first && bytes[$0..<$0 + part.count].elementsEqual(part)
        }
    }
}

/// A chance that falls the same way each time for the same seed.
public struct FaultChance: Sendable, Equatable {
    /// 0 to 1.
    public let probability: Double
    /// What makes the falls repeatable.
    public let seed: UInt64

    /// Makes a chance.
    public init(probability: Double, seed: UInt64) {
        self.probability = probability
        self.seed = seed
    }

    /// Whether the fault strikes the matching request with this number.
    public func strikes(number: Int) -> Bool {
        // SplitMix64 (Steele, Lea, Flood 2014): the number-th value of the sequence that the seed begins.
        var bits = seed &+ UInt64(truncatingIfNeeded: number) &* 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        bits ^= bits >> 31
        return Double(bits >> 11) / Double(1 << 53) < probability
    }
}
