internal import NDN
import NIOCore

/// Where the Data packets of consecutive segments of one blob lie: back to back in one buffer.
///
/// The headers are as long as the names need, so that payload bytes go from HTTP straight to their final place. The buffer
/// is shared by the one who fills it, whose packets nobody else looks at before they are whole, and by those who send them.
struct SlabLayout: Sendable {
    /// Consecutive packets of one size. The next run has another size, since its segment numbers or its payload have.
    struct Run {
        let first: Int
        let count: Int
        /// Where its first packet begins in the slab.
        let start: Int
        let packet: SegmentPacketLayout

        var end: Int { start + count * packet.size }
    }

    /// FreshnessPeriod of every segment: a blob never changes (docs/protocol.md 10.2).
    static let freshnessMilliseconds: UInt64 = 86_400_000

    let firstSegment: UInt64
    let count: Int
    /// How a key signs the packets; nil for DigestSha256.
    let trailer: SegmentTrailer?
    let storage: ByteBuffer
    /// The memory of `storage`: a filler writes each slot, and others read it once they are told so (`ForeignPointer`, parted).
    private let memory: ForeignPointer
    private let name: Name
    private let shape: BlobShape
    private let runs: [Run]

    /// Room for segments that `shape` has.
    ///
    /// - Parameter storage: memory to use again; replaced when something else still refers to it.
    /// - Throws: `WireError.noSpace` when a packet would exceed 8800 bytes.
    init(
        name: Name, shape: BlobShape, firstSegment: UInt64, count: Int, trailer: SegmentTrailer? = nil,
        storage: consuming ByteBuffer = ByteBuffer()
    ) throws(WireError) {
        self.name = name
        self.shape = shape
        self.trailer = trailer
        self.firstSegment = firstSegment
        self.count = count
        var runs: [Run] = []
        var index = 0
        while index < count {
            let packet = try Self.packet(name, shape, firstSegment + UInt64(index), trailer)
            let length = Self.runLength(shape, firstSegment + UInt64(index), limit: count - index)
            runs.append(Run(first: index, count: length, start: runs.last?.end ?? 0, packet: packet))
            index += length
        }
        self.runs = runs
        let size = runs.last?.end ?? 0
        storage.clear(minimumCapacity: size)
        storage.moveWriterIndex(to: size)
        memory = unsafe storage.withUnsafeMutableReadableBytes { octets in
            guard let start = octets.baseAddress else {
                preconditionFailure("a buffer with capacity has memory")
            }
            return unsafe ForeignPointer(OpaquePointer(start))
        }
        self.storage = storage
    }

    private static func packet(
        _ name: Name, _ shape: BlobShape, _ segment: UInt64, _ trailer: SegmentTrailer?
    ) throws(WireError) -> SegmentPacketLayout {
        try SegmentPacketLayout(
            prefix: name, segment: segment, finalSegment: shape.geometry.final,
            payloadLength: shape.length(of: segment),
            freshnessMilliseconds: freshnessMilliseconds, trailer: trailer)
    }

    /// Segments from `segment` on whose packets have the same size: the number as long, the payload full.
    private static func runLength(_ shape: BlobShape, _ segment: UInt64, limit: Int) -> Int {
        guard segment < shape.geometry.final else { return 1 }
        let lastOfWidth: UInt64 =
            switch segment {
            case 0...0xff: 0xff
            case 0...0xffff: 0xffff
            case 0...0xffff_ffff: 0xffff_ffff
            default: .max
            }
        let last = min(lastOfWidth, shape.geometry.final - 1)
        return Int(min(last - segment, UInt64(limit) - 1)) + 1
    }

    /// Whether there is one packet, without payload.
    var isOfEmptyBlob: Bool { shape.size == 0 }

    /// Bytes of all packets.
    var size: Int { runs.last?.end ?? 0 }

    func run(of index: Int) -> Run? { runs.first { index < $0.first + $0.count } }

    /// Where a packet of `run` begins in the slab.
    func start(of index: Int, in run: Run) -> Int {
        run.start + (index - run.first) * run.packet.size
    }

    /// The layout of one packet, with its own segment number.
    func packet(at index: Int) -> SegmentPacketLayout? {
        try? Self.packet(name, shape, firstSegment + UInt64(index), trailer)
    }

    /// Lends bytes of the slab to be written to without ByteBuffer's leave: its copy-on-write would copy the whole slab each time.
    func withSlot(_ start: Int, _ length: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
        precondition(start >= 0 && length >= 0 && start + length <= size)
        unsafe body(
            UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(memory.pointer) + start, count: length))
    }
}
