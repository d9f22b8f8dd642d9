import JSONText

/// What one run is to be, as `POST /control/run` says it.
struct RunSettings: Sendable, Equatable {
    var orders = 20_000
    /// The first order's number.
    var from = 0
    var accounts = 500
    var skus = 2_000
    var seed: UInt64 = 1
    /// The part of the orders that come a second time.
    var repeatShare = 0.0
    /// Orders a second; 0 is as fast as possible.
    var rate = 0.0
    /// The most bytes of a partition that the writer may not have read; 0 is no limit.
    var aheadBytes = 0
    /// How long NetSuite takes for a request.
    var serviceMilliseconds = 0
    /// Requests at a time that NetSuite takes; 0 is no limit.
    var slots = 0
    /// The topic's partitions, where they are to be so many.
    var partitions: Int?

    /// What is wrong with a request for a run.
    struct Refusal: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    init() {}

    /// Reads the request; a member that is unknown or out of its range is refused, one that is missing has its default.
    init(_ body: [UInt8]) throws(Refusal) {
        let document: JSONValue
        do {
            document = body.isEmpty ? [:] : try JSONValue.parse(body)
        } catch {
            throw Refusal(description: "the body is no JSON: \(error)")
        }
        guard let members = document.object?.members else { throw Refusal(description: "the body is no object") }
        for member in members {
            switch member.name {
            case "orders": orders = try Self.whole(member, 1...2_000_000)
            case "from": from = try Self.whole(member, 0...900_000_000)
            case "accounts": accounts = try Self.whole(member, 1...100_000)
            case "skus": skus = try Self.whole(member, 1...100_000)
            case "seed": seed = UInt64(try Self.whole(member, 0...Int.max))
            case "repeatShare": repeatShare = try Self.fraction(member, 0...1)
            case "rate": rate = try Self.fraction(member, 0...100_000)
            case "aheadBytes": aheadBytes = try Self.whole(member, 0...(1 << 40))
            case "serviceMilliseconds": serviceMilliseconds = try Self.whole(member, 0...600_000)
            case "slots": slots = try Self.whole(member, 0...10_000)
            case "partitions": partitions = try Self.whole(member, 1...10_000)
            default: throw Refusal(description: "\(member.name) is not known here")
            }
        }
    }

    private static func whole(_ member: (name: String, value: JSONValue), _ range: ClosedRange<Int>) throws(Refusal)
        -> Int
    {
        guard let value = member.value.int64.flatMap({ Int(exactly: $0) }), range.contains(value) else {
            throw Refusal(
                description: "\(member.name) is a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private static func fraction(
        _ member: (name: String, value: JSONValue), _ range: ClosedRange<Double>
    ) throws(Refusal) -> Double {
        guard let value = member.value.number.flatMap({ Double($0.text) }), range.contains(value) else {
            throw Refusal(description: "\(member.name) is a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
