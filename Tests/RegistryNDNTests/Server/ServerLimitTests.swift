import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct ServerLimitTests {
    private static let (one, other) = (PeerHost.v4(0xC000_0201), PeerHost.v4(0xC000_0202))
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test func aSourceGetsItsRate() {
        var limiter = SourceLimiter(.init(interests: 10, octets: 1000))
        let burst = (0..<20).filter { _ in limiter.admits(Self.one, now: start) }.count
        #expect(burst == 10)
        let other = limiter.admits(Self.other, now: start)
        #expect(other)
        let later = (0..<20).filter { _ in limiter.admits(Self.one, now: start + .milliseconds(500)) }.count
        #expect(later == 5)
    }

    @Test func octetsSentCount() {
        var limiter = SourceLimiter(.init(interests: 1000, octets: 1000))
        var admitted = [limiter.admits(Self.one, now: start)]
        limiter.charge(Self.one, octets: 3000)
        for seconds: Int64 in [1, 3] { admitted.append(limiter.admits(Self.one, now: start + .seconds(seconds))) }
        #expect(admitted == [true, false, true])
    }

    @Test func sourcesAreBoundedAndForgottenAndOthersShareOneAllowance() {
        var limiter = SourceLimiter(.init(interests: 2, octets: 1000))
        let known = (0..<SourceLimiter.maximumSources).filter { limiter.admits(.v6(UInt64($0)), now: start) }
        #expect(known.count == SourceLimiter.maximumSources)
        let more = (0..<4).map { limiter.admits(.v4($0), now: start) }
        #expect(more == [true, true, false, false])
        let later = (0..<4).map { limiter.admits(.v4($0), now: start + .seconds(2)) }
        #expect(later == [true, true, true, true])
    }

    @Test func aSourceIsAnAddressOrANetworkOfOneHost() throws {
        func host(_ address: String) throws -> PeerHost? { PeerHost(try SocketAddress(ipAddress: address, port: 1)) }
        #expect(try host("192.0.2.1") == .v4(0xC000_0201))
        #expect(try host("::ffff:192.0.2.1") == .v4(0xC000_0201))
        #expect(try host("2001:db8::1") == host("2001:db8::ffff:1"))
        #expect(try host("2001:db8::1") != host("2001:db8:0:1::1"))
        #expect(try host("2001:db8::1")?.description == "2001:db8:0:0::/64")
        #expect(try host("192.0.2.1")?.description == "192.0.2.1")
        #expect(PeerHost(try SocketAddress(unixDomainSocketPath: "/x")) == nil)
    }

    @Test func oneMessageASecond() {
        var limiter = LogLimiter()
        #expect(limiter.pass(now: start) == 0)
        #expect(limiter.pass(now: start + .milliseconds(10)) == nil)
        #expect(limiter.pass(now: start + .milliseconds(20)) == nil)
        #expect(limiter.pass(now: start + .seconds(1)) == 2)
    }
}
