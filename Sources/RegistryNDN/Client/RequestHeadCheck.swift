internal import NDN
internal import NIOHTTP1

/// Why a request is refused before anyone acts on it.
struct RequestRefusal: Error, Hashable {
    let status: HTTPResponseStatus
    let reason: String

    init(_ status: HTTPResponseStatus, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    /// A refusal of what the parser could not read.
    init(_ error: HTTPParserError) {
        switch error {
        case .headerOverflow: self.init(.requestHeaderFieldsTooLarge, "its header fields are too large or too many")
        case .invalidURL, .invalidPath, .invalidQueryString, .invalidHost, .invalidFragment, .invalidConstant,
            .invalidVersion:
            self.init(
                .badRequest,
                "its first line is not a method, a target and HTTP/1.1; blanks, control characters and what is not ASCII are percent-encoded in a target"
            )
        default: self.init(.badRequest, "it is not HTTP/1.1")
        }
    }

    /// The body of the answer.
    var error: OCIError { OCIError(.unsupported, message: "request refused: \(reason)") }
}

/// Checks of a request head that the parser leaves to its user.
///
/// A request that two programs may frame differently is refused, whatever the parser made of it: RFC 9112 section 11.2.
enum RequestHeadCheck {
    /// nil when the request may be served.
    static func refusal(of head: HTTPRequestHead) -> RequestRefusal? {
        framing(head) ?? host(head) ?? target(head) ?? expectation(head)
    }

    private static func framing(_ head: HTTPRequestHead) -> RequestRefusal? {
        let lengths = head.headers["content-length"]
        let codings = head.headers["transfer-encoding"]
        if !lengths.isEmpty && !codings.isEmpty {
            return .init(.badRequest, "both Content-Length and Transfer-Encoding")
        }
        if lengths.count > 1 {
            return .init(.badRequest, "more than one Content-Length")
        }
        if !codings.isEmpty {
            guard codings.count == 1, codings[0].lowercased() == "chunked" else {
                return .init(.notImplemented, "a Transfer-Encoding other than chunked")
            }
            guard head.version.isHTTP11 else {
                return .init(.badRequest, "Transfer-Encoding in HTTP/1.0")
            }
        }
        // RFC 9112 section 5.2: a server that receives an obs-fold "MUST either reject the message …".
        if head.headers.contains(where: { $0.value.utf8.contains { $0 == 0x0D || $0 == 0x0A || $0 == 0 } }) {
            return .init(.badRequest, "a line break inside a header field")
        }
        return nil
    }

    /// RFC 9112 section 3.2: exactly one Host in HTTP/1.1.
    private static func host(_ head: HTTPRequestHead) -> RequestRefusal? {
        let hosts = head.headers["host"].count
        guard hosts == 1 || (hosts == 0 && !head.version.isHTTP11) else {
            return .init(.badRequest, hosts == 0 ? "no Host" : "more than one Host")
        }
        return nil
    }

    private static func target(_ head: HTTPRequestHead) -> RequestRefusal? {
        switch head.method {
        // TRACE would echo credentials; CONNECT would make this an open tunnel.
        case .TRACE, .CONNECT: return .init(.methodNotAllowed, "the method \(head.method) is not served")
        case .OPTIONS where head.uri == "*": return nil
        default: break
        }
        guard head.uri.utf8.first == UInt8(ascii: "/") else {
            return .init(.badRequest, "the request target is not a path")
        }
        if let octet = head.uri.utf8.first(where: { !mayStand($0) }) {
            let encoded = PercentEncoding.encode(CollectionOfOne(octet))
            return .init(
                .badRequest,
                "the request target has an octet that must not stand in a path or query: write it as \(encoded)")
        }
        guard !DotSegments.occur(in: head.uri) else {
            return .init(.badRequest, "\".\" or \"..\" in the path, which may lead out of the registry's API")
        }
        return nil
    }

    /// Whether an octet may stand in a path or a query as it is: RFC 3986 section 2, without `#`, which would begin a fragment.
    private static func mayStand(_ octet: UInt8) -> Bool {
        octet > 0x20 && octet < 0x7F && !"\"#<>\\^`{|}".utf8.contains(octet)
    }

    private static func expectation(_ head: HTTPRequestHead) -> RequestRefusal? {
        guard let expect = head.headers.first(name: "expect"), expect.lowercased() != "100-continue" else { return nil }
        return .init(.expectationFailed, "an expectation other than 100-continue")
    }
}

extension HTTPRequestHead {
    /// Turns the absolute form of a request target into the origin form: RFC 9112 section 3.2.2, "A server MUST accept
    /// the absolute-form in requests". The host in the target is then the host, and the field Host does not count; several
    /// such fields stay, and are refused.
    mutating func useOriginForm() {
        for scheme in ["http://", "https://"] where uri.utf8.count > scheme.utf8.count {
            let (start, rest) = (uri.prefix(scheme.count), uri.dropFirst(scheme.count))
            guard start.lowercased() == scheme else { continue }
            if headers["host"].count <= 1 {
                headers.replaceOrAdd(name: "Host", value: String(rest.prefix { !"/?#".contains($0) }))
            }
            uri = rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
            return
        }
    }

    /// Whether a body follows.
    var announcesBody: Bool {
        headers.contains(name: "transfer-encoding")
            || headers.first(name: "content-length").map { $0 != "0" } ?? false
    }

    /// Whether the client waits for 100 (Continue) before it sends its body.
    var expectsContinue: Bool {
        version.isHTTP11 && headers.first(name: "expect")?.lowercased() == "100-continue"
    }

    /// Whether the connection may carry another request: an upgrade that is not taken stops the parser.
    var permitsAnother: Bool {
        isKeepAlive && version.isHTTP11
            && !headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }
}

extension HTTPVersion {
    /// Whether the sender knows chunked bodies and persistent connections; the parser refuses other major versions.
    var isHTTP11: Bool { minor >= 1 }
}
