internal import NDN
internal import NIOCore
internal import NIOHTTP1

/// What is missing of a blob that a client pulls, read from the upstream part by part.
struct RestOfBlob: Sendable {
    /// Requests for parts of a blob that are under way at a time: one is read while the others travel.
    private static let asksAhead = 4
    /// How often a body goes on over a new connection after one has broken off, or fallen silent, in the middle.
    private static let mostResumptions = 3

    let pull: BlobPull
    /// Bytes of the blob; the largest number of all while that is not known.
    let size: UInt64
    let upstream: UpstreamClient

    /// Appends what is missing of a body.
    ///
    /// - Parameter first: the upstream's answer to a request for the first part, when it was asked already.
    func append<Body: BlobBody & ~Copyable>(
        to body: inout Body, answered first: RangeResponse? = nil, _ response: inout ResponseWriter,
        _ record: inout RequestRecord
    ) async throws {
        let spans = body.rest(of: size).spans()
        try await withThrowingTaskGroup(of: (Int, RangeResponse).self) { group in
            // Dropping an answer closes its connection; so does the end of the group when a request is under way.
            defer { group.cancelAll() }
            var answers: [Int: RangeResponse] = [:]
            answers[0] = first
            var asked = first == nil ? 0 : 1
            var resumptions = 0
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
                    let missing = body.missing
                    do {
                        try await append(answer, from: offset, to: &body, &response, &record)
                    } catch let error as UpstreamError {
                        resumptions += 1
                        // One that brought nothing at all says how the next would end.
                        guard case .partial = answer.verdict, body.missing != missing, !Task.isCancelled,
                            resumptions <= Self.mostResumptions
                        else { throw error }
                    }
                    guard case .partial = answer.verdict else { return }
                    // One answer is enough, unless it broke off, or the upstream gives less at a time than it is asked for.
                    guard body.lacks(span, of: size), let begin = body.rest(of: size).hull?.lowerBound else { break }
                    offset = begin
                    next = try await ask(for: begin..<span.upperBound)
                }
            }
        }
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

    /// The offset in the blob of an answer's first byte.
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
