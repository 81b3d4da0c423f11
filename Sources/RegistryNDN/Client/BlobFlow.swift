internal import NDN
internal import NIOCore
internal import NIOHTTP1

/// Serves a blob: over NDN, as the policy says when NDN fails, and from both when it fails half-way.
struct BlobFlow: Sendable {
    /// How long the first bytes may take once the size is known: containerd gives up after 30 s in all.
    static let firstOctetTimeout = Duration.seconds(5)

    let source: BlobSource
    let upstream: UpstreamClient
    let path: NDNPath
    let poisoned: PoisonedDigests
    let repairs: UpstreamRepairs
    let sizes: BlobSizes
    var policy = FallbackPolicy.proxy

    /// What serves requests that are the registry's to answer.
    var relay: BlobRelay { BlobRelay(upstream: upstream, policy: policy, sizes: sizes) }

    /// Answers with the blob, or the parts of it, over NDN, or by whatever way remains.
    func serve(
        _ pull: BlobPull, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        if let obstacle = path.obstacle {
            record.fallback = obstacle
            return try await fallBack(pull, &response, &record)
        }
        let tally = RepairTally()
        defer { record.addUpstream(tally) }
        var hasBegun = false
        do {
            let stream = try await source.open(
                pull.blob, range: pull.wanted.range, size: sizes[pull.blob.digest],
                repair: policy == .proxy ? repairs.repair(for: pull, tally) : nil)
            let active = path.begin(pull, stream)
            defer {
                path.end(active)
                record.segments = stream.segments
                record.retries = stream.retransmissions
                let statistics = stream.statistics
                (record.marks, record.nacks) = (statistics.marks, statistics.nacks)
                stream.cancel()
                record.subtract(tally, from: stream.parts)
            }
            path.answered(pull.blob)
            hasBegun = true
            try await BlobAnswer(pull: pull, parts: stream.parts, size: stream.size).send(
                from: NetworkBytes(flow: self, active: active), &response, &record)
        } catch let error where response.status == nil && !Task.isCancelled && Self.isFromSource(error) {
            note(error, pull.blob, hasBegun: hasBegun, &record)
            try await fallBack(pull, &response, &record)
        } catch {
            if !Task.isCancelled { note(error, pull.blob, hasBegun: hasBegun, &record) }
            throw error
        }
    }

    /// The bytes that come over NDN, and where it fails half-way the rest from the upstream.
    private struct NetworkBytes: BlobBytes {
        let flow: BlobFlow
        let active: ActivePull
        let source = "ndn"

        func fill<Body: BlobBody & ~Copyable>(
            _ body: inout Body, _ response: inout ResponseWriter, _ record: inout RequestRecord
        ) async throws {
            try await flow.deliver(active, &body, &response, &record)
        }
    }

    private func deliver<Body: BlobBody & ~Copyable>(
        _ active: ActivePull, _ body: inout Body, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        let (pull, stream) = (active.request, active.stream)
        do {
            while !body.isComplete, let chunk = try await next(of: active, isFirst: response.status == nil) {
                record.ndnBytes += UInt64(chunk.readableBytes)
                try await body.append(chunk, to: &response)
            }
            if body.isComplete { path.delivered() }
        } catch  where response.status != nil && policy == .proxy && !Task.isCancelled && Self.isPathEnd(error) {
            note(error, pull.blob, hasBegun: true, &record)
            stream.cancel()
            let id = record.id
            path.departed(record)
            defer { path.arrived(id) }
            try await RestOfBlob(pull: pull, size: stream.size, sizeSource: .network, upstream: upstream).append(
                to: &body, &response, &record)
        }
    }

    /// The next bytes; while nothing has been sent they must not take long.
    private func next(of active: ActivePull, isFirst: Bool) async throws -> ByteBuffer? {
        let stream = active.stream
        return try await active.waiting {
            isFirst ? try await Self.first(of: stream) : try await stream.next()
        }
    }

    private static func first(of stream: any BlobStream) async throws(FetchError) -> ByteBuffer? {
        let result = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                guard (try? await Task.sleep(for: firstOctetTimeout)) != nil else { return false }
                stream.cancel()
                return true
            }
            let result: Result<ByteBuffer?, FetchError>
            do throws(FetchError) {
                result = .success(try await stream.next())
            } catch {
                result = .failure(error)
            }
            group.cancelAll()
            let isLate = await group.next() ?? false
            if case .failure(.cancelled) = result, isLate { return Result<ByteBuffer?, FetchError>.failure(.stalled) }
            return result
        }
        return try result.get()
    }

    /// Whether another source may do better than the one that failed.
    private static func isFromSource(_ error: any Error) -> Bool {
        // The upstream's answer would need memory too.
        if case FetchError.busy = error { return false }
        return error is FetchError || error is BlobFailure
    }

    /// Whether NDN brings no more of a blob of which it brought the begin.
    private static func isPathEnd(_ error: any Error) -> Bool {
        if case BlobFailure.pathLeft = error { true } else { error is FetchError }
    }

    /// - Parameter hasBegun: some of the blob came over NDN.
    private func note(_ error: any Error, _ blob: BlobName, hasBegun: Bool, _ record: inout RequestRecord) {
        switch error {
        case let error as FetchError:
            record.fallback = Fallback(error)
            path.failed(PathProbe(blob: blob, hasBegun: hasBegun), error)
        case let failure as BlobFailure:
            record.fallback = record.fallback ?? Fallback(failure)
            switch failure {
            case .wrongDigest where record.ndnBytes > 0, .wrongSize: poisoned.insert(blob.digest)
            case .wrongDigest, .rest, .notOverNDN, .elsewhere, .pathLeft: break
            }
        default: break
        }
    }

    // MARK: without NDN

    /// Answers from the upstream, or as the policy says instead.
    func fallBack(
        _ pull: BlobPull, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        let id = record.id
        defer { path.arrived(id) }
        do {
            switch policy {
            case .proxy where pull.wanted == .whole: try await serveWhole(pull, &response, &record)
            case .proxy: try await serveParts(pull, &response, &record)
            case .redirect:
                path.departed(record)
                let headers: HTTPHeaders = ["Location": pull.upstreamURL, "Content-Type": "text/plain"]
                try await response.send(.temporaryRedirect, headers, ByteBuffer())
            case .fail: try await fail(pull, &response, &record)
            }
        } catch {
            path.departed(record)
            throw error
        }
    }

    /// The registry has answered a request that left NDN: whether it gives the blob says what that was a sign of.
    private func judge(_ status: HTTPResponseStatus, _ record: inout RequestRecord) {
        if OCIError(blobStatus: status) != nil { record.fallback = record.fallback?.refused }
        path.departed(record)
    }

    /// Answers with a failure: nothing of the blob is to come from the upstream. The upstream may say, though, that there is no
    /// such blob, or none for this client.
    private func fail(
        _ pull: BlobPull, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        var head = pull.wholeHead
        head.method = .HEAD
        let answer: UpstreamResponse
        do {
            answer = try await upstream.relay(head, pull.terms)
        } catch is UpstreamError {
            throw BlobFailure.notOverNDN
        }
        answer.body.cancel()
        guard let error = OCIError(blobStatus: answer.head.status) else { throw BlobFailure.notOverNDN }
        judge(answer.head.status, &record)
        record.usedUpstream = true
        // A challenge is among these fields.
        var headers = pull.references.rewrite(answer.head.headers.removingHopByHop(), of: answer.head.status)
        headers.replaceOrAdd(name: "Content-Type", value: OCIError.contentType)
        try await response.send(answer.head.status, headers, ByteBuffer(string: error.body))
    }

    /// Answers with the blob from the upstream, in full; an answer other than 200 is passed on.
    private func serveWhole(
        _ pull: BlobPull, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        let answer = try await upstream.read(pull.wholeHead, pull.terms)
        defer { answer.body.cancel() }
        judge(answer.head.status, &record)
        record.usedUpstream = true
        guard answer.head.status == .ok else {
            let headers = pull.blob.fields(of: answer, pull.references)
            return try await RegistryNDN.relay(answer, headers: headers, &response, &record)
        }
        guard answer.head.contentCoding == nil else {
            throw UpstreamError(.range, "the upstream's answer has a content coding though identity was asked for")
        }
        let size = answer.head.contentLength
        record.running?.size = size
        var headers = pull.blob.fields(of: answer, pull.references)
        headers.add(name: "Server-Timing", value: record.timing(from: "upstream", now: .now()))
        var body = VerifiedBody(digest: pull.blob.digest, size: size, headers: headers)
        // A connection that ends in the middle is no reason for whoever pulls to begin anew.
        let rest = size.map { RestOfBlob(pull: pull, size: $0, sizeSource: .upstream, upstream: upstream) }
        rest?.limitSilence(of: answer.body, resumptions: 0)
        do {
            for try await chunk in answer.body {
                record.upstreamBytes += UInt64(chunk.readableBytes)
                try await body.append(chunk, to: &response)
            }
        } catch let error as UpstreamError {
            guard let rest else { throw error }
            try rest.resume(after: error, hasBrought: body.missing != size, resumptions: 0)
            try await rest.append(to: &body, resumptions: 1, &response, &record)
        }
        try await body.finish(&response)
    }

    /// Answers with parts of the blob, which the upstream is asked for one by one: not every upstream answers several ranges, some
    /// answer none, and what they say instead ends a pull.
    private func serveParts(
        _ pull: BlobPull, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        let wanted = pull.wanted.range
        guard !wanted.isSuffix, let first = wanted.parts(of: .max).spans(isSizeKnown: false).first else {
            // Only the upstream knows the blob's size, and thus which bytes are meant, or that there are none.
            try await relay.serve(pull.head, pull.blob, pull.references, pull.terms, &response, &record)
            return judge(response.status ?? .badGateway, &record)
        }
        let answer = try await RestOfBlob(pull: pull, size: .max, sizeSource: .upstream, upstream: upstream)
            .ask(for: first)
        defer { answer.body.cancel() }
        judge(answer.response.head.status, &record)
        record.usedUpstream = true
        let size: UInt64
        switch answer.verdict {
        case .partial(_, let total): size = total
        case .whole(let length?): size = length
        // An upstream that does not say how long the blob is cannot be asked for parts of it.
        case .whole(nil): return try await serveWhole(pull, &response, &record)
        case .beyondEnd, .refused, .invalid:
            let headers = pull.blob.fields(of: answer.response, pull.references)
            return try await RegistryNDN.relay(answer.response, headers: headers, &response, &record)
        }
        guard size <= UInt64(Int64.max) else { throw BlobFailure.rest("a blob of \(size) bytes") }
        let rest = RestOfBlob(pull: pull, size: size, sizeSource: .upstream, upstream: upstream)
        try await BlobAnswer(pull: pull, parts: wanted.parts(of: size), size: size).send(
            from: UpstreamBytes(rest: rest, first: answer), &response, &record)
    }

    private struct UpstreamBytes: BlobBytes {
        let rest: RestOfBlob
        let first: RangeResponse
        let source = "upstream"

        func fill<Body: BlobBody & ~Copyable>(
            _ body: inout Body, _ response: inout ResponseWriter, _ record: inout RequestRecord
        ) async throws {
            try await rest.append(to: &body, answered: first, &response, &record)
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
