import NIOCore
import Testing

@testable import NDN

@Suite("How much of a blob may be on its way while nobody knows how far it is")
struct ApproachTests {
    @Test("it grows with answers that take no longer than the first, and no further once a queue builds up")
    func growth() {
        var approach = Approach(limit: 32)
        for _ in 0..<32 { approach.received(.milliseconds(50)) }
        #expect(approach.limit == 64)
        for _ in 0..<64 { approach.received(.milliseconds(90)) }
        #expect(approach.limit == 64 && !approach.isOver)
        approach.received(.milliseconds(60))
        #expect(approach.limit == 65)
    }

    @Test("a queue that others keep full does not hold a blob back for good")
    func patience() {
        var approach = Approach(limit: 4)
        approach.received(.milliseconds(10))
        for _ in 0..<60 { approach.received(.milliseconds(90)) }
        #expect(approach.limit == 5 && !approach.isOver)
        approach.received(.milliseconds(90))
        #expect(approach.isOver)
    }

    /// A path all of whose answers took `rtt`.
    private func path(_ rtt: TimeAmount) -> FetchPath {
        var path = FetchPath(initialWindow: 10, maximumWindow: 1000)
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        for _ in 0..<400 {
            let sent = path.transmit(now: now)
            now = now + rtt
            path.received(sent, isAmbiguous: false, first: nil, isMarked: false, now: now)
            path.forget(1)
        }
        return path
    }

    @Test("what takes far longer than a cache next door comes from behind it, and nothing learnt holds there")
    func leaving() {
        var near = path(.microseconds(300))
        #expect(near.isNear && !near.isFar(.milliseconds(5)) && near.isFar(.milliseconds(30)))
        #expect(near.window > 10)
        near.leave()
        #expect(near.window == 10 && !near.isNear && !near.isFar(.seconds(1)))
        let far = path(.milliseconds(50))
        #expect(!far.isNear && !far.isFar(.seconds(1)))
    }
}
