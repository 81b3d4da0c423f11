import NDNSimulation
import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// A blob whose every octet tells where it belongs.
private struct Blob {
    let chunk: Int
    let octets: [UInt8]

    init(octets: Int, chunk: Int) {
        self.chunk = chunk
        self.octets = (0..<octets).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 8) }
    }

    var final: UInt64 { octets.isEmpty ? 0 : UInt64((octets.count - 1) / chunk) }

    func payload(_ segment: UInt64) -> ByteBuffer {
        let start = Int(segment) * chunk
        return ByteBuffer(bytes: octets[start..<min(start + chunk, octets.count)])
    }
}

/// `#expect` takes copyable values only.
private final class BoxedReassembler {
    private var inner: SegmentReassembler

    init(
        firstSegment: UInt64 = 0, chunkSize: Int = 0, window: Int, slabSegments: Int = 64, pool: SlabPool = SlabPool()
    ) {
        inner = SegmentReassembler(
            firstSegment: firstSegment, chunkSize: chunkSize, window: window, slabSegments: slabSegments, pool: pool)
    }

    func place(_ segment: UInt64, _ payload: ByteBuffer, finalSegment: UInt64? = nil) -> SegmentPlacement {
        inner.place(segment, payload, finalSegment: finalSegment)
    }

    func take(partial: Bool = false) -> ByteBuffer? { inner.take(partial: partial) }
    func contains(_ segment: UInt64) -> Bool { inner.contains(segment) }
    var firstMissing: UInt64 { inner.firstMissing }
    var windowEnd: UInt64 { inner.windowEnd }
    var chunkSize: Int? { inner.chunkSize }
    var finalSegment: UInt64? { inner.finalSegment }
    var totalOctets: UInt64? { inner.totalOctets }
    var takenOctets: UInt64 { inner.takenOctets }
    var isComplete: Bool { inner.isComplete }
}

@Suite("Link: segment reassembly")
struct SegmentReassemblerTests {
    @Test("Segments in any order become the blob", arguments: 0..<40 as Range<UInt64>)
    func shuffled(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let blob = Blob(octets: .random(in: 1...60_000, using: &random), chunk: .random(in: 1...300, using: &random))
        let pool = SlabPool()
        let reassembler = BoxedReassembler(
            chunkSize: seed % 2 == 0 ? blob.chunk : 0, window: 200, slabSegments: [64, 16, 1, 63][Int(seed / 2 % 4)],
            pool: pool)
        // Only the final segment tells that it is the last in every third run.
        let isLate = seed % 3 == 0
        var pending = Array(0...blob.final)
        var out: [UInt8] = []
        if seed % 2 == 1 { _ = reassembler.place(0, blob.payload(0), finalSegment: isLate ? nil : blob.final) }
        while let lowest = pending.first {
            let near = pending.prefix { $0 < lowest + 190 }.count
            let index = Int.random(in: 0..<near, using: &random)
            let segment = pending[index]
            let placement = reassembler.place(
                segment, blob.payload(segment), finalSegment: isLate && segment != blob.final ? nil : blob.final)
            #expect(placement == .placed || (seed % 2 == 1 && segment == 0 && placement == .duplicate))
            #expect(reassembler.contains(segment))
            #expect(reassembler.place(segment, blob.payload(segment)) == .duplicate)
            pending.remove(at: index)
            let missing = pending.first { $0 > 0 || seed % 2 == 0 }
            #expect(reassembler.firstMissing == missing ?? blob.final + 1)
            let partial = Int.random(in: 0..<10, using: &random) == 0
            while let run = reassembler.take(partial: partial) { out += run.readableBytesView }
        }
        while let run = reassembler.take(partial: true) { out += run.readableBytesView }
        #expect(out == blob.octets, "seed \(seed)")
        #expect(reassembler.isComplete)
        #expect(reassembler.takenOctets == UInt64(blob.octets.count))
        #expect(reassembler.totalOctets == UInt64(blob.octets.count))
    }

    @Test("One segment, none and empty last ones", arguments: [0, 1, 7])
    func small(octets: Int) throws {
        let blob = Blob(octets: octets, chunk: 7)
        let reassembler = BoxedReassembler(window: 1)
        #expect(reassembler.place(0, blob.payload(0), finalSegment: 0) == .placed)
        #expect(reassembler.place(0, blob.payload(0), finalSegment: 0) == .duplicate)
        #expect(reassembler.place(1, ByteBuffer()) == .pastFinal)
        #expect(reassembler.totalOctets == UInt64(octets))
        #expect(reassembler.firstMissing == 1)
        #expect(reassembler.take().map { Array($0.readableBytesView) } ?? [] == blob.octets)
        #expect(reassembler.take(partial: true) == nil)
        #expect(reassembler.isComplete)
        #expect(reassembler.place(0, blob.payload(0), finalSegment: 0) == .duplicate)
    }

    @Test("An empty final segment after whole ones")
    func emptyLast() {
        let reassembler = BoxedReassembler(chunkSize: 3, window: 4)
        #expect(reassembler.place(0, ByteBuffer(string: "abc"), finalSegment: 1) == .placed)
        #expect(reassembler.place(1, ByteBuffer(), finalSegment: 1) == .placed)
        #expect(reassembler.totalOctets == 3)
        #expect(reassembler.take() == ByteBuffer(string: "abc"))
        #expect(reassembler.isComplete)
    }

    @Test("A FinalBlockId that comes after its octets were taken ends the blob")
    func lateFinal() {
        for count in [2, 64, 65] as [UInt64] {
            let reassembler = BoxedReassembler(chunkSize: 1, window: 100)
            for segment in 0..<count { #expect(reassembler.place(segment, ByteBuffer(string: "x")) == .placed) }
            var taken = 0
            while let run = reassembler.take(partial: true) { taken += run.readableBytes }
            #expect(taken == Int(count) && !reassembler.isComplete)
            let last = reassembler.place(count - 1, ByteBuffer(string: "x"), finalSegment: count - 1)
            #expect(last == .duplicate)
            #expect(reassembler.take(partial: true) == nil)
            #expect(reassembler.isComplete)
            #expect(reassembler.totalOctets == count)
        }
    }

    @Test("Lengths and FinalBlockIds that cannot be are told apart, and nothing is kept of them")
    func hostileLengths() {
        let reassembler = BoxedReassembler(chunkSize: 4, window: 64)
        let four = ByteBuffer(repeating: 1, count: 4)
        let five = ByteBuffer(repeating: 1, count: 5)
        #expect(reassembler.place(0, five) == .badLength)
        #expect(reassembler.place(0, ByteBuffer()) == .badLength)
        #expect(reassembler.place(0, ByteBuffer(repeating: 1, count: 3), finalSegment: 9) == .badLength)
        #expect(reassembler.place(9, five, finalSegment: 9) == .badLastLength)
        #expect(reassembler.finalSegment == nil)
        #expect(reassembler.place(3, four, finalSegment: 2) == .finalInvalid)
        #expect(reassembler.place(3, four) == .placed)
        #expect(reassembler.place(1, four, finalSegment: 2) == .finalInvalid)
        #expect(reassembler.place(1, four, finalSegment: 9) == .placed)
        #expect(reassembler.place(2, four, finalSegment: 8) == .finalChanged)
        #expect(reassembler.place(10, four) == .pastFinal)
        #expect(reassembler.firstMissing == 0)
        #expect(reassembler.finalSegment == 9)
    }

    @Test("No number traps", arguments: [0, 1, 4, 8800, Int.max, -1])
    func hostileNumbers(chunk: Int) {
        let numbers: [UInt64] = [0, 1, 63, 64, 1 << 32, 1 << 50, 1 << 62, 1 << 63, .max - 64, .max - 1, .max]
        for first in numbers {
            for window in [Int.min, 0, 1, 64] {
                for final in [nil] + numbers.map(Optional.some) {
                    let reassembler = BoxedReassembler(firstSegment: first, chunkSize: chunk, window: window)
                    for segment in numbers + numbers {
                        for length in [0, 1, 4, 8800, 9000] {
                            let payload = ByteBuffer(repeating: 0, count: length)
                            _ = reassembler.place(segment, payload, finalSegment: final)
                        }
                        _ = reassembler.take(partial: true)
                    }
                    #expect(reassembler.windowEnd >= reassembler.firstMissing || reassembler.isComplete)
                    #expect(reassembler.totalOctets.map { $0 <= UInt64(Int64.max) } ?? true)
                    // A blob of more than 2^63-1 octets is never accepted.
                    if let final = reassembler.finalSegment, let chunk = reassembler.chunkSize, chunk > 0 {
                        #expect(!final.multipliedReportingOverflow(by: UInt64(chunk)).overflow)
                    }
                }
            }
        }
    }

    @Test("Chunk size 0 with more segments is refused")
    func emptyChunks() {
        let reassembler = BoxedReassembler(window: 64)
        #expect(reassembler.place(0, ByteBuffer(), finalSegment: 7) == .badLength)
        #expect(reassembler.place(0, ByteBuffer()) == .badLength)
        #expect(reassembler.place(7, ByteBuffer(), finalSegment: 7) == .chunkUnknown)
        #expect(reassembler.place(0, ByteBuffer(repeating: 1, count: 9000)) == .badLength)
        #expect(reassembler.chunkSize == nil && reassembler.firstMissing == 0)
    }

    @Test("The window ends where memory does, and moves on as octets are taken")
    func window() {
        let one = ByteBuffer(string: "x")
        let reassembler = BoxedReassembler(chunkSize: 1, window: 64)
        let end = reassembler.windowEnd
        #expect(end >= 64)
        #expect(reassembler.place(end - 1, one) == .placed)
        #expect(reassembler.place(end, one) == .outsideWindow)
        for segment in 0..<64 as Range<UInt64> { #expect(reassembler.place(segment, one) == .placed) }
        #expect(reassembler.windowEnd == end)
        #expect(reassembler.take()?.readableBytes == 64)
        #expect(reassembler.windowEnd == end + 64)
        #expect(reassembler.place(end, one) == .placed)
        #expect(reassembler.place(end + 64, one) == .outsideWindow)
        #expect(reassembler.take() == nil)
    }

    @Test("At least the window is free beyond the octets taken", arguments: [1, 63, 64, 65, 100, 1000])
    func windowIsFree(window: Int) {
        let reassembler = BoxedReassembler(chunkSize: 1, window: window)
        for segment in 0..<300 as Range<UInt64> {
            #expect(reassembler.windowEnd >= segment + UInt64(window))
            #expect(reassembler.place(segment, ByteBuffer(string: "x")) == .placed)
            _ = reassembler.take(partial: segment % 3 == 0)
            if segment % 64 == 63 { while reassembler.take(partial: true) != nil {} }
        }
    }

    @Test("Output begins at the first segment, to resume")
    func resume() {
        let blob = Blob(octets: 1000, chunk: 10)
        let reassembler = BoxedReassembler(firstSegment: 37, chunkSize: 10, window: 128)
        #expect(reassembler.place(36, blob.payload(36), finalSegment: 99) == .outsideWindow)
        #expect(!reassembler.contains(36))
        for segment in (37...99).reversed() as ReversedCollection<ClosedRange<UInt64>> {
            #expect(reassembler.place(segment, blob.payload(segment), finalSegment: 99) == .placed)
        }
        #expect(reassembler.take().map { Array($0.readableBytesView) } == Array(blob.octets[370...]))
        #expect(reassembler.isComplete && reassembler.totalOctets == 1000 && reassembler.takenOctets == 630)
    }

    @Test("A whole slab goes out without a copy, what is partial is copied once")
    func slabs() {
        let blob = Blob(octets: 128 * 100, chunk: 100)
        let pool = SlabPool()
        let reassembler = BoxedReassembler(chunkSize: 100, window: 64, pool: pool)
        for segment in 0..<10 as Range<UInt64> {
            _ = reassembler.place(segment, blob.payload(segment), finalSegment: 127)
        }
        #expect(reassembler.take() == nil)
        #expect(reassembler.take(partial: true)?.readableBytes == 1000)
        #expect(reassembler.take(partial: true) == nil)
        #expect(pool.count == 0)
        for segment in 10..<64 as Range<UInt64> { _ = reassembler.place(segment, blob.payload(segment)) }
        var rest = reassembler.take()
        #expect(rest?.readableBytes == 5400)
        #expect(pool.count == 1)
        // Its memory is used again, not before the reader has let go of it.
        _ = reassembler.place(64, blob.payload(64))
        #expect(rest.map { Array($0.readableBytesView) } == Array(blob.octets[1000..<6400]))
        rest = nil
        for segment in 65...127 as ClosedRange<UInt64> { _ = reassembler.place(segment, blob.payload(segment)) }
        var second = reassembler.take()
        #expect(second.map { Array($0.readableBytesView) } == Array(blob.octets[6400...]))
        let slab = second.map(address)
        second = nil
        #expect(pool.count == 2)
        let next = BoxedReassembler(chunkSize: 100, window: 64, pool: pool)
        for segment in 0..<64 as Range<UInt64> { _ = next.place(segment, blob.payload(segment)) }
        #expect(next.take().map(address) == slab)
    }

    @Test("The pool remembers what is shared, and of what is free no more than its limit")
    func pool() {
        let pool = SlabPool(limit: 2)
        var kept = (0..<5).map { _ in pool.take(capacity: 128) }
        kept.forEach(pool.give)
        pool.trim()
        #expect(pool.count == 5, "they are still shared")
        let new = pool.take(capacity: 128)
        #expect(!kept.contains { address($0) == address(new) })
        kept.removeFirst(4)
        withExtendedLifetime(pool.take(capacity: 128)) {
            #expect(pool.count == 3, "one in use; of four that are free one is taken, two are kept")
        }
        kept = []
        pool.trim()
        #expect(pool.count == 0)
    }

    @Test("A slab is not used for a much smaller one, nor for a larger one")
    func poolOfTwoSizes() {
        let pool = SlabPool()
        pool.give(pool.take(capacity: 4096))
        #expect(pool.take(capacity: 1024).capacity == 1024)
        #expect(pool.take(capacity: 8192).capacity == 8192)
        #expect(pool.count == 1)
        #expect(pool.take(capacity: 2048).capacity == 4096)
        #expect(pool.count == 0)
    }

    private func address(_ buffer: ByteBuffer) -> Int {
        unsafe buffer.withUnsafeReadableBytes { Int(bitPattern: $0.baseAddress) }
    }
}
