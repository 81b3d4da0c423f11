import NIOCore

/// Where the bytes of a read become packets.
enum Packing: Sendable {
    /// On the event loop of the faces, from whose processor's cache the packets then leave: cheaper, where the registry and
    /// others want the few processors too. What reads from a registry runs there as well.
    case onEventLoop
    /// Where they are read: the event loop keeps its time for the faces, and several blobs use several processors.
    case whereRead

    static let standard: Packing = System.coreCount > 2 ? .whereRead : .onEventLoop
}

/// Brings the bytes of one read to the producer, as packets or to become packets there.
struct RangePacker: ~Copyable {
    /// Bytes. After each portion its reader waits until the producer has taken the one before: whole ranges on their way, of as
    /// many reads as there are at a time, would take 32 MiB.
    static let portion = 512 << 10

    /// The number of the read.
    private let id: Int
    private let producer: NIOLoopBound<BlobProducer>
    /// Nil where the producer makes the packets.
    private var filler: SlabFiller?
    /// Bytes of this portion that were handed over.
    private var handed = 0
    /// Done when the producer has taken the portion before.
    private var taken: EventLoopFuture<Void>?

    init(_ read: OriginRead, into layout: SlabLayout, _ packing: Packing, for producer: NIOLoopBound<BlobProducer>) {
        id = read.id
        self.producer = producer
        filler = packing == .whereRead ? SlabFiller(layout) : nil
        // The one packet of an empty blob is made of nothing.
        if layout.isOfEmptyBlob { hand(ByteBuffer()) }
    }

    /// Takes the next bytes of the blob.
    ///
    /// - Returns: what is to be waited for before more are taken, if anything.
    mutating func pack(_ octets: ByteBuffer) -> EventLoopFuture<Void>? {
        let last = hand(octets)
        handed += octets.readableBytes
        guard handed >= Self.portion else { return nil }
        handed = 0
        defer { taken = last }
        return taken
    }

    /// - Returns: done when the producer has taken the bytes.
    @discardableResult
    private mutating func hand(_ octets: ByteBuffer) -> EventLoopFuture<Void> {
        let (producer, id) = (producer, id)
        guard let filled = filler?.fill(octets) else {
            return producer.eventLoop.submit { producer.value.pack(id, octets) }
        }
        return producer.eventLoop.submit { producer.value.arrived(id, filled) }
    }
}
