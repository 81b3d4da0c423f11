internal import NIOCore
internal import NIOHTTP1

/// Serves a blob: over NDN, from the upstream when NDN fails, and from both when it fails half-way.
struct BlobFlow: Sendable {
    let source: any BlobSource
    let upstream: UpstreamClient
    let path: NDNPath
    let poisoned: PoisonedDigests

    /// Answers with the blob over NDN, or by whatever way remains.
    func serve(
        _ blob: BlobName, _ request: HTTPRequestHead, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        guard path.isUsable else {
            record.fallback = "NDN path down"
            return try await serveWhole(blob, request, &response, &record)
        }
        do {
            let stream = try await source.open(blob)
            defer {
                record.retries = stream.retransmissions
                stream.cancel()
            }
            path.answered()
            try await deliver(stream, blob, request, &response, &record)
        } catch let error where response.status == nil && !Task.isCancelled && Self.isFromSource(error) {
            note(error, blob, &record)
            try await serveWhole(blob, request, &response, &record)
        } catch {
            if !Task.isCancelled { note(error, blob, &record) }
            throw error
        }
    }

    /// Answers with the blob from the upstream, in full; an answer other than 200 is passed on.
    func serveWhole(
        _ blob: BlobName, _ request: HTTPRequestHead, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        var head = request
        head.headers = request.headers.forWholeBlob()
        let answer = try await upstream.execute(head)
        defer { answer.body.cancel() }
        record.usedUpstream = true
        guard answer.head.status == .ok else { return try await relay(answer, &response, &record) }
        guard answer.head.hasIdentityCoding else {
            throw UpstreamError(.range, "the upstream's answer has a content coding though identity was asked for")
        }
        var body = VerifiedBody(
            digest: blob.digest, size: answer.head.contentLength, headers: answer.head.headers.removingHopByHop())
        for try await chunk in answer.body {
            record.upstreamBytes += UInt64(chunk.readableBytes)
            try await body.append(chunk, to: &response)
        }
        do {
            try await body.finish(&response)
        } catch let failure as BlobFailure {
            poisoned.insert(blob.digest)
            throw failure
        }
    }

    private func deliver(
        _ stream: any BlobStream, _ blob: BlobName, _ request: HTTPRequestHead, _ response: inout ResponseWriter,
        _ record: inout RequestRecord
    ) async throws {
        var body = VerifiedBody(digest: blob.digest, size: stream.size, headers: blob.headers(size: stream.size))
        do {
            while !body.isComplete, let chunk = try await stream.next() {
                record.ndnBytes += UInt64(chunk.readableBytes)
                try await body.append(chunk, to: &response)
            }
        } catch let error as FetchError where response.status != nil && !Task.isCancelled {
            note(error, blob, &record)
            stream.cancel()
            try await appendRest(of: blob, size: stream.size, request, &body, &response, &record)
        }
        try await body.finish(&response)
    }

    /// Appends what NDN left missing.
    private func appendRest(
        of blob: BlobName, size: UInt64, _ request: HTTPRequestHead, _ body: inout VerifiedBody,
        _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        let rest = try await upstream.blobRange(
            repository: blob.repository, digest: blob.digest, offset: body.received,
            headers: request.headers.forWholeBlob())
        defer { rest.body.cancel() }
        record.usedUpstream = true
        var skip = try Self.octetsToSkip(rest.verdict, offset: body.received, size: size)
        for try await var chunk in rest.body {
            let skipped = min(skip, UInt64(chunk.readableBytes))
            chunk.moveReaderIndex(forwardBy: Int(skipped))
            skip -= skipped
            record.upstreamBytes += UInt64(chunk.readableBytes)
            try await body.append(chunk, to: &response)
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

    /// Whether another source may do better: the client has not gone, and the upstream was not asked yet.
    private static func isFromSource(_ error: any Error) -> Bool {
        error is FetchError || error is BlobFailure
    }

    private func note(_ error: any Error, _ blob: BlobName, _ record: inout RequestRecord) {
        switch error {
        case let error as FetchError:
            record.fallback = "\(error)"
            path.failed(blob, error)
        case let failure as BlobFailure:
            record.fallback = "\(failure)"
            switch failure {
            case .wrongDigest, .wrongSize: poisoned.insert(blob.digest)
            case .rest: break
            }
        default: break
        }
    }
}

extension BlobName {
    /// The head of a response that carries the blob.
    func headers(size: UInt64) -> HTTPHeaders {
        [
            "Content-Length": String(size), "Content-Type": "application/octet-stream",
            "Docker-Content-Digest": digest.description, "Docker-Distribution-API-Version": "registry/2.0",
        ]
    }
}

extension HTTPResponseHead {
    var contentLength: UInt64? { headers.first(name: "content-length").flatMap { UInt64($0) } }

    var hasIdentityCoding: Bool {
        headers[canonicalForm: "content-encoding"].allSatisfy { $0.lowercased() == "identity" }
    }
}
