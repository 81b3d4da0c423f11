internal import NIOCore
internal import NIOHTTP1

/// What the upstream does for a blob that NDN does not deliver.
extension BlobFlow {
    /// Answers from the upstream, or as the policy says instead.
    func fallBack(
        _ request: BlobRequest, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        switch policy {
        case .proxy where request.wanted == .whole: try await serveWhole(request, &response, &record)
        case .proxy:
            // A part cannot be verified: it is passed on as it comes, and so is the upstream's opinion of the range.
            let relay = UpstreamRelay(upstream: upstream)
            try await relay.serve(HTTPRequest(head: request.head, body: nil), request.references, &response, &record)
        case .redirect:
            let headers: HTTPHeaders = ["Location": request.upstreamURL, "Content-Type": "text/plain"]
            try await response.send(.temporaryRedirect, headers, ByteBuffer())
        case .fail: throw BlobFailure.notOverNDN
        }
    }

    /// Answers with the blob from the upstream, in full; an answer other than 200 is passed on.
    func serveWhole(
        _ request: BlobRequest, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        let answer = try await upstream.read(request.wholeHead)
        defer { answer.body.cancel() }
        record.usedUpstream = true
        guard answer.head.status == .ok else {
            return try await relay(answer, request.references, &response, &record)
        }
        guard answer.head.contentCoding == nil else {
            throw UpstreamError(.range, "the upstream's answer has a content coding though identity was asked for")
        }
        var body = VerifiedBody(
            digest: request.blob.digest, size: answer.head.contentLength,
            headers: answer.head.headers.removingHopByHop())
        for try await chunk in answer.body {
            record.upstreamBytes += UInt64(chunk.readableBytes)
            try await body.append(chunk, to: &response)
        }
        do {
            try await body.finish(&response)
        } catch let failure as BlobFailure {
            poisoned.insert(request.blob.digest)
            throw failure
        }
    }

    /// Appends what NDN left missing.
    func appendRest<Body: BlobBody & ~Copyable>(
        of request: BlobRequest, size: UInt64, _ body: inout Body, _ response: inout ResponseWriter,
        _ record: inout RequestRecord
    ) async throws {
        let missing = body.missing ?? 0
        guard missing > 0 else { return }
        let rest = try await upstream.blobRange(
            repository: request.blob.repository, digest: request.blob.digest, offset: body.position,
            length: body.position + missing == size ? nil : missing, headers: request.wholeHead.headers)
        defer { rest.body.cancel() }
        record.usedUpstream = true
        var skip = try Self.octetsToSkip(rest.verdict, offset: body.position, size: size)
        for try await var chunk in rest.body {
            let skipped = min(skip, UInt64(chunk.readableBytes))
            chunk.moveReaderIndex(forwardBy: Int(skipped))
            skip -= skipped
            if case .whole = rest.verdict, let missing = body.missing, UInt64(chunk.readableBytes) > missing {
                chunk.moveWriterIndex(to: chunk.readerIndex + Int(missing))
            }
            record.upstreamBytes += UInt64(chunk.readableBytes)
            try await body.append(chunk, to: &response)
            if body.isComplete { break }
        }
    }

    /// How much of the upstream's answer the client has already.
    static func octetsToSkip(_ verdict: ByteRange.Verdict, offset: UInt64, size: UInt64) throws -> UInt64 {
        switch verdict {
        case .partial(_, let total):
            guard total == size else { throw BlobFailure.wrongSize("\(size) over NDN, \(total) at the upstream") }
            return 0
        case .whole(let length):
            if let length, length != size {
                throw BlobFailure.wrongSize("\(size) over NDN, \(length) at the upstream")
            }
            return offset
        case .beyondEnd: throw BlobFailure.wrongSize("\(size) over NDN, less at the upstream")
        case .refused(let status): throw BlobFailure.rest("status \(status.code)")
        case .invalid(let why): throw BlobFailure.rest(why)
        }
    }
}
