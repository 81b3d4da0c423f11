public import Logging
public import NIOCore

/// Fetches blobs over one connection to a router (or straight to a server).
///
/// All blobs in flight share the connection's congestion window by round robin and ``FetchConfiguration/memoryBudget``
/// for what has arrived but is not read. Requests for one blob share one fetch while its first octets are still here;
/// a reader that falls too far behind the fastest one goes on with a fetch of its own, from where it is.
public final class BlobFetcher: Sendable {
    /// Connects to a router.
    ///
    /// - Throws: ``FetchError/faceDown`` when the connection cannot be made now.
    public static func connect(
        router: FaceURI, configuration: FetchConfiguration = .init(), group: any EventLoopGroup, logger: Logger
    ) async throws -> BlobFetcher {
        throw FetchError.faceDown
    }

    private init() {}

    /// Ends all fetches with ``FetchError/cancelled`` and closes the connection.
    public func shutdown() async {}

    /// Starts to fetch a blob, or joins a running fetch of it.
    ///
    /// - Parameters:
    ///   - blob: the blob's name, without a segment component.
    ///   - deadline: the end of the whole fetch; nil: ``FetchConfiguration/timeout`` from now.
    /// - Returns: once the size is known.
    public func open(_ blob: Name, deadline: NIODeadline? = nil) async throws(FetchError) -> BlobReader {
        throw .faceDown
    }

    /// Whether anything answers `name` (an Interest with CanBePrefix and MustBeFresh) with Data; for health probing.
    public func probe(_ name: Name) async -> Bool {
        false
    }
}
