import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Fetch: how soon a router lets a repetition pass")
struct FetchSuppressionTests {
    private let now = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func answer(
        _ rule: inout Suppression, after milliseconds: Int64, transmissions: UInt8 = 3, times: Int = 1, rtt: Int64 = 1
    ) {
        for _ in 0..<times {
            rule.answered(after: .milliseconds(milliseconds), transmissions: transmissions, rtt: .milliseconds(rtt))
        }
    }

    @Test("As NFD has it, until nothing but what is sent late is answered; then after 420 ms, and soon once a second")
    func learnsAndForgets() {
        var rule = Suppression()
        #expect(rule.delay(transmissions: 1, now: now) == .milliseconds(12))
        answer(&rule, after: 632, transmissions: 6, times: 15)
        #expect(rule.delay(transmissions: 1, now: now) == .milliseconds(12))
        answer(&rule, after: 632, transmissions: 6)
        rule.repeated(after: .milliseconds(12), now: now)
        #expect(rule.delay(transmissions: 1, now: now) == .milliseconds(420))
        #expect(rule.delay(transmissions: 1, now: now + .seconds(1)) == .milliseconds(12))
        #expect(rule.delay(transmissions: 2, now: now + .seconds(1)) == .milliseconds(420))
        // Late by our own doing: says nothing.
        answer(&rule, after: 421, transmissions: 2, times: 100)
        #expect(rule.isLong)
        answer(&rule, after: 13, transmissions: 2, times: 5)
        #expect(!rule.isLong)
    }

    @Test("A few that are lost again and again, an outage, and a long path teach nothing")
    func keepsNFDs() {
        var rule = Suppression()
        for _ in 0..<20 {
            answer(&rule, after: 13, transmissions: 2)
            answer(&rule, after: 500, times: 2)
        }
        answer(&rule, after: 5000, times: 100)
        answer(&rule, after: 500, times: 100, rtt: 150)
        #expect(!rule.isLong)
    }
}
