internal import CNDNFast
package import NIOCore

/// A SHA-256 over octets that come in pieces; one context can hash many messages, one after another.
///
/// Owned by one task or event loop at a time: it cannot be copied, only moved.
package struct SHA256: ~Copyable, Sendable {
    /// The C context, moved from thread to thread with this value (`ForeignPointer`).
    private let owned: ForeignPointer
    /// Whether a message has begun; C may have used the context for others since the last.
    private var isStarted = false

    /// A context that has hashed nothing yet.
    package init() {
        guard let context = unsafe cndn_digest_new() else { preconditionFailure("OpenSSL has no memory") }
        owned = unsafe ForeignPointer(context)
    }

    deinit {
        unsafe cndn_digest_free(context)
    }

    /// The C context, for what hashes inside C.
    var context: OpaquePointer { unsafe owned.pointer }

    package mutating func update(_ octets: UnsafeRawBufferPointer) {
        start()
        unsafe cndn_digest_update(context, octets.baseAddress, octets.count)
    }

    package mutating func update(_ buffer: ByteBuffer) {
        unsafe buffer.withUnsafeReadableBytes { unsafe update($0) }
    }

    /// The digest of all octets so far; the context then begins a new message.
    package mutating func finish() -> SHA256Digest {
        start()
        let digest = unsafe SHA256Digest { out in unsafe cndn_digest_finish(context, out.baseAddress) }
        restart()
        return digest
    }

    /// Forgets the octets so far.
    package mutating func restart() {
        isStarted = false
    }

    private mutating func start() {
        guard !isStarted else { return }
        isStarted = true
        unsafe cndn_digest_start(context)
    }

    /// The digest of all octets so far; the context goes away.
    package consuming func finalize() -> SHA256Digest { finish() }

    /// The digest of one buffer. Makes a context for it: whoever hashes often keeps one.
    package static func hash(_ buffer: ByteBuffer) -> SHA256Digest {
        var context = SHA256()
        context.update(buffer)
        return context.finish()
    }
}
