import Logging
import NIOCore
import NIOHTTP1

/// Performs the producer's reads at a registry.
struct RangeReader: RangeReading {
    let upstream: UpstreamClient
    let producer: NIOLoopBound<BlobProducer>

    func perform(_ read: RangeRead) async {
        do {
            let response = try await upstream.blobRange(
                repository: read.blob.repository, digest: read.blob.digest, offset: read.range.offset,
                length: read.range.length)
            if case .beyondEnd(total: 0) = response.verdict, read.range.offset == 0 {
                // docker-registry answers so for a blob without octets; what its body says is not the blob.
                response.body.cancel()
                return try await finishEmpty(read)
            }
            guard let total = try await total(of: response, read) else { return response.body.cancel() }
            guard try await begin(read, total: total) else {
                fail(read, .failed, "the registry changed its mind about the size of \(read.blob.digest)")
                return response.body.cancel()
            }
            try await copy(response.body, of: read)
        } catch {
            fail(read, .failed, "\(error)")
        }
    }

    func shutdown() {
        upstream.shutdown()
    }

    /// The size of the blob, or nil when there is nothing to read, which then has been told.
    private func total(of response: RangeResponse, _ read: RangeRead) async throws -> UInt64? {
        switch response.verdict {
        case .partial(_, let total):
            return total
        case .whole(let length?) where read.range.offset == 0 && length <= read.range.length ?? 0:
            // The range was more than the blob, so that all of it is what was asked for.
            return length
        case .whole:
            fail(read, .failed, "the registry ignores Range; it must answer 206 for blobs to be served over NDN")
        case .beyondEnd(let total):
            fail(read, .beyondEnd(total: total), nil)
        case .refused(.notFound):
            fail(read, .unknown, nil)
        case .refused(let status):
            fail(read, .failed, "the registry answers \(status.code) \(status.reasonPhrase)\(Self.advice(status))")
        case .invalid(let why):
            fail(read, .failed, why)
        }
        return nil
    }

    private static func advice(_ status: HTTPResponseStatus) -> String {
        switch status {
        case .unauthorized, .forbidden: "; it must let anybody read what is served over NDN"
        default: ""
        }
    }

    private func finishEmpty(_ read: RangeRead) async throws {
        guard try await begin(read, total: 0), try await end(read) else {
            return fail(read, .failed, "the registry changed its mind about the size of \(read.blob.digest)")
        }
    }

    private func end(_ read: RangeRead) async throws -> Bool {
        try await eventLoop.submit { producer.value.ended(read.id) }.get()
    }

    private func begin(_ read: RangeRead, total: UInt64) async throws -> Bool {
        try await eventLoop.submit { try producer.value.began(read.id, total: total) }.get()
    }

    private func copy(_ body: UpstreamBody, of read: RangeRead) async throws {
        for try await octets in body {
            eventLoop.execute { producer.value.arrived(read.id, octets) }
        }
        guard try await end(read) else {
            return fail(read, .failed, "the registry sent fewer octets of \(read.blob.digest) than it said")
        }
    }
}
