import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Face: trust in segmentation offload")
struct OffloadTrustTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test("Trains are watched until one was taken, then now and then")
    func interval() {
        var trust = OffloadTrust()
        let first = (0..<2).map { _ in trust.mustWatch(1400, now: start) }
        #expect(first == [true, true], "the first is still on its way when the second leaves")
        trust.taken(1400)
        let watched = (0..<3 * (OffloadTrust.interval + 1)).map { _ in trust.mustWatch(1400, now: start) }
        #expect(watched.filter { $0 }.count == 3)
        #expect(watched.prefix(OffloadTrust.interval).allSatisfy { !$0 })
    }

    @Test("Larger segments are another matter, smaller ones are not")
    func sizes() {
        var trust = OffloadTrust()
        trust.taken(1400)
        let watched = [8000, 100].map { trust.mustWatch($0, now: start) }
        #expect(watched == [true, false])
        #expect(trust.isKnown(1400) && !trust.isKnown(1401))
        trust.taken(100)
        #expect(trust.isKnown(1400))
    }

    @Test("After a refusal everything is watched again")
    func reset() {
        var trust = OffloadTrust()
        trust.taken(1400)
        trust.reset()
        let isWatched = trust.mustWatch(1, now: start)
        #expect(isWatched && !trust.isKnown(1))
    }

    @Test("A train that is sent again after a pause is watched: the path may have become narrower")
    func pauses() {
        var trust = OffloadTrust()
        _ = trust.mustWatch(1400, now: start)
        trust.taken(1400)
        let watched = [1, 49, 50, 60, 99, 100].map { trust.mustWatch(1400, now: start + .milliseconds($0)) }
        #expect(watched == [false, false, true, false, false, true])
    }
}
