internal import NDN
import NIOHTTP1

/// One request and its response on a connection, and whether the connection can carry another one afterwards.
struct ExchangeState {
    private enum Phase: Equatable {
        case idle
        case awaitingHead
        /// `remaining` is nil when the length of the body is not announced.
        case body(remaining: UInt64?)
        /// The response has come, and the request is not out yet.
        case sending
        case closed
    }

    /// What became of the response.
    enum Outcome: Equatable {
        case none
        /// The response is whole; `reusable`: the connection may carry another exchange now.
        case ended(reusable: Bool)
        case failed(UpstreamError.Code)
    }

    private var phase = Phase.idle
    private var method = HTTPMethod.GET
    private var requestEnded = true
    private var keepAlive = true
    /// Exchanges begun, this one included.
    private(set) var count = 0

    var isIdle: Bool { phase == .idle }
    var isClosed: Bool { phase == .closed }
    var isAwaitingHead: Bool { phase == .awaitingHead }
    /// Whether the exchange going on changes nothing at the upstream.
    var isSafe: Bool { method.isSafe }
    /// Whether response bytes are expected.
    var isReceiving: Bool {
        switch phase {
        case .awaitingHead, .body: true
        case .idle, .sending, .closed: false
        }
    }

    /// Begins an exchange; false when the connection cannot carry it.
    mutating func start(method: HTTPMethod, hasBody: Bool) -> Bool {
        guard phase == .idle else { return false }
        phase = .awaitingHead
        self.method = method
        requestEnded = !hasBody
        count += 1
        return true
    }

    /// The last byte of the request body went out. Returns whether that ends the exchange.
    mutating func requestDone() -> Bool {
        requestEnded = true
        guard phase == .sending else { return false }
        phase = keepAlive ? .idle : .closed
        return true
    }

    /// The request will not be completed. Returns whether nothing is left to wait for.
    mutating func requestAbandoned() -> Bool {
        keepAlive = false
        return requestDone()
    }

    /// Takes a response head. Returns false when none is due, or when its Content-Length is no number.
    mutating func received(_ head: HTTPResponseHead) -> Bool {
        guard phase == .awaitingHead else { return false }
        keepAlive = keepAlive && head.isKeepAlive
        let lengths = head.headers[canonicalForm: "content-length"]
        // RFC 9110 section 8.6: a list of one repeated value may be accepted, differing ones must not.
        guard let text = lengths.first else {
            phase = .body(remaining: mayHaveBody(head.status) ? nil : 0)
            return true
        }
        guard let length = UInt64(text), lengths.allSatisfy({ $0 == text }) else { return false }
        let chunked = head.headers.contains(name: "transfer-encoding")
        phase = .body(remaining: mayHaveBody(head.status) ? (chunked ? nil : length) : 0)
        return true
    }

    private func mayHaveBody(_ status: HTTPResponseStatus) -> Bool {
        method != .HEAD && status != .noContent && status != .notModified
    }

    /// Takes bytes of the body. Returns false when there are more than announced.
    mutating func received(octets: Int) -> Bool {
        guard case .body(let remaining) = phase else { return false }
        guard let remaining else { return true }
        guard UInt64(octets) <= remaining else { return false }
        phase = .body(remaining: remaining - UInt64(octets))
        return true
    }

    /// The response's end was seen.
    mutating func received() -> Outcome {
        guard case .body(let remaining) = phase else { return fail(.malformed) }
        guard remaining ?? 0 == 0 else { return fail(.closed) }
        guard requestEnded else {
            phase = .sending
            return .ended(reusable: false)
        }
        phase = keepAlive ? .idle : .closed
        return .ended(reusable: keepAlive)
    }

    /// The connection is gone, or must go.
    mutating func fail(_ code: UpstreamError.Code) -> Outcome {
        let before = phase
        phase = .closed
        switch before {
        case .awaitingHead where count > 1 && code == .closed: return .failed(.stale)
        case .awaitingHead, .body: return .failed(code)
        case .idle, .sending, .closed: return .none
        }
    }
}

extension HTTPMethod {
    /// RFC 9110 section 9.2.1; TRACE is never sent.
    var isSafe: Bool { self == .GET || self == .HEAD || self == .OPTIONS }
}
