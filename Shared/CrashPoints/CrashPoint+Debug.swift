#if DEBUG
    import Glibc
    import Synchronization

    /// What a debug build knows of crash points.
    public enum CrashPoint {
        /// Every name; each stands at one place in the sources.
        public static let names = [
            // netsuite-writer
            "message-taken", "decoded", "t0-sent", "t0-committed", "customer-sent", "customer-answered",
            "order-first-byte", "order-last-byte", "order-answered", "t1-sent", "t1-committed", "read-back-sent",
            "read-back-answered", "t2-committed", "settlement-produced", "settlement-acknowledged", "revoke-answered",
            // order-publisher
            "changes-read", "snapshot-read", "publication-committed", "before-produce", "produced", "report-seen",
            "marked-acknowledged", "cursor-moved",
            // status-feedback
            "settlement-taken", "row-stored", "rows-claimed", "batch-sent", "batch-answered", "results-stored",
            // the watches of NetSuite
            "state-stored", "state-produced", "state-acknowledged",
            // status-feedback's watch
            "progress-read", "documents-remembered",
            // every consuming service
            "offset-stored",
        ]
        /// Names that are asked for with an order's id; at the second the process does not end but stands still.
        public static let namesOfOrders = ["poison", stuck]
        private static let stuck = "stuck"

        /// What the environment asks for.
        struct Armed: Equatable {
            let name: String
            /// At which passing, from 1.
            var hit = 1
            /// With this order only, and whenever it passes.
            var orderId: String?

            /// Nil for a text that asks for nothing there is.
            init?(_ text: String) {
                if let at = text.firstIndex(of: "@") {
                    name = String(text[..<at])
                    orderId = String(text[text.index(after: at)...])
                    guard CrashPoint.namesOfOrders.contains(name), orderId?.isEmpty == false else { return nil }
                } else {
                    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                    name = String(parts[0])
                    if parts.count > 1 {
                        guard let number = Int(parts[1]), number > 0 else { return nil }
                        hit = number
                    }
                    guard CrashPoint.names.contains(name) else { return nil }
                }
            }
        }

        private static let variable = "CROSSDOCK_CRASH_POINT"
        private static let asked = getenv(variable).map { String(cString: $0) }
        private static let armed = asked.flatMap(Armed.init)
        private static let passings = Atomic<Int>(0)

        /// Whether the process is to end at this place at some time.
        public static func isArmed(_ name: StaticString) -> Bool {
            armed?.name == "\(name)"
        }

        /// Passes a boundary, or ends there.
        public static func pass(_ name: StaticString) {
            guard let armed, armed.orderId == nil, armed.name == "\(name)" else { return }
            if passings.add(1, ordering: .relaxed).newValue == armed.hit { end(at: armed.name) }
        }

        /// Passes a boundary with an order, or ends there.
        public static func pass(_ name: StaticString, of orderId: String) {
            guard let armed, armed.orderId == orderId, armed.name == "\(name)" else { return }
            if armed.name == stuck { stand() }
            end(at: armed.name)
        }

        /// Why the environment's request cannot be.
        public static var problem: String? {
            guard asked != nil, armed == nil else { return nil }
            let all = (names + namesOfOrders.map { "\($0)@orderid" }).joined(separator: ", ")
            return "\(variable) names no crash point: use one of \(all), with :hit behind it where it is not the first"
        }

        private static func end(at name: String) -> Never {
            let line = "crash point \(name)\n"
            _ = line.utf8CString.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count - 1) }
            kill(getpid(), SIGKILL)
            stand()
        }

        private static func stand() -> Never {
            while true { pause() }
        }
    }
#endif
