internal import Logging
internal import NDN
internal import NIOCore
internal import NIOHTTP1

/// What is missing of a blob that a client pulls, read from the upstream part by part.
struct RestOfBlob: Sendable {
    /// Requests for parts of a blob that are under way at a time: one is read while the others travel.
    private static let asksAhead = 4
    /// How often a body goes on over a new connection after one has broken off, or fallen silent, in the middle.
    private static let mostResumptions = 3
    /// How long a body may be silent until its connection counts as dead, before the first resumption and before the second. Later
    /// ones wait as long as for any answer, so that a registry that is merely slow is not asked again and again.
    private static let silences = [TimeAmount.seconds(5), .seconds(10)]

    /// Who said how large the blob is.
    enum SizeSource: Hashable {
        case network
        case upstream

        /// How a contradiction tells of it.
        fileprivate var words: String {
            switch self {
            case .network: "over NDN"
            case .upstream: "at the upstream before"
            }
        }
    }

    let pull: BlobPull
    /// Bytes of the blob; the largest number of all while that is not known.
    let size: UInt64
    let sizeSource: SizeSource
    let upstream: UpstreamClient

    /// Appends what is missing of a body.
    ///
    /// - Parameters:
    ///   - first: the upstream's answer to a request for the first part, when it was asked already.
    ///   - resumptions: how often the body has gone on over another connection, this time included.
    func append<Body: BlobBody & ~Copyable>(
        to body: inout Body, answered first: RangeResponse? = nil, resumptions: Int = 0,
        _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        let spans = body.rest(of: size).spans()
        try await withThrowingTaskGroup(of: (Int, RangeResponse).self) { group in
            // Dropping an answer closes its connection; so does the end of the group when a request is under way.
            defer { group.cancelAll() }
            var answers: [Int: RangeResponse] = [:]
            answers[0] = first
            var asked = first == nil ? 0 : 1
            var resumptions = resumptions
            for (index, span) in spans.enumerated() where body.lacks(span, of: size) {
                // The first one shows whether the upstream gives ranges, or sends everything whatever it is asked for.
                while asked < min(spans.count, index == 0 ? 1 : index + Self.asksAhead) {
                    let number = asked
                    group.addTask { (number, try await ask(for: spans[number])) }
                    asked += 1
                }
                while answers[index] == nil, let (number, answer) = try await group.next() { answers[number] = answer }
                var next = answers.removeValue(forKey: index)
                var offset = span.lowerBound
                while let answer = next {
                    defer { answer.body.cancel() }
                    record.usedUpstream = true
                    guard case .partial = answer.verdict else {
                        return try await append(answer, from: offset, to: &body, &response, &record)
                    }
                    let missing = body.missing
                    limitSilence(of: answer.body, resumptions: resumptions)
                    do {
                        try await append(answer, from: offset, to: &body, &response, &record)
                    } catch let error as UpstreamError {
                        try resume(after: error, hasBrought: body.missing != missing, resumptions: resumptions)
                        resumptions += 1
                    }
                    // One answer is enough, unless it broke off, or the upstream gives less at a time than it is asked for.
                    guard body.lacks(span, of: size), let begin = body.rest(of: size).hull?.lowerBound else { break }
                    offset = begin
                    next = try await ask(for: begin..<span.upperBound)
                }
            }
        }
    }

    /// Has a body fail that is silent for so long that the rest of it had better come over another connection.
    func limitSilence(of body: UpstreamBody, resumptions: Int) {
        guard resumptions < Self.silences.count else { return }
        body.limitSilence(to: Self.silences[resumptions])
    }

    /// Throws `error`, with which a body ended in the middle, unless it may go on over another connection.
    ///
    /// - Parameters:
    ///   - hasBrought: whether some of it came. One that ended without says how the next would end, one that was silent does not.
    ///   - resumptions: how often it has gone on so before.
    func resume(after error: UpstreamError, hasBrought: Bool, resumptions: Int) throws {
        let wasSilent = error.code == .timeout && resumptions < Self.silences.count
        guard hasBrought || wasSilent, resumptions < Self.mostResumptions, !Task.isCancelled else { throw error }
        upstream.logger.notice(
            error.code == .timeout
                ? "a body from the registry fell silent in the middle, going on over another connection"
                : "a body from the registry ended in the middle, going on over another connection",
            metadata: ["upstream": "\(upstream.base)", "blob": "\(pull.blob)", "error": "\(error)"])
    }

    /// Asks the upstream for bytes of the blob.
    func ask(for octets: Range<UInt64>) async throws -> RangeResponse {
        try await upstream.blobRange(
            repository: pull.blob.repository, digest: pull.blob.digest, offset: octets.lowerBound,
            length: octets.upperBound == size ? nil : octets.length, headers: pull.wholeHead.headers,
            pull.terms)
    }

    /// Appends the missing bytes of an answer.
    ///
    /// - Parameter offset: the offset in the blob of the first byte that was asked for.
    private func append<Body: BlobBody & ~Copyable>(
        _ answer: RangeResponse, from offset: UInt64, to body: inout Body, _ response: inout ResponseWriter,
        _ record: inout RequestRecord
    ) async throws {
        var offset = try begin(of: answer.verdict, asked: offset)
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

    /// The offset in the blob of an answer's first byte.
    func begin(of verdict: ByteRange.Verdict, asked offset: UInt64) throws -> UInt64 {
        func wrongSize(_ now: String) -> BlobFailure {
            .wrongSize("\(size) \(sizeSource.words), \(now) at the upstream\(sizeSource == .upstream ? " now" : "")")
        }
        switch verdict {
        case .partial(_, let total):
            guard total == size else { throw wrongSize("\(total)") }
            return offset
        case .whole(let length):
            if let length, length != size { throw wrongSize("\(length)") }
            return 0
        case .beyondEnd: throw wrongSize("less")
        case .refused(let status): throw BlobFailure.rest("status \(status.code)")
        case .invalid(let why): throw BlobFailure.rest(why)
        }
    }
}
