internal import CNDNFast
package import NIOCore

/// What became of a segment.
package enum SegmentPlacement: Hashable, Sendable {
    /// New; its payload has been copied.
    case placed
    /// The segment had been placed before.
    case duplicate
    /// Before the first segment, or beyond the window: nothing was kept, ask again later.
    case outsideWindow
    /// Beyond the final segment.
    case pastFinal
    /// Before the final segment and not of chunk size, or empty.
    case badLength
    /// The final segment, and longer than chunk size.
    case badLastLength
    /// FinalBlockId differs from an earlier one.
    case finalChanged
    /// FinalBlockId lies before a segment that exists, or the blob would exceed 2^63-1 octets.
    case finalInvalid
    /// The final segment came first and nothing tells the chunk size: nothing was kept, ask again later.
    case chunkUnknown
}

/// Puts the payloads of one blob's segments in order (docs/protocol.md 10.2): any order, duplicates, a late FinalBlockId.
///
/// Payloads are copied once, into slabs of up to 64 segments that are used again; a whole slab goes out as one buffer without
/// another copy. Memory is bounded by the window. No number a peer sends makes it trap.
@safe package struct SegmentReassembler: ~Copyable {
    /// Segments that share a buffer, at most.
    package static let maximumSlabSegments = Int(CNDN_SLAB_SEGMENTS)

    private var state = unsafe cndn_reassembler()
    private let words: UnsafeMutableBufferPointer<UInt64>
    private var slabs: [ByteBuffer]
    private let pool: SlabPool
    /// Octets taken so far, from the first segment on.
    package private(set) var takenOctets: UInt64 = 0

    /// - Parameters:
    ///   - firstSegment: where the output begins; not 0 to resume.
    ///   - chunkSize: octets of every segment but the final one, at most 8800; 0 learns it from the first segment that
    ///     is not the final one, or from segment 0. Give it to resume.
    ///   - window: segments that can be placed, at least, beyond those taken; up to 4 million with the largest slabs.
    ///   - slabSegments: segments that share a buffer, from 1 to ``maximumSlabSegments``.
    ///   - pool: memory shared with other blobs of the same event loop.
    package init(
        firstSegment: UInt64 = 0, chunkSize: Int = 0, window: Int, slabSegments: Int = Self.maximumSlabSegments,
        pool: SlabPool = SlabPool()
    ) {
        let slabSegments = min(max(1, slabSegments), Self.maximumSlabSegments)
        let count = min(max(1, window) / slabSegments + 2, Int(CNDN_MAX_SLABS))
        let chunk = min(max(0, chunkSize), LpHeader.maximumPacketSize)
        unsafe words = .allocate(capacity: count)
        slabs = Array(repeating: ByteBuffer(), count: count)
        self.pool = pool
        _ = unsafe cndn_reassembler_init(
            &state, words.baseAddress, UInt32(count), UInt32(slabSegments), firstSegment, chunk)
    }

    deinit {
        unsafe words.deallocate()
    }

    /// Copies the payload of a segment to its place.
    ///
    /// - Parameter finalSegment: number in the Data's FinalBlockId, if it has one.
    package mutating func place(
        _ segment: UInt64, _ payload: ByteBuffer, finalSegment: UInt64? = nil
    ) -> SegmentPlacement {
        var slot = cndn_slot()
        let placement = unsafe cndn_reassembler_place(
            &state, segment, payload.readableBytes, finalSegment != nil, finalSegment ?? 0, &slot)
        guard placement == CNDN_PLACED else { return SegmentPlacement(placement) }
        let index = Int(slot.slab)
        if slot.opened {
            slabs[index] = pool.take(capacity: unsafe cndn_reassembler_slab_size(&state, segment))
        }
        slabs[index].setBuffer(payload, at: slot.offset)
        return .placed
    }

    /// The next octets in order, nil if there are none to take.
    ///
    /// A slab, or the blob's last segments, comes without a copy once it is whole.
    ///
    /// - Parameter partial: takes what is there of a slab that is not whole, too, by copying it. For small blobs and
    ///   slow links, whose readers would wait otherwise.
    package mutating func take(partial: Bool = false) -> ByteBuffer? {
        var run = cndn_run()
        while unsafe cndn_reassembler_take(&state, partial, &run) {
            let octets = read(run)
            takenOctets &+= UInt64(run.length)
            if octets.readableBytes > 0 { return octets }
        }
        return nil
    }

    private mutating func read(_ run: cndn_run) -> ByteBuffer {
        let index = Int(run.slab)
        slabs[index].moveWriterIndex(to: max(slabs[index].writerIndex, run.offset + run.length))
        guard run.finished else {
            var copy = ByteBufferAllocator().buffer(capacity: run.length)
            copy.writeBytes(slabs[index].viewBytes(at: run.offset, length: run.length) ?? ByteBufferView())
            return copy
        }
        let octets = slabs[index].slice(offset: run.offset, length: run.length)
        pool.give(slabs[index])
        slabs[index] = ByteBuffer()
        return octets
    }

    /// Whether a segment has been placed.
    package func contains(_ segment: UInt64) -> Bool {
        var state = unsafe state
        return unsafe cndn_reassembler_has(&state, segment)
    }

    /// The lowest segment that is missing; one past the final segment when none is.
    package var firstMissing: UInt64 {
        var state = unsafe state
        return unsafe cndn_reassembler_missing(&state)
    }

    /// The first segment that has no room yet; it moves on as octets are taken.
    package var windowEnd: UInt64 {
        var state = unsafe state
        return unsafe cndn_reassembler_window_end(&state)
    }

    /// Octets of every segment but the final one; nil until known.
    package var chunkSize: Int? { unsafe state.has_chunk ? state.chunk : nil }

    /// Number of the final segment; nil until known.
    package var finalSegment: UInt64? { unsafe state.has_final ? state.final : nil }

    /// Octets of the whole blob from segment 0 on; nil until the final segment has been placed.
    package var totalOctets: UInt64? {
        var state = unsafe state
        var size: UInt64 = 0
        return unsafe cndn_reassembler_size(&state, &size) ? size : nil
    }

    /// Whether all octets have been taken.
    package var isComplete: Bool { unsafe state.complete }
}

extension SegmentPlacement {
    fileprivate init(_ placement: cndn_placement) {
        switch placement {
        case CNDN_PLACED: self = .placed
        case CNDN_DUPLICATE: self = .duplicate
        case CNDN_PAST_FINAL: self = .pastFinal
        case CNDN_BAD_LENGTH: self = .badLength
        case CNDN_BAD_LAST_LENGTH: self = .badLastLength
        case CNDN_FINAL_CHANGED: self = .finalChanged
        case CNDN_FINAL_INVALID: self = .finalInvalid
        case CNDN_CHUNK_UNKNOWN: self = .chunkUnknown
        default: self = .outsideWindow
        }
    }
}
