import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct ServerSlabTests {
    static let name = try! BlobName(
        prefix: Name(uri: "/example/docker"), repository: RepositoryName("library/demo")!,
        digest: ContentDigest(sha256: SHA256.hash(ByteBuffer(string: "x")))
    ).name

    /// Octets that differ from place to place.
    static func blob(_ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 8)) }
    }

    /// The packets of `indexes`, decoded from the train they leave in.
    static func packets(_ slab: PacketSlab, _ indexes: ClosedRange<Int>) throws -> [DataPacket] {
        var train = try #require(slab.train(indexes))
        var packets: [DataPacket] = []
        while let octets = train.octets.readSlice(length: min(train.packetSize, train.octets.readableBytes)),
            octets.readableBytes > 0
        {
            packets.append(try DataPacket(decoding: octets))
        }
        return packets
    }

    /// Chunk sizes, blob sizes and arrivals that put borders everywhere; segment numbers of one and of two octets.
    @Test(arguments: [(100, 1, 7), (100, 100, 100), (100, 101, 64), (10, 5200, 999), (7777, 30_000, 1448)])
    func everyPacketHasItsOctets(chunk: Int, size: Int, arrival: Int) throws {
        let blob = Self.blob(size)
        let shape = BlobShape(size: UInt64(size), chunk: chunk)
        let count = Int(shape.geometry.final) + 1
        let layout = try SlabLayout(name: Self.name, shape: shape, firstSegment: 0, count: count)
        var slab = PacketSlab(layout)
        var filler = SlabFiller(layout)
        var octets = 0
        for start in stride(from: 0, to: size, by: arrival) {
            let filled = filler.fill(ByteBuffer(bytes: blob[start..<min(start + arrival, size)]))
            slab.take(filled)
            octets += filled.octets
        }
        #expect(octets == size)
        #expect(slab.isComplete && slab.arrived == count)
        for index in 0..<count {
            let data = try #require(try Self.packets(slab, index...index).first)
            #expect(data.name == Self.name.appending(.segment(UInt64(index))))
            #expect(data.finalSegment == shape.geometry.final)
            #expect(data.freshnessMilliseconds == 86_400_000)
            #expect(data.contentType == ContentType.blob)
            #expect(
                Array(data.content.readableBytesView) == Array(blob[index * chunk..<min((index + 1) * chunk, size)]))
            #expect(data.verify(with: .digest))
        }
    }

    @Test func moreOctetsThanTheRangeAreRefused() throws {
        let shape = BlobShape(size: 250, chunk: 100)
        let layout = try SlabLayout(name: Self.name, shape: shape, firstSegment: 1, count: 2)
        var filler = SlabFiller(layout)
        var filled: [SlabFiller.Filled] = []
        for count in [99, 51, 1] { filled.append(filler.fill(ByteBuffer(repeating: 1, count: count))) }
        #expect(filled.map(\.packets) == [0, 2, 0])
        #expect(filled.map(\.hasSurplus) == [false, false, true])
        var slab = PacketSlab(layout)
        var isComplete: [Bool] = []
        for one in filled {
            slab.take(one)
            isComplete.append(slab.isComplete)
        }
        #expect(isComplete == [false, true, false])
    }

    @Test func whatHasNotArrivedDoesNotLeave() throws {
        let layout = try SlabLayout(
            name: Self.name, shape: BlobShape(size: 300, chunk: 100), firstSegment: 0, count: 3)
        var filler = SlabFiller(layout)
        var slab = PacketSlab(layout)
        let filled = filler.fill(ByteBuffer(repeating: 1, count: 250))
        #expect(slab.train(0...0) == nil)
        slab.take(filled)
        #expect(slab.train(0...1) != nil && slab.train(1...2) == nil && !slab.isComplete)
    }

    @Test func anEmptyBlobIsOneEmptySegment() throws {
        let layout = try SlabLayout(
            name: Self.name, shape: BlobShape(size: 0, chunk: 100), firstSegment: 0, count: 1)
        var filler = SlabFiller(layout)
        var slab = PacketSlab(layout)
        let filled = filler.fill(ByteBuffer())
        slab.take(filled)
        let data = try #require(try Self.packets(slab, 0...0).first)
        #expect(data.finalSegment == 0)
        #expect(data.content.readableBytes == 0)
        #expect(data.verify(with: .digest))
        #expect(slab.isComplete)
    }

    /// Segment 255 and 256 have numbers of one and two octets: their packets are no train.
    @Test func aTrainEndsWhereThePacketsGrow() throws {
        let shape = BlobShape(size: 5205, chunk: 10)
        let slab = PacketSlab(try SlabLayout(name: Self.name, shape: shape, firstSegment: 0, count: 521))
        #expect(slab.follows(255, trainFrom: 0))
        #expect(!slab.follows(256, trainFrom: 0))
        #expect(slab.follows(520, trainFrom: 256))
        #expect(!slab.isSameSize(520, 519))
    }

    @Test func packetsThatAreOutKeepTheirOctets() throws {
        let shape = BlobShape(size: 200, chunk: 100)
        let layout = try SlabLayout(name: Self.name, shape: shape, firstSegment: 0, count: 2)
        var slab = PacketSlab(layout)
        var filler = SlabFiller(layout)
        let filled = filler.fill(ByteBuffer(repeating: 7, count: 200))
        slab.take(filled)
        let train = try #require(slab.train(0...1))
        let before = Array(train.octets.readableBytesView)
        // The memory is used again for another blob while the packets are still queued.
        var next = SlabFiller(
            try SlabLayout(name: Self.name, shape: shape, firstSegment: 0, count: 2, storage: slab.layout.storage))
        let over = next.fill(ByteBuffer(repeating: 9, count: 200))
        #expect(over.packets == 2)
        #expect(Array(train.octets.readableBytesView) == before)
    }

    @Test func aPacketThatWouldBeTooLargeIsAnError() {
        #expect(throws: WireError.noSpace) {
            _ = try SlabLayout(
                name: Self.name, shape: BlobShape(size: 9000, chunk: 8790), firstSegment: 0, count: 2)
        }
    }
}
