internal import NDN
internal import NIOCore
internal import NIOHTTP1

/// The body of a blob on its way to the client: hashed on another thread as it passes, its end held back until the digest is right.
///
/// The response head goes out with the first bytes, so that a failure before them leaves every answer possible. A blob
/// of one chunk, or of none, is verified before anything of it goes out.
struct VerifiedBody: BlobBody, ~Copyable {
    private let digest: ContentDigest
    private let status: HTTPResponseStatus
    private let headers: HTTPHeaders
    private var tail: WithheldTail
    private let hash = OverlappedSHA256()

    /// - Parameters:
    ///   - size: the length of the whole blob; nil when its source does not tell.
    ///   - headers: of the response.
    init(digest: ContentDigest, size: UInt64?, headers: HTTPHeaders) {
        self.digest = digest
        self.headers = headers
        status = .ok
        tail = WithheldTail(size: size)
    }

    /// A blob of `size` bytes, at least one, as the answer to a request for a range that is all of it.
    init(digest: ContentDigest, range size: UInt64, headers: HTTPHeaders) {
        self.digest = digest
        self.headers = headers.forRange(0..<size, of: size)
        status = .partialContent
        tail = WithheldTail(size: size)
    }

    var missing: UInt64? { tail.size.map { $0 - min(tail.received, $0) } }

    func rest(of size: UInt64) -> BlobParts { BlobParts([min(tail.received, size)..<size]) }

    /// Takes the next bytes of the blob.
    mutating func append(_ chunk: ByteBuffer, to response: inout ResponseWriter) async throws {
        let released: ByteBuffer?
        do {
            released = try tail.receive(chunk)
        } catch {
            throw BlobFailure.wrongSize("more bytes than announced")
        }
        await hash.update(chunk)
        guard let released else { return }
        if response.status == nil {
            try await response.start(status, headers, first: released)
        } else {
            try await response.write(released)
        }
    }

    /// Ends the body if it is what its digest says.
    mutating func finish(_ response: inout ResponseWriter) async throws {
        let last: ByteBuffer?
        do {
            last = try tail.finish()
        } catch {
            throw BlobFailure.wrongSize("\(tail.received) bytes, fewer than announced")
        }
        let actual = ContentDigest(sha256: await hash.finalize())
        guard actual == digest else { throw BlobFailure.wrongDigest(actual) }
        if response.status == nil { try await response.start(status, headers) }
        try await response.finish(last: last)
    }
}

/// Why the bytes that came are not the blob.
enum BlobFailure: Error, CustomStringConvertible {
    case wrongDigest(ContentDigest)
    case wrongSize(String)
    /// The upstream did not give the bytes that NDN left missing.
    case rest(String)
    /// NDN did not deliver, and the policy forbids to try the upstream.
    case notOverNDN
    /// The registry redirects to another place for the blob, and the policy forbids to go or send there.
    case elsewhere
    /// The path was left while the blob was under way (``NDNPath/watch(against:)``).
    case pathLeft

    var description: String {
        switch self {
        case .wrongDigest(let actual): "wrong digest: the bytes have \(actual)"
        case .wrongSize(let what): "wrong size: \(what)"
        case .rest(let what): "the rest of the blob cannot be had from the upstream: \(what)"
        case .elsewhere:
            "the registry redirects to where it has the blob, and \(RegistrySetting.fallback) fail forbids to go or send there"
        case .pathLeft: "NDN leaves most Interests unanswered, and the upstream is much faster"
        case .notOverNDN: "\(RegistrySetting.fallback) fail forbids to ask the upstream"
        }
    }
}
