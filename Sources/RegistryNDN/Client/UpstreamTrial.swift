internal import NIOCore
internal import NIOHTTP1

/// How fast the upstream gives bytes of a blob that is slow over NDN: a part of it is read and thrown away.
///
/// The part is no more than a mebibyte, read for at most three seconds, so that a line which is merely thin loses little.
struct UpstreamTrial: Sendable {
    private static let octets: UInt64 = 1 << 20
    private static let duration = Duration.seconds(3)

    let upstream: UpstreamClient

    /// - Returns: bytes a second, from the request on; 0 when the upstream gives none.
    func measure(_ pull: BlobPull, size: UInt64) async -> Double {
        let start = NIODeadline.now()
        let octets = await withTaskGroup(of: UInt64?.self) { group in
            group.addTask { await read(pull, size: size) }
            group.addTask {
                try? await Task.sleep(for: Self.duration)
                return nil
            }
            var octets: UInt64 = 0
            for await read in group {
                octets += read ?? 0
                group.cancelAll()
            }
            return octets
        }
        return Double(octets) * 1e9 / Double(max((NIODeadline.now() - start).nanoseconds, 1))
    }

    private func read(_ pull: BlobPull, size: UInt64) async -> UInt64 {
        let length = min(size, Self.octets)
        let offset = min(size / 2, size - length)
        var octets: UInt64 = 0
        do {
            let answer = try await upstream.blobRange(
                repository: pull.blob.repository, digest: pull.blob.digest, offset: offset, length: length,
                headers: pull.wholeHead.headers, pull.terms)
            defer { answer.body.cancel() }
            switch answer.verdict {
            case .partial, .whole: break
            case .beyondEnd, .refused, .invalid: return 0
            }
            for try await chunk in answer.body {
                octets += UInt64(chunk.readableBytes)
                if octets >= length || Task.isCancelled { break }
            }
        } catch {
            // The bytes that came before the error count: the time is over, or the upstream is no better.
        }
        return octets
    }
}
