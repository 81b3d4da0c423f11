internal import NIOCore
internal import NIOHTTP1

/// Sends a request to the upstream, and the upstream's answer back, both bodies as they come.
struct UpstreamRelay: Sendable {
    let upstream: UpstreamClient
    let sizes: BlobSizes

    /// - Parameters:
    ///   - references: how the upstream's addresses become this endpoint's.
    ///   - terms: with what the upstream lets the request in.
    func serve(
        _ request: HTTPRequest, _ references: ReferenceRewriter, _ terms: AuthenticationTerms,
        _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        var head = request.head
        head.headers = head.headers.removingHopByHop()
        // This endpoint has answered it already: the body is on its way.
        head.headers.remove(name: "expect")
        let answer: UpstreamResponse
        if let body = request.body {
            // A registry does not wait as long for its first bytes as we do.
            try await body.begin()
            answer = try await upstream.relay(head, body: body, terms)
        } else {
            answer = try await upstream.relay(head, terms)
        }
        defer { answer.body.cancel() }
        record.usedUpstream = true
        let headers = references.rewrite(answer.head.headers.removingHopByHop(), of: answer.head.status)
        try await RegistryNDN.relay(
            answer, headers: headers, &response, &record, PassingManifest(answer.head, to: head.method, sizes))
    }
}

/// Passes an upstream's answer on as it comes, with header fields that are ready to go.
///
/// - Parameter manifest: what is to see the body pass.
func relay(
    _ answer: UpstreamResponse, headers: HTTPHeaders, _ response: inout ResponseWriter, _ record: inout RequestRecord,
    _ manifest: PassingManifest? = nil
) async throws {
    if let fault = ResponseHeadCheck.unnamedPart(answer.head) { throw fault }
    var manifest = manifest
    try await response.start(answer.head.status, headers)
    for try await chunk in answer.body {
        record.upstreamBytes += UInt64(chunk.readableBytes)
        manifest?.append(chunk)
        try await response.write(chunk)
    }
    manifest?.end()
    try await response.finish()
}
