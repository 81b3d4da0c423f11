import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Link: fragment reassembly")
struct LpReassemblerTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("500 ms after the last new fragment a message is given up")
    func timeout() throws {
        let parts = try fragments(of: opaquePacket(3000), sequence: 1)
        var reassembler = LpReassembler()
        #expect(reassembler.receive(parts[0], now: start) == nil)
        #expect(reassembler.receive(parts[1], now: start + .milliseconds(499)) == nil)
        // A duplicate is not new.
        #expect(reassembler.receive(parts[0], now: start + .milliseconds(998)) == nil)
        #expect(reassembler.pendingMessages == 1)
        #expect(reassembler.receive(parts[2], now: start + .milliseconds(999)) == nil)
        #expect(reassembler.abandonedMessages == 1)
        reassembler.expire(now: start + .seconds(9))
        #expect(reassembler.abandonedMessages == 2)
        #expect(reassembler.pendingMessages == 0 && reassembler.pendingOctets == 0)
    }

    @Test("Time goes on from the last new fragment")
    func timeoutMoves() throws {
        let parts = try fragments(of: opaquePacket(3000), sequence: 1)
        var reassembler = LpReassembler()
        _ = reassembler.receive(parts[2], now: start)
        _ = reassembler.receive(parts[0], now: start + .milliseconds(400))
        #expect(reassembler.receive(parts[1], now: start + .milliseconds(800)) != nil)
        #expect(reassembler.abandonedMessages == 0 && reassembler.pendingOctets == 0)
    }

    @Test("The oldest of too many messages goes first")
    func evictsOldest() throws {
        var reassembler = LpReassembler(limits: .init(messages: 3))
        let packets = try (0..<4).map { try fragments(of: opaquePacket(2000 + $0), sequence: UInt64($0) * 10) }
        for (index, parts) in packets.enumerated() {
            #expect(reassembler.receive(parts[0], now: start + .milliseconds(Int64(index))) == nil)
        }
        #expect(reassembler.pendingMessages == 3 && reassembler.abandonedMessages == 1)
        for index in [1, 2, 3] {
            let whole = reassembler.receive(packets[index][1], now: start + .milliseconds(10))
            #expect(whole?.packet.readableBytes == 2000 + index)
        }
        #expect(reassembler.receive(packets[0][1], now: start + .milliseconds(10)) == nil)
    }

    @Test("Memory is bounded, whatever FragCount promises")
    func memory() throws {
        var reassembler = LpReassembler(limits: .init(messages: 1_000_000, octets: 100_000))
        for sequence in 0..<2000 as Range<UInt64> {
            let lp = try fragment(sequence * 1000, 0, 400, ByteBuffer(repeating: 1, count: 100))
            #expect(reassembler.receive(lp, now: start) == nil)
            #expect(reassembler.pendingOctets <= 100_000)
        }
        #expect(reassembler.abandonedMessages > 1900)
        #expect(reassembler.pendingMessages > 3)
    }

    @Test("A message over 8800 octets is dropped")
    func tooLong() throws {
        var reassembler = LpReassembler()
        #expect(reassembler.receive(try fragment(1, 0, 3, ByteBuffer(repeating: 6, count: 5000)), now: start) == nil)
        #expect(reassembler.receive(try fragment(2, 1, 3, ByteBuffer(repeating: 6, count: 5000)), now: start) == nil)
        #expect(reassembler.pendingMessages == 0 && reassembler.pendingOctets == 0 && reassembler.invalidPackets == 1)
    }

    @Test("FragCount up to 400, and hostile numbers", arguments: [400, 401, 1 << 32, UInt64.max])
    func fragCount(count: UInt64) throws {
        var reassembler = LpReassembler()
        let lp = try fragment(.max - 1, count - 1, count, ByteBuffer(repeating: 6, count: 10))
        #expect(reassembler.receive(lp, now: start) == nil)
        #expect(reassembler.pendingMessages == (count == 400 ? 1 : 0))
        #expect(reassembler.invalidPackets == (count == 400 ? 0 : 1))
    }

    @Test("400 fragments of a few octets become a packet")
    func manyFragments() throws {
        let packet = opaquePacket(8000)
        var rest = packet
        var reassembler = LpReassembler()
        for index in 0..<400 as Range<UInt64> {
            let lp = try fragment(.max &- 3 &+ index, index, 400, rest.readSlice(length: 20)!)
            let whole = reassembler.receive(lp, now: start)
            #expect(whole?.packet == (index == 399 ? packet : nil))
        }
    }

    @Test("Fields of fragment 0 hold for the packet: a Nack around a Data is dropped")
    func kinds() throws {
        for (type, isGood) in [(5, true), (6, false), (7, false)] as [(UInt8, Bool)] {
            var reassembler = LpReassembler()
            var fragmenter = LpFragmenter(sequence: 9)
            let parts = try fragmenter.fragment(
                packet: opaquePacket(2000, type: type), fields: LinkFields(nack: .noRoute), mtu: 1500)
            _ = reassembler.receive(try LpPacket(decoding: parts[1]), now: start)
            let whole = reassembler.receive(try LpPacket(decoding: parts[0]), now: start)
            #expect((whole?.fields.nack == .noRoute) == isGood)
            #expect(reassembler.invalidPackets == (isGood ? 0 : 1))
        }
    }

    @Test("A fragment keeps no receive buffer alive")
    func copies() throws {
        var buffer = ByteBuffer(repeating: 0, count: 1 << 20)
        buffer.clear()
        buffer.writeImmutableBuffer(try fragment(0, 0, 2, ByteBuffer(repeating: 6, count: 10)).wire)
        var reassembler = LpReassembler()
        do {
            _ = reassembler.receive(try LpPacket(decoding: buffer.readSlice(length: buffer.readableBytes)!), now: start)
        }
        #expect(reassembler.pendingMessages == 1)
        #expect(buffer.modifyIfUniquelyOwned { _ in true } == true)
    }

    private func fragments(of packet: ByteBuffer, sequence: UInt64) throws -> [LpPacket] {
        var fragmenter = LpFragmenter(sequence: sequence)
        return try fragmenter.fragment(packet: packet, mtu: 1452).map { try LpPacket(decoding: $0) }
    }

    private func fragment(_ sequence: UInt64, _ index: UInt64, _ count: UInt64, _ payload: ByteBuffer) throws
        -> LpPacket
    {
        var value = ByteBuffer()
        value.writeTLVHeader(type: 81, length: 8)
        value.writeInteger(sequence)
        value.writeTLV(type: 82, number: index)
        value.writeTLV(type: 83, number: count)
        value.writeTLV(type: 80, payload)
        var wire = ByteBuffer()
        wire.writeTLV(type: 100, value)
        return try LpPacket(decoding: wire)
    }
}
