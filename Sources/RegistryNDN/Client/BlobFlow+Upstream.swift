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
            try await relay.serve(request.head, request.blob, request.references, request.terms, &response, &record)
        case .redirect:
            let headers: HTTPHeaders = ["Location": request.upstreamURL, "Content-Type": "text/plain"]
            try await response.send(.temporaryRedirect, headers, ByteBuffer())
        case .fail: try await fail(request, &response, &record)
        }
    }

    /// Nothing of the blob is to come from the upstream, which may say, though, that there is no such blob, or none for this client.
    private func fail(
        _ request: BlobRequest, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        var head = request.wholeHead
        head.method = .HEAD
        let answer: UpstreamResponse
        do {
            answer = try await upstream.relay(head, request.terms)
        } catch is UpstreamError {
            throw BlobFailure.notOverNDN
        }
        answer.body.cancel()
        guard let error = OCIError(blobStatus: answer.head.status) else { throw BlobFailure.notOverNDN }
        record.usedUpstream = true
        // The challenge among them.
        var headers = request.references.rewrite(answer.head.headers.removingHopByHop(), of: answer.head.status)
        headers.replaceOrAdd(name: "Content-Type", value: OCIError.contentType)
        try await response.send(answer.head.status, headers, ByteBuffer(string: error.body))
    }

    /// Answers with the blob from the upstream, in full; an answer other than 200 is passed on.
    func serveWhole(
        _ request: BlobRequest, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        let answer = try await upstream.read(request.wholeHead, request.terms)
        defer { answer.body.cancel() }
        record.usedUpstream = true
        guard answer.head.status == .ok else {
            let headers = request.blob.fields(of: answer, request.references)
            return try await RegistryNDN.relay(answer, headers: headers, &response, &record)
        }
        guard answer.head.contentCoding == nil else {
            throw UpstreamError(.range, "the upstream's answer has a content coding though identity was asked for")
        }
        var body = VerifiedBody(
            digest: request.blob.digest, size: answer.head.contentLength,
            headers: request.blob.fields(of: answer, request.references))
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
        // Once, unless the upstream gives less at a time than it is asked for.
        while let missing = body.missing, missing > 0 {
            let rest = try await upstream.blobRange(
                repository: request.blob.repository, digest: request.blob.digest, offset: body.position,
                length: body.position + missing == size ? nil : missing, headers: request.wholeHead.headers,
                request.terms)
            defer { rest.body.cancel() }
            record.usedUpstream = true
            try await append(rest, size: size, &body, &response, &record)
            guard case .partial = rest.verdict else { return }
        }
    }

    private func append<Body: BlobBody & ~Copyable>(
        _ rest: RangeResponse, size: UInt64, _ body: inout Body, _ response: inout ResponseWriter,
        _ record: inout RequestRecord
    ) async throws {
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

extension OCIError {
    /// What a registry's status says of a blob, as far as it says that the client will not have it.
    fileprivate init?(blobStatus status: HTTPResponseStatus) {
        switch status {
        case .notFound: self.init(.blobUnknown, message: "the registry does not have the blob")
        case .unauthorized: self.init(.unauthorized, message: "the registry gives the blob to those who log in")
        case .forbidden: self.init(.denied, message: "the registry refuses the blob")
        default: return nil
        }
    }
}
