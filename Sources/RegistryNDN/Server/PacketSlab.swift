internal import NDN
import NIOCore

/// The Data packets of consecutive segments of one blob, as far as a `SlabFiller` has made them.
///
/// Equal-sized packets leave as one slice of the buffer. Confined to the server's event loop.
struct PacketSlab {
    let layout: SlabLayout
    /// Packets that are there, from the first on.
    private(set) var arrived = 0
    /// The digests that a key is to sign, one of each packet that is there; empty where a digest signs.
    private var digests: [SHA256Digest] = []
    /// Whether more bytes came than the packets hold: they cannot be those of the blob.
    private var isOverfull = false
    /// Whether the key has signed a packet, by its place; empty where a digest signs.
    private var isSigned: [Bool]

    init(_ layout: SlabLayout) {
        self.layout = layout
        isSigned = layout.trailer == nil ? [] : Array(repeating: false, count: layout.count)
    }

    /// Whether all packets are there, and nothing else came.
    var isComplete: Bool { arrived == layout.count && !isOverfull }

    /// Takes the next packets that its filler has made.
    mutating func take(_ filled: SlabFiller.Filled) {
        arrived += filled.packets
        isOverfull = isOverfull || filled.hasSurplus
        digests += filled.digests
    }

    /// Packets that can leave in one train: equal in size, but the last may be shorter. Nil unless all of them are ready.
    func train(_ indexes: ClosedRange<Int>) -> (octets: ByteBuffer, packetSize: Int)? {
        guard let first = layout.run(of: indexes.lowerBound), let last = layout.run(of: indexes.upperBound),
            indexes.allSatisfy({ isReady($0) })
        else { return nil }
        let start = layout.start(of: indexes.lowerBound, in: first)
        let end = layout.start(of: indexes.upperBound, in: last) + last.packet.size
        guard let octets = layout.storage.getSlice(at: start, length: end - start) else { return nil }
        return (octets, first.packet.size)
    }

    /// Whether the packet at `index` can follow the one before it in a train.
    func follows(_ index: Int, trainFrom first: Int) -> Bool {
        guard let start = layout.run(of: first), let run = layout.run(of: index) else { return false }
        if run.first == start.first { return true }
        // A packet of another size must be smaller, and directly behind the train: it is then the last one.
        return run.packet.size < start.packet.size && index == run.first && start.first + start.count == index
    }

    /// Whether two packets have the same size.
    func isSameSize(_ a: Int, _ b: Int) -> Bool {
        layout.run(of: a)?.packet.size == layout.run(of: b)?.packet.size
    }

    /// Whether the packet can leave at once: it has arrived, and the key has signed it where one does.
    func isReady(_ index: Int) -> Bool {
        index < arrived && (layout.trailer == nil || isSigned[index])
    }

    /// What a key is to sign of a packet that has arrived; nil where a digest has signed it.
    func digest(of index: Int) -> SHA256Digest? {
        index < digests.count ? digests[index] : nil
    }

    /// Completes a packet with the signature over its digest.
    mutating func sign(_ index: Int, _ signature: ByteBuffer) {
        guard index < digests.count, !isSigned[index], let run = layout.run(of: index),
            let packet = layout.packet(at: index)
        else { return }
        unsafe layout.withSlot(layout.start(of: index, in: run), packet.size) { slot in
            isSigned[index] = unsafe packet.finish(slot, signature: signature)
        }
    }
}
