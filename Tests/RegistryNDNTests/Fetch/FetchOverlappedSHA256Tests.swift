import NDN
import NDNSimulation
import NIOCore
import RegistryNDN
import Testing

@Suite struct FetchOverlappedSHA256Tests {
    @Test func nothingHashed() async {
        #expect(await OverlappedSHA256().finalize() == SHA256.hash(ByteBuffer()))
    }

    @Test(arguments: [0, 1, 2, 100]) func hashesChunksInOrder(limit: Int) async {
        var random = SplitMix64(seed: 3)
        for _ in 0..<20 {
            let digest = OverlappedSHA256(limit: limit)
            var all = ByteBuffer()
            for _ in 0..<Int.random(in: 1...50, using: &random) {
                let chunk = ByteBuffer(
                    repeating: UInt8.random(in: 0...255, using: &random),
                    count: Int.random(in: 0...9000, using: &random))
                all.writeImmutableBuffer(chunk)
                await digest.update(chunk)
            }
            #expect(await digest.finalize() == SHA256.hash(all))
        }
    }
}
