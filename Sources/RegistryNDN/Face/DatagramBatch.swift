import NIOCore

/// The datagrams of one send call, all to one peer.
struct DatagramSend {
    var octets: ByteBuffer
    /// Length of each datagram in `octets`, of which the last may be shorter; nil when it is a single one.
    var segmentSize: Int?

    /// How many datagrams leave.
    var count: Int {
        guard let segmentSize else { return 1 }
        return (octets.readableBytes + segmentSize - 1) / segmentSize
    }

    /// The datagrams one by one, as they go without segmentation offload.
    var singles: [DatagramSend] {
        guard let segmentSize else { return [self] }
        var rest = octets
        var result: [DatagramSend] = []
        while let one = rest.readSlice(length: min(segmentSize, rest.readableBytes)), one.readableBytes > 0 {
            result.append(DatagramSend(octets: one, segmentSize: nil))
        }
        return result
    }
}

/// Puts consecutive datagrams of equal size together, so that the kernel takes them in one send (UDP_SEGMENT): one walk
/// through its network stack instead of one a packet.
struct DatagramBatch {
    /// UDP_MAX_SEGMENTS of Linux before 6.9; later ones take 128, and 64 full segments are 65,507 octets from 1 kB on.
    static let maximumSegments = 64
    /// Largest payload of a UDP datagram over IPv4.
    static let maximumOctets = 65507

    private var first = ByteBuffer()
    private var run = ByteBuffer()
    private var count = 0
    private var octets = 0
    private var segmentSize = 0
    /// A shorter datagram ends a run.
    private var isEnded = false

    /// Adds a datagram; returns the run before it when it cannot join that.
    mutating func add(_ datagram: ByteBuffer) -> DatagramSend? {
        let size = datagram.readableBytes
        guard size > 0 else { return nil }
        guard count > 0, !isEnded, size <= segmentSize, count < DatagramBatch.maximumSegments,
            octets + size <= DatagramBatch.maximumOctets
        else {
            let before = take()
            first = datagram
            (count, octets, segmentSize, isEnded) = (1, size, size, false)
            return before
        }
        if count == 1 {
            // The same memory again, unless the channel still holds it.
            run.clear(
                minimumCapacity: min(segmentSize * DatagramBatch.maximumSegments, DatagramBatch.maximumOctets))
            run.writeImmutableBuffer(first)
        }
        run.writeImmutableBuffer(datagram)
        count += 1
        octets += size
        isEnded = size < segmentSize
        return nil
    }

    /// Ends the run and returns it.
    mutating func take() -> DatagramSend? {
        guard count > 0 else { return nil }
        let send =
            count == 1
            ? DatagramSend(octets: first, segmentSize: nil) : DatagramSend(octets: run, segmentSize: segmentSize)
        first = ByteBuffer()
        count = 0
        return send
    }

    /// Cuts a train of equal-sized datagrams into sends the kernel takes, without copying.
    static func sends(of train: ByteBuffer, segmentSize: Int) -> Sends {
        Sends(rest: train, segmentSize: segmentSize)
    }

    /// The sends of a train, one after the other.
    struct Sends: Sequence, IteratorProtocol {
        fileprivate var rest: ByteBuffer
        fileprivate let segmentSize: Int

        mutating func next() -> DatagramSend? {
            let most = Swift.max(1, Swift.min(maximumSegments, maximumOctets / Swift.max(1, segmentSize))) * segmentSize
            guard let part = rest.readSlice(length: Swift.min(most, rest.readableBytes)), part.readableBytes > 0 else {
                return nil
            }
            return DatagramSend(octets: part, segmentSize: part.readableBytes > segmentSize ? segmentSize : nil)
        }
    }
}
