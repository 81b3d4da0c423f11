internal import NDN
internal import NIOCore
internal import NIOHTTP1

/// Serves a blob: over NDN, as the policy says when NDN fails, and from both when it fails half-way.
struct BlobFlow: Sendable {
    /// How long the first octets may take once the size is known: containerd gives up after 30 s in all.
    static let firstOctetTimeout = Duration.seconds(5)

    let source: BlobSource
    let upstream: UpstreamClient
    let path: NDNPath
    let poisoned: PoisonedDigests
    let repairs: UpstreamRepairs
    var policy = FallbackPolicy.proxy

    /// What is the registry's to answer.
    var relay: BlobRelay { BlobRelay(upstream: upstream, policy: policy) }

    /// Answers with the blob, or the parts of it, over NDN, or by whatever way remains.
    func serve(
        _ request: BlobRequest, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        guard path.isUsable else {
            record.fallback = "NDN path down"
            return try await fallBack(request, &response, &record)
        }
        let tally = RepairTally()
        defer { record.addUpstream(tally) }
        do {
            let stream = try await source.open(
                request.blob, range: request.wanted.range,
                repair: policy == .proxy ? repairs.repair(for: request, tally) : nil)
            let reading = path.begin(request, stream)
            defer {
                path.end(reading)
                record.segments = stream.segments
                record.retries = stream.retransmissions
                stream.cancel()
                record.subtract(tally, from: stream.parts)
            }
            path.answered()
            try await deliver(reading, &response, &record)
        } catch let error where response.status == nil && !Task.isCancelled && Self.isFromSource(error) {
            note(error, request.blob, &record)
            try await fallBack(request, &response, &record)
        } catch {
            if !Task.isCancelled { note(error, request.blob, &record) }
            throw error
        }
    }

    private func deliver(
        _ reading: BlobReading, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        let (request, stream) = (reading.request, reading.stream)
        let headers = request.blob.headers(size: stream.size)
        switch (request.wanted, stream.parts.ranges.count) {
        case (.whole, _):
            var body = VerifiedBody(digest: request.blob.digest, size: stream.size, headers: headers)
            try await deliver(reading, &body, &response, &record)
        case (.part, 0): try await response.refuseRange(size: stream.size)
        case (.part, 1):
            var body = PartialBody(range: stream.parts.ranges[0], size: stream.size, headers: headers)
            try await deliver(reading, &body, &response, &record)
        case (.part, _):
            var body = MultipartBody(parts: stream.parts, size: stream.size, headers: headers)
            try await deliver(reading, &body, &response, &record)
        }
    }

    private func deliver<Body: BlobBody & ~Copyable>(
        _ reading: BlobReading, _ body: inout Body, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        let (request, stream) = (reading.request, reading.stream)
        do {
            while !body.isComplete, let chunk = try await next(of: reading, isFirst: response.status == nil) {
                record.ndnBytes += UInt64(chunk.readableBytes)
                try await body.append(chunk, to: &response)
            }
        } catch  where response.status != nil && policy == .proxy && !Task.isCancelled && Self.isPathEnd(error) {
            note(error, request.blob, &record)
            stream.cancel()
            try await appendRest(of: request, size: stream.size, &body, &response, &record)
        }
        try await body.finish(&response)
    }

    /// The next octets; while nothing has been sent they must not take long.
    private func next(of reading: BlobReading, isFirst: Bool) async throws -> ByteBuffer? {
        let stream = reading.stream
        return try await reading.waiting {
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

    /// Whether another source may do better: the client has not gone, and the upstream was not asked yet.
    private static func isFromSource(_ error: any Error) -> Bool {
        // Whoever else serves it would need memory too.
        if case FetchError.busy = error { return false }
        return error is FetchError || error is BlobFailure
    }

    /// NDN brings no more of the blob, as far as it came.
    private static func isPathEnd(_ error: any Error) -> Bool {
        if case BlobFailure.pathLeft = error { true } else { error is FetchError }
    }

    private func note(_ error: any Error, _ blob: BlobName, _ record: inout RequestRecord) {
        switch error {
        case let error as FetchError:
            record.fallback = "\(error)"
            path.failed(blob, error)
        case let failure as BlobFailure:
            record.fallback = record.fallback ?? "\(failure)"
            switch failure {
            case .wrongDigest, .wrongSize: poisoned.insert(blob.digest)
            case .rest, .notOverNDN, .elsewhere, .pathLeft: break
            }
        default: break
        }
    }
}
