import NIOCore
import Testing

@testable import RegistryNDN

@Suite struct ServerLimitTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test func aSourceGetsItsRate() {
        var limiter = SourceLimiter(.init(interests: 10, octets: 1000))
        let burst = (0..<20).filter { _ in limiter.admits("192.0.2.1", now: start) }.count
        #expect(burst == 10)
        let other = limiter.admits("192.0.2.2", now: start)
        #expect(other)
        let later = (0..<20).filter { _ in limiter.admits("192.0.2.1", now: start + .milliseconds(500)) }.count
        #expect(later == 5)
    }

    @Test func octetsSentCount() {
        var limiter = SourceLimiter(.init(interests: 1000, octets: 1000))
        var admitted = [limiter.admits("192.0.2.1", now: start)]
        limiter.charge("192.0.2.1", octets: 3000)
        for seconds: Int64 in [1, 3] { admitted.append(limiter.admits("192.0.2.1", now: start + .seconds(seconds))) }
        #expect(admitted == [true, false, true])
    }

    @Test func sourcesAreBoundedAndForgotten() {
        var limiter = SourceLimiter(.init(interests: 10, octets: 1000))
        let known = (0..<SourceLimiter.maximumSources).filter { limiter.admits("source \($0)", now: start) }
        #expect(known.count == SourceLimiter.maximumSources)
        let more = [0, 2].map { limiter.admits("one more", now: start + .seconds($0)) }
        #expect(more == [false, true])
    }

    @Test func oneMessageASecond() {
        var limiter = LogLimiter()
        #expect(limiter.pass(now: start) == 0)
        #expect(limiter.pass(now: start + .milliseconds(10)) == nil)
        #expect(limiter.pass(now: start + .milliseconds(20)) == nil)
        #expect(limiter.pass(now: start + .seconds(1)) == 2)
    }
}
