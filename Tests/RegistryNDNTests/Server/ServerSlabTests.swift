import NIOCore
import Testing

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
    static func packets(_ slab: inout PacketSlab, _ indexes: ClosedRange<Int>) throws -> [DataPacket] {
        var hasher = SHA256()
        var train = try #require(slab.train(indexes, hasher: &hasher))
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
        let grid = SegmentGrid(total: UInt64(size), chunkSize: chunk)
        let count = Int(grid.finalSegment) + 1
        var slab = try PacketSlab(name: Self.name, grid: grid, firstSegment: 0, count: count)
        for start in stride(from: 0, to: size, by: arrival) {
            let fits = slab.write(ByteBuffer(bytes: blob[start..<min(start + arrival, size)]))
            #expect(fits)
        }
        #expect(slab.missing == 0)
        #expect(slab.arrived == count)
        for index in 0..<count {
            let data = try #require(try Self.packets(&slab, index...index).first)
            #expect(data.name == Self.name.appending(.segment(UInt64(index))))
            #expect(data.finalSegment == grid.finalSegment)
            #expect(data.freshnessMilliseconds == 86_400_000)
            #expect(data.contentType == ContentType.blob)
            #expect(
                Array(data.content.readableBytesView) == Array(blob[index * chunk..<min((index + 1) * chunk, size)]))
            #expect(data.verify(with: .digest))
        }
    }

    @Test func moreOctetsThanTheRangeAreRefused() throws {
        let grid = SegmentGrid(total: 250, chunkSize: 100)
        var slab = try PacketSlab(name: Self.name, grid: grid, firstSegment: 1, count: 2)
        #expect(slab.missing == 150)
        let fits = [151, 150, 1].map { slab.write(ByteBuffer(repeating: 1, count: $0)) }
        #expect(fits == [false, true, false])
    }

    @Test func anEmptyBlobIsOneEmptySegment() throws {
        var slab = try PacketSlab(
            name: Self.name, grid: SegmentGrid(total: 0, chunkSize: 100), firstSegment: 0, count: 1)
        slab.completeEmpty()
        let data = try #require(try Self.packets(&slab, 0...0).first)
        #expect(data.finalSegment == 0)
        #expect(data.content.readableBytes == 0)
        #expect(slab.missing == 0)
    }

    /// Segment 255 and 256 have numbers of one and two octets: their packets are no train.
    @Test func aTrainEndsWhereThePacketsGrow() throws {
        let grid = SegmentGrid(total: 5205, chunkSize: 10)
        let slab = try PacketSlab(name: Self.name, grid: grid, firstSegment: 0, count: 521)
        #expect(slab.follows(255, trainFrom: 0))
        #expect(!slab.follows(256, trainFrom: 0))
        #expect(slab.follows(520, trainFrom: 256))
        #expect(!slab.isSameSize(520, 519))
    }

    @Test func packetsThatAreOutKeepTheirOctets() throws {
        let grid = SegmentGrid(total: 200, chunkSize: 100)
        var slab = try PacketSlab(name: Self.name, grid: grid, firstSegment: 0, count: 2)
        _ = slab.write(ByteBuffer(repeating: 7, count: 200))
        var hasher = SHA256()
        let train = try #require(slab.train(0...1, hasher: &hasher))
        let before = Array(train.octets.readableBytesView)
        // The memory is used again for another blob while the packets are still queued.
        var next = try PacketSlab(
            name: Self.name, grid: grid, firstSegment: 0, count: 2, storage: slab.storage)
        _ = next.write(ByteBuffer(repeating: 9, count: 200))
        #expect(Array(train.octets.readableBytesView) == before)
    }

    @Test func aPacketThatWouldBeTooLargeIsAnError() {
        #expect(throws: WireError.noSpace) {
            _ = try PacketSlab(
                name: Self.name, grid: SegmentGrid(total: 9000, chunkSize: 8790), firstSegment: 0, count: 2)
        }
    }
}
