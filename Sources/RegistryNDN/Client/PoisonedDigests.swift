internal import NIOCore
internal import Synchronization

/// Digests whose bytes came wrong over NDN lately, most likely from a poisoned cache. Those that the upstream itself gave wrong
/// are not among them: NDN is then the better source.
///
/// Docker resumes a cut blob at its offset and would keep a bad prefix: such a blob is read from the upstream alone, and
/// in full.
final class PoisonedDigests: Sendable {
    private static let lifetime = TimeAmount.minutes(10)
    /// Enough for any honest trouble; an attacker who fills it only makes this client read from the upstream.
    private static let capacity = 4096

    private let digests = Mutex(ExpiringSet<ContentDigest>(lifetime: lifetime, capacity: capacity))

    func insert(_ digest: ContentDigest) {
        digests.withLock { $0.insert(digest, now: .now()) }
    }

    func contains(_ digest: ContentDigest) -> Bool {
        digests.withLock { $0.contains(digest, now: .now()) }
    }
}
