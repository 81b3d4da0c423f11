internal import Logging
internal import NDN
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// Reads segments from the upstream that NDN gives only faulty: with one range request for neighbouring segments, and with the
/// credentials of the pull that needs them.
final class UpstreamRepairs: Sendable {
    private typealias Job = @Sendable () async -> Void

    private let upstream: UpstreamClient
    private let jobs: AsyncStream<Job>
    private let queue: AsyncStream<Job>.Continuation

    init(upstream: UpstreamClient) {
        self.upstream = upstream
        (jobs, queue) = AsyncStream.makeStream()
    }

    /// Performs the repairs that are asked for, until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs { group.addTask(operation: job) }
        }
    }

    /// The way to repair segments of a pull's blob; `tally` counts what is read from the upstream.
    func repair(for pull: BlobPull, _ tally: RepairTally) -> BlobRepair {
        BlobRepair(audience: audience(of: pull)) { [self] octets, sizes, done in
            queue.yield {
                do {
                    let body = try await self.read(octets, sizes, of: pull, tally)
                    tally.add(octets.lowerBound..<octets.lowerBound + UInt64(body.readableBytes))
                    done(body)
                } catch {
                    defer { done(nil) }
                    guard !Task.isCancelled else { return }
                    self.upstream.logger.warning(
                        "a faulty segment cannot be repaired",
                        metadata: [
                            "blob": "\(pull.blob)", "offset": .stringConvertible(octets.lowerBound),
                            "octets": .stringConvertible(octets.count),
                            "error": "\(ErrorSentence.of(error))",
                        ])
                }
            }
        }
    }

    /// A digest that is the same for pulls whose senders the upstream cannot tell apart: what one may read, the others may.
    private func audience(of pull: BlobPull) -> SHA256Digest {
        var text = ByteBuffer(string: "\(upstream.base) \(pull.terms)")
        for name in ["authorization", "cookie"] {
            for value in pull.head.headers[name] { text.writeString("\n\(name): \(value)") }
        }
        return SHA256.hash(text)
    }

    private func read(
        _ octets: Range<UInt64>, _ sizes: ClosedRange<UInt64>, of pull: BlobPull, _ tally: RepairTally
    ) async throws -> ByteBuffer {
        var body = ByteBuffer()
        while true {
            let rest = octets.lowerBound + UInt64(body.readableBytes)..<octets.upperBound
            let (part, total) = try await part(rest, sizes, of: pull, tally)
            body.writeImmutableBuffer(part)
            guard octets.lowerBound + UInt64(body.readableBytes) < min(octets.upperBound, total) else { return body }
        }
    }

    /// What one answer gives of bytes that are missing, from the first of them on, and the size of the blob.
    private func part(
        _ octets: Range<UInt64>, _ sizes: ClosedRange<UInt64>, of pull: BlobPull, _ tally: RepairTally
    ) async throws -> (ByteBuffer, total: UInt64) {
        // An upstream that cannot give a range would send the whole blob each time: that is not read.
        let answer = try await upstream.blobRange(
            repository: pull.blob.repository, digest: pull.blob.digest, offset: octets.lowerBound,
            length: UInt64(octets.count), headers: pull.wholeHead.headers, mayBeWhole: false,
            pull.terms)
        defer { answer.body.cancel() }
        tally.answered()
        guard case .partial(_, let total) = answer.verdict else {
            throw BlobFailure.rest("no range: status \(answer.head.status.code)")
        }
        guard sizes.contains(total) else {
            throw BlobFailure.wrongSize("at most \(sizes.upperBound) over NDN, \(total) at the upstream")
        }
        guard let body = try await answer.body.collect(upTo: octets.count) else {
            throw BlobFailure.wrongSize("more bytes than asked for")
        }
        return (body, total)
    }
}

/// What was read from the upstream to repair segments of one pull.
final class RepairTally: Sendable {
    private struct State {
        var hasAnswered = false
        var ranges: [Range<UInt64>] = []
    }

    private let state = Mutex(State())

    /// The upstream has answered, in whatever way.
    func answered() { state.withLock { $0.hasAnswered = true } }

    func add(_ octets: Range<UInt64>) { state.withLock { $0.ranges.append(octets) } }

    var hasAnswered: Bool { state.withLock { $0.hasAnswered } }

    /// All bytes that were read.
    var count: UInt64 { state.withLock { $0.ranges.reduce(0) { $0 + UInt64($1.count) } } }

    /// The bytes that were read and lie in parts of the blob.
    func count(in parts: BlobParts) -> UInt64 {
        state.withLock { state in
            state.ranges.reduce(0) { sum, range in
                parts.ranges.reduce(sum) { $0 + UInt64(range.clamped(to: $1).count) }
            }
        }
    }
}

extension RequestRecord {
    /// Adds the bytes that repairs read from the upstream.
    mutating func addUpstream(_ tally: RepairTally) {
        guard tally.hasAnswered else { return }
        usedUpstream = true
        repairedBytes = tally.count
        upstreamBytes += repairedBytes
    }

    /// Takes the repaired bytes out of those that seem to have come over NDN, which are the first bytes of `parts`.
    mutating func subtract(_ tally: RepairTally, from parts: BlobParts) {
        // Bytes that were read twice, by two fetches of one request, count as often.
        ndnBytes -= min(ndnBytes, tally.count(in: parts.prefix(ndnBytes)))
    }
}
