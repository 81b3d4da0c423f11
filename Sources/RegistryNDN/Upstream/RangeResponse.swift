internal import NIOHTTP1

/// The answer to a range of a blob.
struct RangeResponse: Sendable {
    let response: UpstreamResponse
    /// Never `.invalid`.
    let verdict: ByteRange.Verdict
    var head: HTTPResponseHead { response.head }
    /// After `.partial`, exactly its `length` bytes or an error; after `.whole`, all of the blob; else the
    /// upstream's own words.
    let body: UpstreamBody

    init(_ response: UpstreamResponse, _ verdict: ByteRange.Verdict) {
        self.response = response
        self.verdict = verdict
        body = if case .partial(let length, _) = verdict { response.body.expecting(length) } else { response.body }
    }
}
