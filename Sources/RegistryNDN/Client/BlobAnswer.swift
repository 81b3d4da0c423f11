internal import NDN
internal import NIOCore
internal import NIOHTTP1

/// The answer to a pull once the blob's size is known: what is sent of the blob, and whether that can be verified.
struct BlobAnswer {
    let pull: BlobPull
    /// What is wanted of the blob.
    let parts: BlobParts
    /// Bytes of the blob.
    let size: UInt64

    /// Sends bytes from wherever they come. All of the blob is verified, whether it was asked for as such or as a range; the digest
    /// says nothing of parts, which are passed on as they come.
    func send(
        from bytes: some BlobBytes, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws {
        var headers = pull.blob.headers(size: size)
        headers.add(name: "Server-Timing", value: record.timing(from: bytes.source, now: .now()))
        switch (pull.wanted, parts.ranges.count) {
        case (.whole, _):
            try await send(
                VerifiedBody(digest: pull.blob.digest, size: size, headers: headers), from: bytes, &response, &record)
        case (.part, 0): try await response.refuseRange(size: size)
        case (.part, 1) where parts.ranges[0] == 0..<size:
            try await send(
                VerifiedBody(digest: pull.blob.digest, range: size, headers: headers), from: bytes, &response, &record)
        case (.part, 1):
            try await send(
                PartialBody(range: parts.ranges[0], size: size, headers: headers), from: bytes, &response, &record)
        case (.part, _):
            try await send(
                MultipartBody(parts: parts, size: size, headers: headers), from: bytes, &response, &record)
        }
    }

    private func send<Body: BlobBody & ~Copyable>(
        _ body: consuming Body, from bytes: some BlobBytes, _ response: inout ResponseWriter,
        _ record: inout RequestRecord
    ) async throws {
        var body = body
        record.running?.size = body.missing
        try await bytes.fill(&body, &response, &record)
        try await body.finish(&response)
    }
}

/// Where the bytes of an answer come from.
protocol BlobBytes {
    /// As `RequestRecord.source` calls it.
    var source: String { get }

    /// Appends all that is missing of a body.
    func fill<Body: BlobBody & ~Copyable>(
        _ body: inout Body, _ response: inout ResponseWriter, _ record: inout RequestRecord
    ) async throws
}
