#if DEBUG
    import CLibcurl
    import CrashPoints
    import EventLoop

    /// The boundaries of a request as the network knows them: its body's first and last byte has left, its answer is read.
    ///
    /// Which requests have such boundaries stands here, in debug builds only, so that no client has to name them.
    @Loop
    struct CrashingTransfer {
        /// An order's body, a customer's, a read-back's query, a batch for Salesforce.
        private enum Request {
            case order, customer, readBack, batch
        }

        private let request: Request
        private let byteCount: Int
        private var sentBytes = 0

        init?(_ call: HTTPCall) {
            guard let body = call.body, !body.isEmpty, ["POST", "PATCH"].contains(call.method) else { return nil }
            if call.url.contains("/salesOrder") {
                request = .order
            } else if call.url.hasSuffix("/customer") {
                request = .customer
            } else if call.url.contains("/suiteql"), String(decoding: body, as: UTF8.self).contains("tranid") {
                request = .readBack
            } else if call.url.hasSuffix("/composite/sobjects") {
                request = .batch
            } else {
                return nil
            }
            byteCount = body.count
        }

        /// The first byte goes alone where the process is to end behind it: a small body would leave as a whole.
        var firstPart: Int? {
            request == .order && CrashPoint.isArmed("order-first-byte") ? 1 : nil
        }

        mutating func bytesLeft(_ count: Int) {
            let isFirst = sentBytes == 0
            sentBytes += count
            if request == .order, isFirst { crashPoint("order-first-byte") }
            guard sentBytes == byteCount else { return }
            switch request {
            case .order: crashPoint("order-last-byte")
            case .customer: crashPoint("customer-sent")
            case .readBack: crashPoint("read-back-sent")
            case .batch: crashPoint("batch-sent")
            }
        }

        func answered() {
            switch request {
            case .order: crashPoint("order-answered")
            case .customer: crashPoint("customer-answered")
            case .readBack: crashPoint("read-back-answered")
            case .batch: crashPoint("batch-answered")
            }
        }
    }

    extension HTTPTransport {
        func watchCrashPoints(of transfer: Transfer, for call: HTTPCall) {
            transfer.crashing = CrashingTransfer(call)
            guard transfer.crashing != nil else { return }
            crossdock_curl_set_debug(transfer.handle, Unmanaged.passUnretained(transfer).toOpaque(), noteSent)
        }
    }

    private func noteSent(
        handle: UnsafeMutableRawPointer?, kind: curl_infotype, bytes: UnsafeMutablePointer<CChar>?, count: Int,
        context: UnsafeMutableRawPointer?
    ) -> Int32 {
        guard kind == CURLINFO_DATA_OUT, let context else { return 0 }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        EventLoop.shared.assumeIsolated { transfer.crashing?.bytesLeft(count) }
        return 0
    }
#endif
