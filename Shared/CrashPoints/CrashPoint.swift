/// A boundary of a service's work, at which a debug build can be made to end as by `kill -9`.
///
/// `CROSSDOCK_CRASH_POINT=name` ends the process when it passes there, `name:3` when it passes for the third time. In a
/// release build nothing is left of the call, not even the name.
@inlinable
@inline(__always)
public func crashPoint(_ name: @autoclosure () -> StaticString) {
    #if DEBUG
        CrashPoint.pass(name())
    #endif
}

/// As ``crashPoint(_:)``, for one order: `CROSSDOCK_CRASH_POINT=name@orderid` ends the process whenever it passes with it.
@inlinable
@inline(__always)
public func crashPoint(_ name: @autoclosure () -> StaticString, of orderId: @autoclosure () -> String) {
    #if DEBUG
        CrashPoint.pass(name(), of: orderId())
    #endif
}

/// Why the environment asks for a crash that cannot be; nil where it asks for none, and in a release build.
@inlinable
@inline(__always)
public func crashPointProblem() -> String? {
    #if DEBUG
        CrashPoint.problem
    #else
        nil
    #endif
}
