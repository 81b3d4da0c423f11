internal import NIOHTTP1

/// Checks of a response head that the parser leaves to its user: an answer that no client could make sense of goes no further.
enum ResponseHeadCheck {
    /// Why a head is none of a final response, whatever was asked; nil when it is one.
    static func fault(of head: HTTPResponseHead) -> UpstreamError? { status(head) ?? length(head) }

    /// RFC 9110 section 15: "values outside the range 100..599 are invalid". After 101 another protocol follows, which nobody here
    /// asks for.
    private static func status(_ head: HTTPResponseHead) -> UpstreamError? {
        guard !(200..<600).contains(head.status.code) else { return nil }
        let why = head.status == .switchingProtocols ? "no other protocol was asked for" : "there is no such status"
        return UpstreamError(.malformed, "its status is \(head.status.code), and \(why)")
    }

    /// Offsets in a body are numbers with a sign in most programs; RFC 9110 section 8.6 wants overflows prevented.
    private static func length(_ head: HTTPResponseHead) -> UpstreamError? {
        guard let text = head.headers.first(name: "content-length"), Int64(text) == nil else { return nil }
        return UpstreamError(
            .malformed, "its Content-Length is \(text.prefix(40)), and at most \(Int64.max) is a length")
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
        guard head.status == .partialContent, !head.headers.contains(name: "content-range"),
            head.headers.first(name: "content-type")?.lowercased().hasPrefix("multipart/byteranges") != true
        else { return nil }
        return UpstreamError(.range, "the upstream answers with status 206 and no Content-Range")
    }
}
