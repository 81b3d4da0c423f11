public import Logging
public import NIOCore
import Synchronization

/// Fetches blobs over one connection to a router (or straight to a server).
///
/// All blobs in flight share the connection's congestion window by round robin, several ranges of one blob so that they end
/// one after another, and ``FetchConfiguration/memoryBudget`` for what has arrived but is not read. Requests for one blob
/// share one fetch while its first octets are still held (up to a quarter of the blob's share of the budget); a later request
/// has a fetch of its own. A reader that falls behind the fastest by half the blob's share goes on with a fetch of its own,
/// from where it is.
public final class BlobFetcher: Sendable {
    private let loop: any EventLoop
    private let engine: NIOLoopBound<FetchEngine>
    private let isShutDown = Atomic(false)

    private init(engine: FetchEngine, loop: any EventLoop) {
        self.loop = loop
        self.engine = NIOLoopBound(engine, eventLoop: loop)
    }

    deinit {
        guard !isShutDown.load(ordering: .relaxed) else { return }
        let engine = engine
        loop.execute { engine.value.close() }
    }

    /// Connects to a router; a connection that is lost later is made again by itself.
    ///
    /// - Parameters:
    ///   - router: the forwarder, or a program that answers by itself.
    ///   - configuration: limits and timers of the fetches.
    ///   - face: limits and timers of the connection.
    ///   - group: one of its loops carries the connection.
    ///   - logger: gets a line when the connection is lost or back, and when Data is refused; all else is debug.
    ///   - waitsUntilUp: returns once the connection is there, and throws `FaceError` when the first attempt fails;
    ///     else returns at once, and blobs fail with ``FetchError/faceDown`` while there is no connection.
    public static func connect(
        router: FaceURI, configuration: FetchConfiguration = .init(), face: FaceConfiguration = .init(),
        group: any EventLoopGroup, logger: Logger, waitsUntilUp: Bool = true
    ) async throws -> BlobFetcher {
        let loop = group.next()
        return try await loop.flatSubmit {
            let connector = FaceConnector(to: router, on: loop, configuration: face, logger: logger)
            let engine = FetchEngine(
                endpoint: Endpoint(face: connector.face), configuration: configuration, logger: logger)
            let fetcher = BlobFetcher(engine: engine, loop: loop)
            guard !waitsUntilUp else { return connector.connect().map { fetcher } }
            connector.start()
            return loop.makeSucceededFuture(fetcher)
        }.get()
    }

    /// Whether the connection is up; over UDP it is until the router is silent.
    public func isConnected() async -> Bool {
        let engine = engine
        return (try? await loop.submit { engine.value.endpoint.face.state == .up }.get()) ?? false
    }

    package func routers() async -> [RouterStanding] {
        let engine = engine
        let standing = try? await loop.submit {
            let face = engine.value.endpoint.face
            let isUp = face.state == .up
            return RouterStanding(
                uri: face.remote, isUsed: true, isUp: isUp, trouble: isUp ? nil : face.lastError.map { "\($0)" })
        }.get()
        return standing.map { [$0] } ?? []
    }

    /// Ends all fetches with ``FetchError/cancelled`` and closes the connection.
    public func shutdown() async {
        guard !isShutDown.exchange(true, ordering: .relaxed) else { return }
        let engine = engine
        try? await loop.submit { engine.value.close() }.get()
    }

    /// Starts to fetch a blob, or joins a running fetch of it (and its deadline).
    ///
    /// - Parameters:
    ///   - blob: the blob's name, without a segment component.
    ///   - range: the octets wanted. Only the segments that cover them are asked for, each once, and, once for a blob, the first
    ///     and the last one, which tell its size.
    ///   - hint: octets that the blob is believed to have. Once another blob with the same name but for the last two components has
    ///     come, a blob of a believed size comes in one round trip instead of two or three. A wrong number costs Interests and
    ///     nothing else: the size that is told is the one that Data say.
    ///   - repair: from where come segments that are faulty, also when asked for again; nil: they end the fetch.
    ///   - deadline: the end of the whole fetch; at most, and by default, ``FetchConfiguration/timeout`` from now.
    /// - Returns: once the size is known.
    public func open(
        _ blob: Name, range: BlobRange = .whole, size hint: UInt64? = nil, repair: BlobRepair? = nil,
        deadline: NIODeadline? = nil
    ) async throws(FetchError) -> BlobReader {
        let (loop, engine) = (loop, engine)
        let queue = ChunkQueue(repair: repair, openBegin: range.openBegin) { loop.execute { engine.value.settle() } }
        loop.execute {
            engine.value.open(blob, range: range, hint: hint, deadline: deadline, reader: queue)
        }
        let size: UInt64
        do throws(FetchError) {
            size = try await queue.size()
        } catch {
            // Nobody takes what came before.
            queue.cancel()
            throw error
        }
        return BlobReader(size: size, parts: range.parts(of: size), queue: queue)
    }

    /// Whether anything answers `name` within a second with Data that fetches would accept (an Interest with CanBePrefix
    /// and MustBeFresh); for health probing.
    public func probe(_ name: Name) async -> Bool {
        let engine = engine
        // Ends without an element when nobody is left to answer.
        let (answers, answer) = AsyncStream.makeStream(of: Bool.self)
        var builder = InterestBuilder(name: name)
        builder.canBePrefix = true
        builder.mustBeFresh = true
        builder.lifetimeMilliseconds = 1000
        let interest = builder
        loop.execute {
            engine.value.probe(interest) {
                answer.yield($0)
                answer.finish()
            }
        }
        for await isAnswered in answers { return isAnswered }
        return false
    }
}
