import NDNSimulation
import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// A Data by its outer element; what is inside does not matter to the link.
func opaquePacket(_ length: Int, type: UInt8 = 6) -> ByteBuffer {
    var packet = ByteBuffer()
    let header = length < 255 ? 2 : 4
    packet.writeTLVHeader(type: UInt32(type), length: length - header)
    let period = (0..<251).map { UInt8($0) }
    while packet.readableBytes < length { packet.writeBytes(period.prefix(length - packet.readableBytes)) }
    return packet
}

@Suite("Link: fragmenter")
struct LpFragmenterTests {
    private static let fields = LinkFields(pitToken: PitToken(number: 77), congestionMark: 1)

    @Test("Fragments have equal sizes and become the packet again", arguments: [64, 200, 300, 548, 1280, 1452, 8799])
    func equalSizes(mtu: Int) throws {
        var fragmenter = LpFragmenter(sequence: 5)
        let lengths = [mtu + 1, 2 * mtu, 3 * mtu + 7, 5000, 7999, 8735, 8799, 8800]
        for length in lengths where length > mtu && length <= 8800 {
            for fields in [LinkFields(), Self.fields] {
                let packet = opaquePacket(length)
                let fragments = try fragmenter.fragment(packet: packet, fields: fields, mtu: mtu)
                let sizes = fragments.map(\.readableBytes)
                #expect(sizes.count >= 2 && sizes[0] <= mtu)
                #expect(Set(sizes.dropLast()).count == 1, "one offloaded send carries them all")
                #expect(sizes.last! <= sizes[0])
                #expect(sizes.count <= length / (mtu - 32) + 2, "no more fragments than needed")
                #expect(try reassembled(fragments)?.packet == packet)
                #expect(try reassembled(fragments)?.fields == fields)
            }
        }
    }

    @Test("Sizes are near the total divided by the count, so that the last is not tiny")
    func nearEqual() throws {
        var fragmenter = LpFragmenter()
        let sizes = try fragmenter.fragment(packet: opaquePacket(7900), mtu: 1452).map(\.readableBytes)
        #expect(sizes.count == 6)
        #expect(sizes[0] - sizes[5] <= 24)
    }

    @Test("Fields ride on fragment 0 only, sequence numbers wrap")
    func headers() throws {
        var fragmenter = LpFragmenter(sequence: .max)
        let packets = try fragmenter.fragment(packet: opaquePacket(3000), fields: Self.fields, mtu: 1452)
            .map { try LpPacket(decoding: $0) }
        #expect(packets.map(\.sequence) == [.max, 0, 1])
        #expect(packets.map(\.fragIndex) == [0, 1, 2])
        #expect(packets.map(\.fragCount) == [3, 3, 3])
        #expect(packets.map(\.fields) == [Self.fields, LinkFields(), LinkFields()])
        let next = try fragmenter.fragment(packet: opaquePacket(1500), mtu: 1452)
        #expect(try LpPacket(decoding: next[0]).sequence == 2)
    }

    @Test("What fits goes bare, or in one LpPacket with its fields")
    func single() throws {
        var fragmenter = LpFragmenter()
        let packet = opaquePacket(1452)
        #expect(try fragmenter.fragment(packet: packet, mtu: 1452) == [packet])
        let small = opaquePacket(1400)
        let wrapped = try fragmenter.fragment(packet: small, fields: Self.fields, mtu: 1452)
        #expect(wrapped.count == 1)
        let lp = try LpPacket(decoding: wrapped[0])
        #expect(lp.fragment == small && !lp.isFragment && lp.sequence == nil && lp.fields == Self.fields)
        #expect(try fragmenter.fragment(packet: packet, fields: Self.fields, mtu: 1452).count == 2)
    }

    @Test("No LpPacket is longer than 8800 octets, whatever the MTU")
    func longest() throws {
        var fragmenter = LpFragmenter()
        for length in 8740...8800 {
            let fragments = try fragmenter.fragment(packet: opaquePacket(length), fields: Self.fields, mtu: 65000)
            #expect(fragments.allSatisfy { $0.readableBytes <= 8800 })
            #expect(try reassembled(fragments)?.packet.readableBytes == length)
        }
        var out = ByteBuffer()
        #expect(throws: WireError.noSpace) { try LpHeader.write(opaquePacket(8799), Self.fields, into: &out) }
        #expect(out.readableBytes == 0)
    }

    @Test("An MTU that needs more than 400 fragments is refused", arguments: [Int.min, -1, 0, 1, 24, 40])
    func tinyMTU(mtu: Int) {
        var fragmenter = LpFragmenter()
        #expect(throws: WireError.noSpace) { try fragmenter.fragment(packet: opaquePacket(8800), mtu: mtu) }
    }

    @Test("Fragments in any order, with duplicates, become the packet", arguments: 0..<20 as Range<UInt64>)
    func shuffled(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var fragmenter = LpFragmenter(sequence: random.next())
        let packet = opaquePacket(.random(in: 2000...8800, using: &random))
        var fragments = try fragmenter.fragment(
            packet: packet, fields: Self.fields, mtu: .random(in: 100...1800, using: &random))
        let copies = fragments.dropFirst().shuffled(using: &random).prefix(3)
        fragments.shuffle(using: &random)
        for copy in copies { fragments.insert(copy, at: .random(in: 0..<fragments.count, using: &random)) }
        let whole = try reassembled(fragments)
        #expect(whole?.packet == packet, "seed \(seed)")
        #expect(whole?.fields == Self.fields, "seed \(seed)")
    }

    private func reassembled(_ fragments: [ByteBuffer]) throws -> (packet: ByteBuffer, fields: LinkFields)? {
        var reassembler = LpReassembler()
        var whole: [(packet: ByteBuffer, fields: LinkFields)] = []
        for fragment in fragments {
            let lp = try LpPacket(decoding: fragment)
            if let done = reassembler.receive(lp, now: .uptimeNanoseconds(1)) { whole.append(done) }
        }
        #expect(whole.count == 1)
        #expect(reassembler.invalidPackets == 0)
        return whole.first
    }
}
