internal import NDN
import NIOCore

/// Turns the bytes of a blob, in order, into the packets of a slab.
///
/// Copying and hashing are most of what a packet costs; `Packing` says where that happens. A packet that has been handed over
/// is not touched again.
struct SlabFiller: ~Copyable, Sendable {
    /// Packets that have become whole, the next ones in order.
    struct Filled: Sendable {
        var packets = 0
        /// Bytes of their payloads.
        var octets = 0
        /// The digest of each that a key is to sign; none where a digest has signed them.
        var digests: [SHA256Digest] = []
        /// Whether there were more bytes than the packets hold.
        var hasSurplus = false
    }

    private let layout: SlabLayout
    private var hasher = SHA256()
    /// Whole packets so far.
    private var packets = 0
    /// Payload bytes of the next packet that are there.
    private var partial = 0

    init(_ layout: SlabLayout) { self.layout = layout }

    /// Takes the next bytes of the blob. A blob without any is one packet, which a call without bytes makes whole.
    mutating func fill(_ octets: ByteBuffer) -> Filled {
        var filled = Filled()
        var unsigned: Unsigned?
        filled.hasSurplus = unsafe octets.withUnsafeReadableBytes { source in
            var rest = unsafe source[...]
            while packets < layout.count, let run = layout.run(of: packets) {
                let length = unsafe min(rest.count, run.packet.payloadLength - partial)
                let start = layout.start(of: packets, in: run)
                unsafe layout.withSlot(start + run.packet.payloadOffset + partial, length) { slot in
                    unsafe slot.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(length)))
                }
                unsafe rest = rest.dropFirst(length)
                partial += length
                guard partial == run.packet.payloadLength else { break }
                complete(start, &filled, &unsigned)
            }
            return unsafe !rest.isEmpty
        }
        if let unsigned { sign(unsigned) }
        return filled
    }

    /// A packet whose signature is missing: two of one size are signed together.
    private struct Unsigned {
        let start: Int
        let packet: SegmentPacketLayout
    }

    /// Writes what surrounds the payload of the next packet; the signature perhaps with the next one.
    private mutating func complete(_ start: Int, _ filled: inout Filled, _ unsigned: inout Unsigned?) {
        guard let packet = layout.packet(at: packets) else { preconditionFailure("its run has been laid out") }
        unsafe layout.withSlot(start, packet.size) { slot in
            unsafe packet.writeHeader(into: slot)
            if layout.trailer != nil { filled.digests.append(unsafe packet.prepare(slot, hasher: &hasher)) }
        }
        if layout.trailer == nil { sign(Unsigned(start: start, packet: packet), after: &unsigned) }
        packets += 1
        partial = 0
        filled.packets += 1
        filled.octets += packet.payloadLength
    }

    /// Signs a packet together with the one before it, or leaves it until the next one comes.
    private mutating func sign(_ next: Unsigned, after unsigned: inout Unsigned?) {
        guard let previous = unsigned, previous.packet.isAlike(next.packet) else {
            if let unsigned { sign(unsigned) }
            unsigned = next
            return
        }
        unsigned = nil
        unsafe layout.withSlot(previous.start, next.packet.size) { first in
            unsafe layout.withSlot(next.start, next.packet.size) { second in
                unsafe next.packet.sign(first, second, hasher: &hasher)
            }
        }
    }

    private mutating func sign(_ alone: Unsigned) {
        unsafe layout.withSlot(alone.start, alone.packet.size) { slot in
            unsafe alone.packet.sign(slot, hasher: &hasher)
        }
    }
}
