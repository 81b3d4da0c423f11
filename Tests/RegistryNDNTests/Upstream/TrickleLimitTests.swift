import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// The least rate of a body, by a clock that the test moves.
struct TrickleLimitTests {
    private var limit = TrickleLimit(rate: 1000, window: .seconds(10))
    private var now = NIODeadline.uptimeNanoseconds(0)

    private mutating func comes(_ octets: Int, after pause: TimeAmount) -> Bool {
        let begin = now
        now = now + pause
        return limit.takes(octets, from: begin, to: now)
    }

    @Test mutating func anOctetNowAndThenIsTooSlowOnceTheWindowEnds() {
        for _ in 0..<4 { #expect(comes(1, after: .seconds(2))) }
        #expect(!comes(1, after: .seconds(2)))
    }

    @Test mutating func theLeastRateIsEnoughForEver() {
        for _ in 0..<100 { #expect(comes(2000, after: .seconds(2))) }
    }

    @Test mutating func oneOctetLessIsNot() {
        for _ in 0..<4 { #expect(comes(2000, after: .seconds(2))) }
        #expect(!comes(1999, after: .seconds(2)))
    }

    @Test mutating func aBurstBuysOneWindowOnly() {
        #expect(comes(1_000_000, after: .zero))
        for _ in 0..<5 { #expect(comes(1, after: .seconds(2))) }
        for _ in 0..<4 { #expect(comes(1, after: .seconds(2))) }
        #expect(!comes(1, after: .seconds(2)))
    }

    @Test mutating func timeThatOthersTakeDoesNotCount() {
        for _ in 0..<100 {
            now = now + .seconds(60)
            #expect(comes(1, after: .milliseconds(99)))
        }
    }

    @Test mutating func noRatePermitsAnything() {
        limit = TrickleLimit(rate: 0, window: .seconds(10))
        for _ in 0..<100 { #expect(comes(1, after: .seconds(9))) }
    }
}
