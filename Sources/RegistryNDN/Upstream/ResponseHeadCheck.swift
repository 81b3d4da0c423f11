internal import NIOHTTP1

/// Checks of a response head that the parser leaves to its user: an answer that no client could make sense of goes no further.
enum ResponseHeadCheck {
    /// Why a head is none of a final response, whatever was asked; nil when it is one.
    static func fault(of head: HTTPResponseHead) -> UpstreamError? { status(head) ?? length(head) }

    /// RFC 9110 section 15: "values outside the range 100..599 are invalid". After 101 another protocol follows, which nobody here
    /// asks for.
    private static func status(_ head: HTTPResponseHead) -> UpstreamError? {
        guard !(200..<600).contains(head.status.code) else { return nil }
        let why =
            head.status == .switchingProtocols
            ? "status 101 (Switching Protocols), and no other protocol was asked for"
            : "status \(head.status.code), which is no HTTP status (100 to 599)"
        return UpstreamError(.malformed, "the upstream answers with \(why)")
    }

    /// Offsets in a body are numbers with a sign in most programs; RFC 9110 section 8.6 wants overflows prevented.
    private static func length(_ head: HTTPResponseHead) -> UpstreamError? {
        guard let text = head.headers.first(name: "content-length"), Int64(text) == nil else { return nil }
        return UpstreamError(
            .malformed,
            "the upstream answers with Content-Length \(text.prefix(40)), and at most \(Int64.max) is a length")
    }

    /// Why an answer of a part is none to a request that asked for no part: RFC 9110 section 15.3.7.
    static func unaskedPart(_ head: HTTPResponseHead, to request: HTTPRequestHead) -> UpstreamError? {
        guard head.status == .partialContent, !request.headers.contains(name: "range") else { return nil }
        let field = head.headers.first(name: "content-range").map { "Content-Range \($0.prefix(80))" }
        return UpstreamError(
            .range,
            "the upstream answers with status 206 and \(field ?? "no Content-Range"), though no Range was asked for")
    }

    /// Why an answer of a part, to somebody else's request for one, does not say which part it is.
    static func unnamedPart(_ head: HTTPResponseHead) -> UpstreamError? {
        guard head.status == .partialContent else { return nil }
        let isMultipart = head.headers.first(name: "content-type")?.lowercased().hasPrefix("multipart/byteranges")
        guard let field = head.headers.first(name: "content-range") else {
            return isMultipart == true
                ? nil : UpstreamError(.range, "the upstream answers with status 206 and no Content-Range")
        }
        // Units other than bytes may be the client's and the upstream's own.
        guard field.prefix(while: { $0 != " " }).lowercased() == "bytes" else { return nil }
        if case .octets = ContentRange(field) { return nil }
        guard !isNothingAtTheEnd(field) || head.contentLength != 0 else { return nil }
        return UpstreamError(
            .range, "the upstream answers with status 206 and Content-Range \(field.prefix(80)), which names no bytes")
    }

    /// Whether a Content-Range is what Go's servers, docker-registry among them, say to a suffix of no bytes: `bytes 9-8/9`, and
    /// `bytes 0--1/0` of a blob without any.
    private static func isNothingAtTheEnd(_ field: String) -> Bool {
        guard let slash = field.lastIndex(of: "/"), let total = UInt64(digits: field[field.index(after: slash)...])
        else { return false }
        return field.lowercased() == "bytes \(total)-\(total == 0 ? "-1" : "\(total - 1)")/\(total)"
    }
}
