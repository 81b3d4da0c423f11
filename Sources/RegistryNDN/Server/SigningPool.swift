internal import NDN
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#endif

/// Threads that make a key's signatures, so that the event loop of the faces never waits for one.
struct SigningPool: Sendable {
    private let key: SigningKey
    let workers: Int
    private let threads: NIOThreadPool

    /// As many threads as the machine has processors, at most four.
    init(_ key: SigningKey) {
        self.key = key
        workers = min(4, max(1, System.coreCount))
        threads = NIOThreadPool(numberOfThreads: workers)
        threads.start()
    }

    /// Signs on one of the threads; `done` is called on the event loop, with nil for what could not be signed.
    func sign(
        _ digests: [SHA256Digest], on eventLoop: any EventLoop, done: @escaping @Sendable ([ByteBuffer?]) -> Void
    ) {
        threads.submit { state in
            // Once the threads are shut down nobody waits for signatures any more.
            guard case .active = state else { return }
            let context = KeyContext(signing: key.key)
            let signatures = digests.map { context?.sign($0) }
            eventLoop.execute { done(signatures) }
        }
    }

    /// Makes a whole packet, signed on one of the threads; `done` is called on the event loop, with nil if that failed.
    func encode(
        _ data: DataBuilder, on eventLoop: any EventLoop, done: @escaping @Sendable (ByteBuffer?) -> Void
    ) {
        threads.submit { state in
            guard case .active = state else { return }
            let packet = try? data.encode(signer: key.signer)
            eventLoop.execute { done(packet) }
        }
    }

    func shutdown() async { try? await threads.shutdownGracefully() }
}
