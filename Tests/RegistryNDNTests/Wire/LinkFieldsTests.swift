import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Link: fields")
struct LinkFieldsTests {
    @Test("PIT tokens have 1 to 32 octets and compare by all of them")
    func pitTokens() throws {
        for size in 0...40 {
            let octets = (0..<size).map { UInt8($0 + 1) }
            let token = PitToken(bytes: octets)
            #expect((token != nil) == (1...32).contains(size))
            #expect(token?.bytes == (token == nil ? nil : octets))
            #expect(token?.size == (token == nil ? nil : size))
        }
        #expect(PitToken(bytes: [1]) != PitToken(bytes: [1, 0]))
        #expect(Set([PitToken(bytes: [1]), PitToken(bytes: [1, 0]), PitToken(bytes: [1])]).count == 2)
        #expect(PitToken(number: 258).description == "0000000000000102")
        #expect(PitToken(bytes: [0, 0, 0, 0, 0, 0, 1, 2]) == PitToken(number: 258))
        #expect(PitToken(number: 258).number == 258)
        #expect(PitToken(bytes: [1, 2])?.number == nil)
        #expect(PitToken(ByteBuffer(bytes: [7, 8]))?.bytes == [7, 8])
    }

    @Test("Nack reasons: unknown codes read as none, which is the most severe")
    func nackReasons() {
        #expect(NackReason(code: 150) == .noRoute)
        #expect(NackReason(code: 0) == .none)
        #expect(NackReason(code: 51) == .none)
        #expect(NackReason(code: 256 + 50) == .none)
        #expect(NackReason(code: .max) == .none)
        #expect(NackReason.allCases.sorted() == [.congestion, .duplicate, .noRoute, .none])
    }

    @Test("Fields survive the wire")
    func roundTrip() throws {
        let packet = opaquePacket(100, type: 5)
        for token in [nil, PitToken(bytes: [9]), PitToken(bytes: Array(0..<32))] {
            for nack in [nil] + NackReason.allCases {
                for mark in [0, 1, 255, 256, 1 << 40] as [UInt64] {
                    let fields = LinkFields(pitToken: token, nack: nack, congestionMark: mark)
                    var out = ByteBuffer()
                    try LpHeader.write(packet, fields, into: &out)
                    #expect(out.readableBytes == LpHeader.size(ofPacket: 100, fields))
                    let whole = try LpPacket(decoding: out).networkPacket()
                    #expect(whole?.packet == packet && whole?.fields == fields)
                    #expect(fields.isEmpty == (out == packet))
                }
            }
        }
    }

    @Test("CongestionMark 0 is no mark, and FragIndex without FragCount is no packet")
    func oddFields() throws {
        let unmarked = try LpPacket(decoding: ByteBuffer(hex: "640efd03400100" + "5007" + "05050703080141"))
        #expect(unmarked.fields.isEmpty)
        #expect(try unmarked.networkPacket()?.packet.readableBytes == 7)
        let lone = try LpPacket(decoding: ByteBuffer(hex: "640c520101" + "5007" + "05050703080141"))
        #expect(lone.isFragment)
        #expect(throws: WireError.invalid) { try lone.networkPacket() }
        var reassembler = LpReassembler()
        #expect(reassembler.receive(lone, now: .uptimeNanoseconds(0)) == nil)
        #expect(reassembler.invalidPackets == 1)
    }
}
