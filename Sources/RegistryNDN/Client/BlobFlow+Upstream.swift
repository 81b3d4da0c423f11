internal import NDN
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
        case .proxy: try await serveParts(request, &response, &record)
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

    /// Answers with parts of the blob, which the upstream is asked for one by one: not every upstream answers several ranges, some
    /// answer none, and what they say instead ends a pull. They cannot be verified, and are passed on as they come.
    private func serveParts(
        _ request: BlobRequest, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        let wanted = request.wanted.range
        guard !wanted.isSuffix, let first = wanted.parts(of: .max).spans(isSizeKnown: false).first else {
            // Only who knows the size can say which octets those are, or that there are none.
            return try await relay.serve(
                request.head, request.blob, request.references, request.terms, &response, &record)
        }
        let answer = try await ask(for: first, of: request, size: .max)
        defer { answer.body.cancel() }
        record.usedUpstream = true
        let size: UInt64
        switch answer.verdict {
        case .partial(_, let total): size = total
        case .whole(let length?): size = length
        // Who does not say how long the blob is cannot be asked for parts of it.
        case .whole(nil): return try await serveWhole(request, &response, &record)
        case .beyondEnd, .refused, .invalid:
            let headers = request.blob.fields(of: answer.response, request.references)
            return try await RegistryNDN.relay(answer.response, headers: headers, &response, &record)
        }
        guard size <= UInt64(Int64.max) else { throw BlobFailure.rest("a blob of \(size) octets") }
        let parts = wanted.parts(of: size)
        let headers = request.blob.headers(size: size)
        switch parts.ranges.count {
        case 0: try await response.refuseRange(size: size)
        case 1:
            var body = PartialBody(range: parts.ranges[0], size: size, headers: headers)
            try await appendRest(of: request, size: size, answered: answer, &body, &response, &record)
            try await body.finish(&response)
        default:
            var body = MultipartBody(parts: parts, size: size, headers: headers)
            try await appendRest(of: request, size: size, answered: answer, &body, &response, &record)
            try await body.finish(&response)
        }
    }

    /// Requests for parts of a blob that are under way at a time: one is read while the others travel.
    private static let asksAhead = 4

    /// Appends what is missing of a body.
    ///
    /// - Parameter first: the upstream's answer to a request for it, when it was asked already.
    func appendRest<Body: BlobBody & ~Copyable>(
        of request: BlobRequest, size: UInt64, answered first: RangeResponse? = nil, _ body: inout Body,
        _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        let spans = body.rest(of: size).spans()
        try await withThrowingTaskGroup(of: (Int, RangeResponse).self) { group in
            // Dropping an answer closes its connection; so does the end of the group when a request is under way.
            defer { group.cancelAll() }
            var answers: [Int: RangeResponse] = [:]
            answers[0] = first
            var asked = first == nil ? 0 : 1
            for (index, span) in spans.enumerated() where body.lacks(span, of: size) {
                // The first one shows whether the upstream gives ranges, or sends everything whatever it is asked for.
                while asked < min(spans.count, index == 0 ? 1 : index + Self.asksAhead) {
                    let number = asked
                    group.addTask { (number, try await ask(for: spans[number], of: request, size: size)) }
                    asked += 1
                }
                while answers[index] == nil, let (number, answer) = try await group.next() { answers[number] = answer }
                var next = answers.removeValue(forKey: index)
                var offset = span.lowerBound
                while let answer = next {
                    defer { answer.body.cancel() }
                    record.usedUpstream = true
                    try await append(answer, from: offset, size: size, &body, &response, &record)
                    guard case .partial = answer.verdict else { return }
                    // Once, unless the upstream gives less at a time than it is asked for.
                    guard body.lacks(span, of: size), let begin = body.rest(of: size).hull?.lowerBound else { break }
                    offset = begin
                    next = try await ask(for: begin..<span.upperBound, of: request, size: size)
                }
            }
        }
    }

    /// - Parameter size: of the blob; more, when that is not known.
    private func ask(for octets: Range<UInt64>, of request: BlobRequest, size: UInt64) async throws -> RangeResponse {
        try await upstream.blobRange(
            repository: request.blob.repository, digest: request.blob.digest, offset: octets.lowerBound,
            length: octets.upperBound == size ? nil : octets.length, headers: request.wholeHead.headers,
            request.terms)
    }

    /// Appends those octets of an answer that are missing; `offset` is where they begin that were asked for.
    private func append<Body: BlobBody & ~Copyable>(
        _ answer: RangeResponse, from offset: UInt64, size: UInt64, _ body: inout Body,
        _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        var offset = try Self.begin(of: answer.verdict, asked: offset, size: size)
        var cutter = PartCutter(body.rest(of: size))
        for try await chunk in answer.body {
            var pieces: [ByteBuffer] = []
            cutter.cut(chunk, at: offset) { octets, _ in pieces.append(octets) }
            offset += UInt64(chunk.readableBytes)
            for piece in pieces {
                record.upstreamBytes += UInt64(piece.readableBytes)
                try await body.append(piece, to: &response)
            }
            if body.isComplete { break }
        }
    }

    /// Offset in the blob of the first octet of an answer.
    static func begin(of verdict: ByteRange.Verdict, asked offset: UInt64, size: UInt64) throws -> UInt64 {
        switch verdict {
        case .partial(_, let total):
            guard total == size else { throw BlobFailure.wrongSize("\(size) over NDN, \(total) at the upstream") }
            return offset
        case .whole(let length):
            if let length, length != size {
                throw BlobFailure.wrongSize("\(size) over NDN, \(length) at the upstream")
            }
            return 0
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
