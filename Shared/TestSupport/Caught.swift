import EventLoop

/// Nothing was thrown where an error was expected.
public struct NothingThrown: Error, CustomStringConvertible {
    /// Which error was expected.
    public let description: String
}

/// The error that `body` throws; Swift Testing gives it only from Swift 6.1 on.
///
/// - Throws: ``NothingThrown`` where `body` ends well; any other error than the expected one as it is.
public func caught<Failure: Error, Result>(
    _ type: Failure.Type, by body: () throws -> Result
) throws -> Failure {
    do {
        _ = try body()
    } catch let error as Failure {
        return error
    }
    throw NothingThrown(description: "no \(type) was thrown")
}

/// The error that `body` throws on the loop; Swift Testing gives it only from Swift 6.1 on.
///
/// - Throws: ``NothingThrown`` where `body` ends well; any other error than the expected one as it is.
@Loop
public func caught<Failure: Error, Result>(
    _ type: Failure.Type, by body: @Loop () async throws -> Result
) async throws -> Failure {
    do {
        _ = try await body()
    } catch let error as Failure {
        return error
    }
    throw NothingThrown(description: "no \(type) was thrown")
}
