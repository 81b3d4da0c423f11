import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Face: fragments that cannot be put together")
struct ReassemblyWatchTests {
    @Test func theCountersAreRead() {
        let text = """
            Ip: Forwarding DefaultTTL InReceives ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs
            Ip: 1 64 5555 7 900 100 42 3
            Icmp: InMsgs InErrors
            Icmp: 1 0
            """
        #expect(ReassemblyWatch.failures(ofIPv4: text) == 42)
        #expect(ReassemblyWatch.failures(ofIPv4: "Ip: A B\nIp: 1") == nil)
        #expect(ReassemblyWatch.failures(ofIPv4: "") == nil)
        #expect(ReassemblyWatch.failures(ofIPv6: "Ip6InReceives\t1\nIp6ReasmFails        \t17\n") == 17)
        #expect(ReassemblyWatch.failures(ofIPv6: "Ip6InReceives 1") == nil)
    }

    @Test func onlyManyNewFailuresAreWorthAWord() {
        var watch = ReassemblyWatch()
        let counts: [UInt64?] = [nil, 1_000_000, 1_000_019, 1_000_039, 5, 40]
        let said = counts.map { watch.take($0) }
        #expect(said == [nil, nil, nil, 20, nil, 35], "what was before does not count, nor a counter that begins anew")
    }
}
