internal import CNDNFast
internal import NIOCore

/// A network packet of which some fragments have arrived; an entry of `LpReassembler`.
struct PartialPacket: Sendable {
    enum Outcome { case more, whole, tooLong }

    /// Where a fragment's octets stand in `octets`; length 0: it has not arrived.
    private struct Piece {
        var offset: UInt16 = 0
        var length: UInt16 = 0
    }

    /// FragCount.
    let count: Int
    private(set) var deadline = NIODeadline.distantFuture
    private(set) var fields = LinkFields()
    /// Kinds of network packets that the header fields may accompany.
    private(set) var permitted: UInt8 = 0
    /// Copies, since a slice of a few octets would keep a whole receive buffer alive.
    private var octets: ByteBuffer
    private var pieces: [Piece]
    private var arrived = 0
    private var isInOrder = true

    /// Memory for the packet that `lp` is a part of; `add` takes its octets.
    init(_ lp: LpPacket, _ payload: ByteBuffer) {
        count = Int(lp.fragCount)
        let guess = payload.readableBytes.multipliedReportingOverflow(by: count).partialValue
        octets = ByteBufferAllocator().buffer(capacity: min(guess, Int(CNDN_MAX_PACKET)))
        pieces = Array(repeating: Piece(), count: count)
    }

    /// Octets of memory that are held.
    var memory: Int { octets.capacity + pieces.count * MemoryLayout<Piece>.stride }

    /// Takes a fragment whose FragIndex is below FragCount.
    mutating func add(_ lp: LpPacket, _ payload: ByteBuffer, _ deadline: NIODeadline) -> Outcome {
        let index = Int(lp.fragIndex)
        let length = payload.readableBytes
        guard pieces[index].length == 0 else { return .more }
        guard octets.readableBytes + length <= Int(CNDN_MAX_PACKET) else { return .tooLong }
        pieces[index] = Piece(offset: UInt16(octets.readableBytes), length: UInt16(length))
        octets.writeImmutableBuffer(payload)
        isInOrder = isInOrder && index == arrived
        arrived += 1
        self.deadline = deadline
        if index == 0 {
            fields = lp.fields
            permitted = lp.permitted
        }
        return arrived == count ? .whole : .more
    }

    /// The packet, once it is whole.
    func assembled() -> ByteBuffer {
        guard !isInOrder else { return octets }
        var packet = ByteBufferAllocator().buffer(capacity: octets.readableBytes)
        for piece in pieces {
            packet.writeImmutableBuffer(octets.slice(offset: Int(piece.offset), length: Int(piece.length)))
        }
        return packet
    }
}
