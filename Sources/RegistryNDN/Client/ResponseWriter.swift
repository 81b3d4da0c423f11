package import NIOCore
package import NIOHTTP1

/// Writes one response, framed for the request that it answers.
package struct ResponseWriter: ~Copyable {
    typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

    private let outbound: Outbound
    private let isHead: Bool
    private let version: HTTPVersion
    private var hasBody = false
    /// The status that went out; nil while none has.
    package private(set) var status: HTTPResponseStatus?
    /// When the head went out that has the status.
    private(set) var began: NIODeadline?
    /// Whether the response is out whole.
    package private(set) var isComplete = false
    /// Whether the answer is for a web page, which nobody here allows to read it: the upstream's word for that (the fields of
    /// CORS) is left out.
    var isForPage = false
    /// Whether the connection ends with this response.
    private(set) var closes: Bool
    /// Whether the end of the connection is the end of the body.
    private var isOpenEnded = false

    init(_ outbound: Outbound, to head: HTTPRequestHead, closes: Bool) {
        self.outbound = outbound
        isHead = head.method == .HEAD
        version = head.version
        self.closes = closes
    }

    /// Says that nothing follows on this connection.
    mutating func endConnection() { closes = true }

    /// Says that the body ends with the connection, whenever that is: one that is cut is as good as one that ends.
    mutating func endWithConnection() { (closes, isOpenEnded) = (true, true) }

    /// Writes the head, and with it the first bytes of the body when there are some.
    ///
    /// A `Content-Length` among `headers` frames the body; without it the body is chunked, or ends with the connection
    /// when the client speaks HTTP/1.0.
    package mutating func start(
        _ status: HTTPResponseStatus, _ headers: HTTPHeaders, first: ByteBuffer? = nil
    ) async throws {
        let head = makeHead(status, headers)
        if hasBody, let first {
            try await outbound.write(contentsOf: [.head(head), .body(.byteBuffer(first))])
        } else {
            try await outbound.write(.head(head))
        }
    }

    /// Writes bytes of the body; they vanish when the response has none.
    package func write(_ chunk: ByteBuffer) async throws {
        guard hasBody else { return }
        try await outbound.write(.body(.byteBuffer(chunk)))
    }

    /// Ends the response, after the last bytes of its body when there are some.
    package mutating func finish(last: ByteBuffer? = nil) async throws {
        if hasBody, let last {
            try await outbound.write(contentsOf: [.body(.byteBuffer(last)), .end(nil)])
        } else {
            try await outbound.write(.end(nil))
        }
        isComplete = true
    }

    /// Writes a whole response.
    package mutating func send(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ body: ByteBuffer) async throws {
        var headers = headers
        headers.replaceOrAdd(name: "Content-Length", value: String(body.readableBytes))
        let head = makeHead(status, headers)
        if hasBody, body.readableBytes > 0 {
            try await outbound.write(contentsOf: [.head(head), .body(.byteBuffer(body)), .end(nil)])
        } else {
            try await outbound.write(contentsOf: [.head(head), .end(nil)])
        }
        isComplete = true
    }

    // MARK: answers made here

    /// Answers with an error made here, as the OCI distribution specification wants it.
    mutating func send(
        _ error: OCIError, _ status: HTTPResponseStatus, _ headers: HTTPHeaders = [:]
    ) async throws {
        var headers = headers
        headers.add(name: "Content-Type", value: OCIError.contentType)
        headers.add(name: "Docker-Distribution-API-Version", value: "registry/2.0")
        try await send(status, headers, ByteBuffer(string: error.body))
    }

    /// Answers that none of the bytes asked for exists (RFC 9110 section 15.5.17).
    ///
    /// - Parameter size: bytes of the blob.
    mutating func refuseRange(size: UInt64) async throws {
        let error = OCIError(.rangeInvalid, message: "the blob ends before the range", detail: "bytes */\(size)")
        try await send(error, .rangeNotSatisfiable, ["Content-Range": "bytes */\(size)"])
    }

    /// Answers that the same request may be served in a moment (RFC 9110 section 15.6.4).
    mutating func refuseForNow(_ why: String) async throws {
        let error = OCIError(.unavailable, message: "\(why): ask again in a moment")
        try await send(error, .serviceUnavailable, ["Retry-After": "1"])
    }

    mutating func refuse(_ refusal: RequestRefusal) async throws {
        try await send(refusal.error, refusal.status)
    }

    private mutating func makeHead(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) -> HTTPResponseHead {
        self.status = status
        began = .now()
        var head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        head.headers.remove(name: "Transfer-Encoding")
        head.headers.remove(name: "Connection")
        if isForPage { head.headers.removeAccessControl() }
        hasBody = !isHead && status.mayHaveResponseBody
        if hasBody, !head.headers.contains(name: "Content-Length") {
            if version.isHTTP11, !isOpenEnded {
                head.headers.add(name: "Transfer-Encoding", value: "chunked")
            } else {
                closes = true
            }
        }
        // RFC 9110 section 8.6: never in a 204; in a 304 and in an answer to HEAD it tells the length of another one.
        if status == .noContent { head.headers.remove(name: "Content-Length") }
        if closes { head.headers.add(name: "Connection", value: "close") }
        return head
    }
}

extension HTTPHeaders {
    /// Takes out what tells a browser that a page of another site may read the answer.
    fileprivate mutating func removeAccessControl() {
        let names = lazy.map(\.name).filter { $0.lowercased().hasPrefix("access-control-") }
        for name in Set(names) { remove(name: name) }
    }
}
