import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Link: vectors")
struct LinkVectorTests {
    @Test("LpPackets are decoded field by field", arguments: Vector.of("lp"))
    func decode(_ vector: Vector) throws {
        let lp = try LpPacket(decoding: vector.wire)
        let expect = vector.expect
        #expect(lp.isBare == (expect["bare"].bool ?? false))
        #expect(lp.fragment?.hex == expect["fragment"].string)
        #expect(lp.sequence == expect["sequence"].number)
        #expect(lp.fragIndex == expect["frag_index"].number ?? 0)
        #expect(lp.fragCount == expect["frag_count"].number ?? 1)
        #expect(lp.pitToken?.description == expect["pit_token"].string)
        #expect(lp.nack?.rawValue == expect["nack_reason"].number.map(UInt8.init))
        #expect(lp.nackCode == expect["nack_reason_raw"].number ?? expect["nack_reason"].number)
        #expect(lp.incomingFaceID == expect["incoming_face_id"].number)
        #expect(lp.nextHopFaceID == expect["next_hop_face_id"].number)
        #expect(lp.cachePolicy == expect["cache_policy"].number)
        #expect(lp.congestionMark == expect["congestion_mark"].number ?? 0)
        #expect(lp.acks == expect["acks"].array.compactMap(\.number))
        #expect(lp.txSequence == expect["tx_sequence"].number)
        #expect(lp.isNonDiscovery == (expect["non_discovery"].bool ?? false))
        #expect(lp.prefixAnnouncement?.hex == expect["prefix_announcement"].string)
    }

    @Test("LpPackets are encoded to the same octets", arguments: Vector.of("lp"))
    func encode(_ vector: Vector) throws {
        // What is not recognized is not sent on.
        guard !vector.id.hasPrefix("lp-unknown-ignorable") else { return }
        var out = ByteBuffer()
        try LpPacket(decoding: vector.wire).encode(into: &out)
        #expect(out.hex == vector.hex)
    }

    @Test("Link fields around a packet make the vector's octets", arguments: Vector.of("lp"))
    func writeFields(_ vector: Vector) throws {
        let lp = try LpPacket(decoding: vector.wire)
        let known: Set = ["result", "bare", "fragment", "pit_token", "nack", "nack_reason", "congestion_mark"]
        guard vector.expect.keys.subtracting(["interop", "note"]).isSubset(of: known), lp.fields != LinkFields() else {
            return
        }
        var out = ByteBuffer()
        let packet = try #require(lp.fragment)
        #expect(try LpHeader.write(packet, lp.fields, into: &out) == vector.hex.utf8.count / 2)
        #expect(out.hex == vector.hex)
        #expect(LpHeader.size(ofPacket: packet.readableBytes, lp.fields) == out.readableBytes)
    }

    @Test("Whole packets come out of the receiving side with their fields", arguments: Vector.of("lp"))
    func receive(_ vector: Vector) throws {
        let lp = try LpPacket(decoding: vector.wire)
        var reassembler = LpReassembler()
        let whole = reassembler.receive(lp, now: .uptimeNanoseconds(0))
        // A fragment of two octets is no packet, and local fields are never switched on.
        let dropped = vector.id.hasPrefix("lp-ndncxx") || vector.id == "lp-next-hop-face-id"
        #expect(reassembler.invalidPackets == (dropped ? 1 : 0))
        #expect(whole?.packet.hex == (dropped ? nil : vector.expect["fragment"].string))
        #expect(whole.map { $0.fields == lp.fields } ?? true)
    }

    @Test("What breaks a rule is rejected or dropped", arguments: Vector.of("invalid-lp"))
    func invalid(_ vector: Vector) {
        guard let lp = try? LpPacket(decoding: vector.wire) else {
            #expect(vector.expect["layer"].string != "link-service", "the decoder need not know")
            return
        }
        #expect(vector.expect["layer"].string == "link-service")
        #expect((try? lp.networkPacket()) == nil)
        var reassembler = LpReassembler()
        #expect(reassembler.receive(lp, now: .uptimeNanoseconds(0)) == nil)
        #expect(reassembler.invalidPackets == 1)
        #expect(reassembler.pendingMessages == 0)
    }

    @Test("A datagram is exactly one element", arguments: Vector.of("invalid-datagram"))
    func datagram(_ vector: Vector) {
        #expect(throws: WireError.invalid) { try LpPacket(decoding: vector.wire) }
    }

    @Test("Fragments become the packet", arguments: Vector.of("lp-fragments"))
    func reassemble(_ vector: Vector) throws {
        var framer = StreamFramer()
        framer.append(vector.wire)
        var reassembler = LpReassembler()
        var whole: [(packet: ByteBuffer, fields: LinkFields)] = []
        while let element = try framer.next() {
            let lp = try LpPacket(decoding: element)
            #expect(lp.isFragment)
            if let done = reassembler.receive(lp, now: .uptimeNanoseconds(0)) { whole.append(done) }
        }
        #expect(whole.map(\.packet.hex) == [vector.expect["reassembled"].string].compactMap(\.self))
        #expect(whole.first?.fields.pitToken?.description == vector.expect["pit_token"].string)
        #expect(reassembler.invalidPackets == (vector.id == "lp-fragments-count-mismatch" ? 1 : 0))
    }

    @Test("A stream is cut into its elements", arguments: Vector.of("stream"))
    func stream(_ vector: Vector) throws {
        var rest = vector.wire
        var framer = StreamFramer()
        var elements: [String] = []
        var isFatal = false
        for chunk in vector.expect["chunks"].array {
            let length = try #require(chunk.number)
            let octets = rest.readSlice(length: Int(length))
            framer.append(try #require(octets))
            do {
                while let element = try framer.next() { elements.append(element.hex) }
            } catch {
                #expect(error == .invalid)
                isFatal = true
            }
        }
        #expect(elements == vector.expect["elements"].strings)
        #expect(isFatal == (vector.expect["fatal"].bool ?? false))
        if !isFatal { #expect(framer.pendingOctets == Int(vector.expect["pending"].number ?? 0)) }
    }
}

extension JSONValue {
    fileprivate var keys: Set<String> { if case .object(let object) = self { Set(object.keys) } else { [] } }
}
