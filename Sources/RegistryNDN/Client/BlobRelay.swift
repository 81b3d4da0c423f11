internal import NIOHTTP1

/// A request for a blob that is the registry's to answer: HEAD, preconditions, and a part that NDN does not
/// deliver.
struct BlobRelay: Sendable {
    let upstream: UpstreamClient
    let policy: FallbackPolicy
    let sizes: BlobSizes

    /// - Parameters:
    ///   - request: a GET or HEAD without a body, with the target that the upstream knows.
    ///   - references: how the upstream's addresses become this endpoint's.
    ///   - terms: with what the upstream lets the request in.
    func serve(
        _ request: HTTPRequestHead, _ blob: BlobName, _ references: ReferenceRewriter, _ terms: AuthenticationTerms,
        _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        var head = request
        head.headers = head.headers.forPart(of: blob.digest)
        let answer: UpstreamResponse
        switch policy {
        case .proxy: answer = try await read(head, terms)
        // A redirection goes to the client, or is a failure.
        case .redirect, .fail: answer = try await upstream.relay(head, terms)
        }
        defer { answer.body.cancel() }
        record.usedUpstream = true
        guard policy != .fail || !answer.head.status.isRedirection else { throw BlobFailure.elsewhere }
        if answer.isRedirected, answer.head.status == .ok, head.headers.rulesOut(blob.digest) {
            try await response.start(.notModified, blob.fieldsOfItsOwn)
            return try await response.finish()
        }
        guard head.method != .HEAD else {
            // Who asks for its head may well ask for the blob next.
            if answer.head.status == .ok, answer.head.contentCoding == nil, let size = answer.head.contentLength {
                sizes.insert(size, of: blob.digest)
            }
            try await response.start(answer.head.status, blob.fields(of: answer, references))
            return try await response.finish()
        }
        try await relay(answer, headers: blob.fields(of: answer, references), &response, &record)
    }

    /// Reads as for ourselves: redirections are followed, and links that have expired are asked for again.
    private func read(_ head: HTTPRequestHead, _ terms: AuthenticationTerms) async throws -> UpstreamResponse {
        let answer = try await upstream.read(head, terms)
        guard head.method == .HEAD, answer.isRedirected, (400..<500).contains(answer.head.status.code) else {
            return answer
        }
        // Links are signed for one method, and some registries give those for GET whatever is asked.
        var get = head
        get.method = .GET
        let other = try await upstream.read(get, terms)
        guard other.head.status == .ok || other.head.status == .partialContent else {
            other.body.cancel()
            return answer
        }
        answer.body.cancel()
        return other
    }
}

extension BlobName {
    /// The fields of a response that passes the upstream's answer on: those of the answer, or, where it came from a storage service
    /// that the upstream redirects to, those that say what is in the body. That service's cookies, and its name for the blob, stay
    /// here.
    func fields(of answer: UpstreamResponse, _ references: ReferenceRewriter) -> HTTPHeaders {
        let given = answer.head.headers.removingHopByHop()
        guard answer.isRedirected else { return references.rewrite(given, of: answer.head.status) }
        let kept = [
            "accept-ranges", "content-encoding", "content-length", "content-range", "content-type", "retry-after",
        ]
        var fields = HTTPHeaders(given.filter { kept.contains($0.name.lowercased()) })
        let has: [HTTPResponseStatus] = [.ok, .partialContent, .notModified]
        if has.contains(answer.head.status) { fields.add(contentsOf: fieldsOfItsOwn) }
        return fields
    }

    /// The fields that say which blob it is, whatever part of it is sent.
    fileprivate var fieldsOfItsOwn: HTTPHeaders {
        let names = ["cache-control", "docker-content-digest", "docker-distribution-api-version", "etag"]
        return HTTPHeaders(headers(size: 0).filter { names.contains($0.name.lowercased()) })
    }
}

extension HTTPHeaders {
    /// The fields of a request for a blob as the upstream gets them when it is to answer: those conditions on the entity-tag are
    /// judged here which hold whatever a storage service calls the blob.
    fileprivate func forPart(of digest: ContentDigest) -> HTTPHeaders {
        var headers = removingHopByHop()
        // This endpoint has answered it already.
        headers.remove(name: "expect")
        for name in ["if-range", "if-match"] where headers[name] == [digest.entityTag] { headers.remove(name: name) }
        return headers
    }

    /// Whether the client has the blob already: RFC 9110 section 13.1.2.
    fileprivate func rulesOut(_ digest: ContentDigest) -> Bool {
        self[canonicalForm: "if-none-match"].contains { $0 == digest.entityTag || $0 == "*" }
    }
}

extension HTTPResponseStatus {
    /// Whether the answer is elsewhere.
    fileprivate var isRedirection: Bool { (300..<400).contains(code) && self != .notModified }
}
