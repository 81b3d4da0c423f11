public import NIOHTTP1

/// The answer to a range of a blob.
public struct RangeResponse: Sendable {
    public let head: HTTPResponseHead
    /// Never `.invalid`.
    public let verdict: ByteRange.Verdict
    /// After `.partial`, exactly its `length` octets or an error; after `.whole`, the blob from octet 0; else the
    /// upstream's own words.
    public let body: UpstreamBody
}

extension UpstreamClient {
    /// Asks for octets of a blob, from `offset` on, `length` of them or all that follow.
    ///
    /// A 206 is checked against the request, see ``ByteRange/Verdict``; an answer that contradicts it or that has a
    /// content coding throws `UpstreamError` with the code `range`. `headers` are sent along (Authorization).
    public func blobRange(
        repository: RepositoryName, digest: ContentDigest, offset: UInt64, length: UInt64? = nil,
        headers: HTTPHeaders = [:]
    ) async throws -> RangeResponse {
        let range = ByteRange(offset: offset, length: length)
        guard let head = rangeHead(repository: repository, digest: digest, range: range, headers: headers) else {
            throw UpstreamError(.range, "\(length ?? 0) octets from \(offset) on are not a range")
        }
        let response = try await read(head)
        let verdict = range.check(response.head)
        switch verdict {
        case .invalid(let why):
            response.body.cancel()
            throw UpstreamError(.range, "the upstream's answer is not the range asked for: \(why)")
        case .partial(let length, _):
            return RangeResponse(head: response.head, verdict: verdict, body: response.body.expecting(length))
        default:
            return RangeResponse(head: response.head, verdict: verdict, body: response.body)
        }
    }

    /// The request for a range of a blob, without Host; nil when the range is not one.
    func rangeHead(
        repository: RepositoryName, digest: ContentDigest, range: ByteRange, headers: HTTPHeaders = [:]
    ) -> HTTPRequestHead? {
        guard let field = range.field else { return nil }
        var headers = headers
        headers.replaceOrAdd(name: "Range", value: field)
        headers.replaceOrAdd(name: "Accept-Encoding", value: "identity")
        // A conditional range would turn into a 200 when the condition fails.
        headers.remove(name: "If-Range")
        return HTTPRequestHead(
            version: .http1_1, method: .GET, uri: RegistryRoute.path(repository: repository, digest: digest),
            headers: headers)
    }
}
