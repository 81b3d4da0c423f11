internal import Logging
internal import NDN
internal import NIOConcurrencyHelpers
package import NIOHTTP1

/// The answer to a range of a blob.
package struct RangeResponse: Sendable {
    let response: UpstreamResponse
    /// Never `.invalid`.
    package let verdict: ByteRange.Verdict
    package var head: HTTPResponseHead { response.head }
    /// After `.partial`, exactly its `length` octets or an error; after `.whole`, the blob from octet 0; else the
    /// upstream's own words.
    package let body: UpstreamBody

    fileprivate init(_ response: UpstreamResponse, _ verdict: ByteRange.Verdict) {
        self.response = response
        self.verdict = verdict
        body = if case .partial(let length, _) = verdict { response.body.expecting(length) } else { response.body }
    }
}

extension UpstreamClient {
    /// Asks for octets of a blob, from `offset` on, `length` of them or all that follow.
    ///
    /// A 206 is checked against the request, see ``ByteRange/Verdict``. An upstream that refuses a range of what it has, or whose
    /// answer contradicts the request, is asked for the whole blob, which then comes from octet 0 on; that is said once in the log.
    /// An answer that is of no use then throws `UpstreamError` with the code `range`.
    ///
    /// - Parameters:
    ///   - headers: sent along (Authorization).
    ///   - mayBeWhole: false when more than the range is of no use.
    package func blobRange(
        repository: RepositoryName, digest: ContentDigest, offset: UInt64, length: UInt64? = nil,
        headers: HTTPHeaders = [:], mayBeWhole: Bool = true
    ) async throws -> RangeResponse {
        try await blobRange(
            repository: repository, digest: digest, offset: offset, length: length, headers: headers,
            mayBeWhole: mayBeWhole, .init())
    }

    /// The same on `terms` of somebody's request.
    func blobRange(
        repository: RepositoryName, digest: ContentDigest, offset: UInt64, length: UInt64?, headers: HTTPHeaders,
        mayBeWhole: Bool = true, _ terms: AdmissionTerms
    ) async throws -> RangeResponse {
        let range = ByteRange(offset: offset, length: length)
        guard var head = rangeHead(repository: repository, digest: digest, range: range, headers: headers) else {
            throw UpstreamError(.range, "\(length ?? 0) octets from \(offset) on are not a range")
        }
        var response = try await read(head, terms)
        var verdict = range.check(response.head)
        if let fault = range.fault(verdict), mayBeWhole {
            if fault != .ignored {
                try await discard(response)
                head.headers.remove(name: "Range")
                response = try await read(head, terms)
                verdict = range.check(response.head)
                // Nobody asked for a part now.
                if case .partial = verdict { verdict = .invalid("a 206 without a Range") }
            }
            if case .whole = verdict { say(fault, of: digest) }
        }
        if case .invalid(let why) = verdict {
            response.body.cancel()
            throw UpstreamError(.range, "the upstream's answer is not the range asked for: \(why)")
        }
        return RangeResponse(response, verdict)
    }

    /// Each kind of fault once; what contradicts the request says each time something else, and counts as one kind.
    private func say(_ fault: ByteRange.Fault, of digest: ContentDigest) {
        let kind: ByteRange.Fault = if case .contradiction = fault { .contradiction("") } else { fault }
        guard rangeFaults.withLockedValue({ $0.insert(kind).inserted }) else { return }
        logger.notice(
            "the upstream does not give ranges as they are asked for: such blobs are read from their begin, and cut",
            metadata: ["upstream": "\(base)", "why": "\(fault)", "blob": "\(digest)"])
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
