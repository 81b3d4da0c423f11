import CNDNFast
import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Wire: digests of two messages")
struct WireDigestTests {
    private static func pair(_ first: [UInt8], _ second: [UInt8]) -> [SHA256Digest] {
        let hasher = SHA256()
        var out = [UInt8](repeating: 0, count: 64)
        unsafe out.withUnsafeMutableBufferPointer { out in
            guard let base = out.baseAddress else { return }
            unsafe cndn_digest_pair(hasher.context, first, second, first.count, base, base + 32)
        }
        return [out.prefix(32), out.suffix(32)].compactMap { SHA256Digest(bytes: $0) }
    }

    @Test("What FIPS 180-4's examples give")
    func examples() {
        let long = Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        let expected = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        #expect(Self.pair(long, long).map(\.hex) == [expected, expected])
        let short = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(Self.pair(Array("abc".utf8), Array("abd".utf8)).first?.hex == short)
    }

    /// All ways in which a message can end, and a packet's.
    @Test("The same as one after the other", arguments: Array(0...260) + [7776, 7777, 8000, 8800])
    func asOneAfterTheOther(length: Int) {
        let first = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 8)) }
        let second = first.map { ~$0 &+ 7 }
        #expect(Self.pair(first, second) == [first, second].map { SHA256.hash(ByteBuffer(bytes: $0)) })
    }
}
