import Logging
import NIOCore
import NIOPosix

/// Where a server has its blobs from.
package enum BlobOrigin: Sendable, CustomStringConvertible {
    /// A registry, over HTTP.
    case registry(UpstreamURL)
    /// A folder on this machine's disk.
    case folder(BlobFolder)

    package var description: String {
        switch self {
        case .registry(let url): "\(url)"
        case .folder(let folder): "\(folder)"
        }
    }

    /// Whether a long read is cheaper than several short ones.
    var hasStreams: Bool { if case .registry = self { true } else { false } }

    /// Bytes that a read may have on their way to the cache: in the socket's buffer, waiting to be pulled, and waiting for the
    /// producer.
    var readBuffer: Int { (hasStreams ? Self.readSize + Self.bodyWindow : 0) + 2 * RangePacker.portion }

    private static let readSize = 256 << 10
    private static let bodyWindow = 512 << 10

    /// What performs the reads of `producer` there.
    func reader(
        for producer: NIOLoopBound<BlobProducer>, rangeSize: Int, upstream: UpstreamConfiguration,
        packing: Packing, group: any EventLoopGroup, logger: Logger
    ) -> any OriginReader {
        switch self {
        case .registry(let url):
            // Large pieces: each wakes the producer up, and a train of packets needs 64 kB of payload.
            var configuration = upstream
            configuration.readSize = Self.readSize
            configuration.bodyWindow = Self.bodyWindow
            return RegistryReader(
                upstream: UpstreamClient(base: url, group: group, configuration: configuration, logger: logger),
                producer: producer, rangeSize: UInt64(rangeSize), packing: packing)
        case .folder(let folder):
            return FolderReader(folder: folder, producer: producer, pool: .singleton, packing: packing)
        }
    }
}

/// Performs the producer's reads at a blob's origin, and brings what comes to the producer's event loop: `RegistryReader` over
/// HTTP, `FolderReader` on the disk.
protocol OriginReader: Sendable {
    var producer: NIOLoopBound<BlobProducer> { get }

    /// Performs the reads of one stream until it ends, and tells the producer of each: `began`, `arrived` and `ended`, or
    /// `failed`. Whatever goes wrong with a read leaves nothing of it in the cache.
    func perform(stream: Int) async

    /// No more reads follow.
    func shutdown()
}

extension OriginReader {
    var eventLoop: any EventLoop { producer.eventLoop }

    /// The next read of a stream; nil when the stream ends.
    ///
    /// - Parameter position: the offset in the blob of the byte that the stream's body gives next; nil without a body.
    func next(_ stream: Int, at position: UInt64? = nil) async throws -> StreamPlan.Assignment? {
        try await eventLoop.flatSubmit { producer.value.next(stream, at: position) }.get()
    }

    /// Tells the producer that a read gave nothing, or not all. One that ends with the program is no fault to tell of.
    func fail(_ read: OriginRead, _ failure: ReadFailure, _ why: String?) {
        let why = Task.isCancelled ? nil : why
        eventLoop.execute { producer.value.failed(read.id, failure, why: why) }
    }
}
