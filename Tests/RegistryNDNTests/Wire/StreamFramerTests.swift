import NDNSimulation
import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Link: stream framing")
struct StreamFramerTests {
    @Test("Any chunks give the same elements", arguments: 0..<30 as Range<UInt64>)
    func anyChunks(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let largest = [1, 3, 100, 9000, 70_000][Int(seed % 5)]
        let sizes = (0..<(largest < 100 ? 10 : 40)).map { index in
            Int.random(in: 2...(index % 5 > 0 ? 300 : 8800), using: &random)
        }
        let packets = sizes.map { opaquePacket($0 == 255 || $0 == 256 ? 257 : $0) }
        var stream = ByteBuffer()
        for packet in packets { stream.writeImmutableBuffer(packet) }
        let drains = seed % 2 == 0
        var framer = StreamFramer()
        var elements: [ByteBuffer] = []
        while let chunk = stream.readSlice(length: min(.random(in: 1...largest, using: &random), stream.readableBytes)),
            chunk.readableBytes > 0
        {
            framer.append(chunk)
            if drains { while let element = try framer.next() { elements.append(element) } }
        }
        while let element = try framer.next() { elements.append(element) }
        #expect(elements == packets, "seed \(seed)")
        #expect(framer.pendingOctets == 0)
    }

    @Test("Elements that lie in one chunk are slices of it")
    func noCopy() throws {
        var chunk = ByteBuffer()
        for _ in 0..<100 { chunk.writeImmutableBuffer(opaquePacket(700)) }
        chunk.writeImmutableBuffer(opaquePacket(700).getSlice(at: 0, length: 300)!)
        var framer = StreamFramer()
        framer.append(chunk)
        for index in 0..<100 {
            let next = try framer.next()
            let element = try #require(next)
            #expect(address(element) == address(chunk) + 700 * index)
        }
        #expect(try framer.next() == nil)
        #expect(framer.pendingOctets == 300)
        // What is left does not keep the chunk alive.
        #expect(chunk.modifyIfUniquelyOwned { _ in true } == true)
    }

    @Test("The longest element passes, one octet more does not")
    func limit() throws {
        var framer = StreamFramer()
        framer.append(opaquePacket(8800))
        #expect(try framer.next()?.readableBytes == 8800)
        framer.append(ByteBuffer(bytes: [6, 0xFD, 0x22, 0x5D]))
        #expect(throws: WireError.invalid) { try framer.next() }
    }

    @Test(
        "What cannot be an element fails at once, in any chunks",
        arguments: [[0], [0, 0], [6, 0xFF], [0xFD, 0, 5, 0], [6, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF]] as [[UInt8]])
    func fatal(octets: [UInt8]) throws {
        let isLarge = octets[1...].first == 0xFF
        let octets = octets + (isLarge ? Array(repeating: 0xFF, count: 8) : [0xFF])
        var whole = StreamFramer()
        whole.append(ByteBuffer(bytes: octets))
        #expect(throws: WireError.invalid) { try whole.next() }
        var single = StreamFramer()
        #expect(throws: WireError.invalid) {
            for octet in octets {
                single.append(ByteBuffer(bytes: [octet]))
                while try single.next() != nil {}
            }
        }
    }

    private func address(_ buffer: ByteBuffer) -> Int {
        unsafe buffer.withUnsafeReadableBytes { Int(bitPattern: $0.baseAddress) }
    }
}
