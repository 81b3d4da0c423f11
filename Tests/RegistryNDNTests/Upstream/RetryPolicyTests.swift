import NIOCore
import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct RetryPolicyTests {
    private let policy = RetryPolicy()

    private func delay(_ cause: RetryPolicy.Cause, _ retry: Int, _ elapsed: TimeAmount = .zero, jitter: Double = 1)
        -> TimeAmount?
    {
        policy.delay(cause, retry: retry, elapsed: elapsed, jitter: jitter)
    }

    @Test func pausesDouble() {
        #expect(delay(.lost, 1) == .milliseconds(100))
        #expect(delay(.lost, 2) == .milliseconds(200))
        #expect(delay(.lost, 3) == .milliseconds(400))
        #expect(delay(.lost, 4) == nil)
        #expect(delay(.lost, 1, jitter: 0) == .milliseconds(50))
        var many = policy
        many.maximumRetries = .max
        many.patience = .hours(1)
        #expect(many.delay(.lost, retry: .max, elapsed: .zero, jitter: 1) == .seconds(2))
    }

    @Test func aStaleConnectionIsReplacedAtOnce() {
        #expect(delay(.stale, 1, .seconds(100)) == .zero)
        #expect(delay(.stale, 2) == .milliseconds(200))
    }

    @Test func patienceEnds() {
        #expect(delay(.lost, 1, .milliseconds(4900)) == .milliseconds(100))
        #expect(delay(.lost, 1, .milliseconds(4901)) == nil)
        #expect(delay(.busy(retryAfter: nil), 1, .seconds(19)) != nil)
        #expect(delay(.busy(retryAfter: nil), 1, .seconds(20)) == nil)
    }

    @Test func whatARegistryAsksFor() {
        #expect(delay(.busy(retryAfter: .seconds(3)), 1, jitter: 0) == .milliseconds(3050))
        #expect(delay(.busy(retryAfter: .seconds(10)), 1) != nil)
        #expect(delay(.busy(retryAfter: .seconds(11)), 1) == nil)
        #expect(delay(.busy(retryAfter: .seconds(10)), 2, .seconds(11)) == nil)
        #expect(delay(.busy(retryAfter: .zero), 1, jitter: 0) == .milliseconds(50))
    }

    @Test func noRetriesAtAll() {
        var none = policy
        none.maximumRetries = 0
        #expect(none.delay(.stale, retry: 1, elapsed: .zero, jitter: 0) == nil)
    }

    /// 784111777 is the time of the example in RFC 9110 section 5.6.7.
    @Test(
        arguments: [
            ("0", 0), ("7", 7), ("007", 7),
            ("99999999999999999999999999", RetryAfter.maximum), ("9223372036854775807", RetryAfter.maximum),
            ("-1", nil), ("+1", nil), ("1.5", nil), ("", nil), ("soon", nil), ("٣", nil),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 7), ("Sunday, 06-Nov-94 08:49:37 GMT", 7),
            ("Sun Nov  6 08:49:37 1994", 7),
            ("Sat, 05 Nov 1994 08:49:37 GMT", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", RetryAfter.maximum),
            ("Sun, 31 Feb 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 99:49:37 GMT", nil),
            ("Sun, 06 Nov 99999999999 08:49:37 GMT", nil), ("Sun, 06 Nov -1 08:49:37 GMT", nil),
            ("Sun, 06 Nov 1994 08:49:37 CET", nil), ("Sun, 1234 Nov 1994 08:49:37 GMT", nil),
        ] as [(String, Int64?)])
    func retryAfter(text: String, seconds: Int64?) {
        let headers: HTTPHeaders = ["Retry-After": text]
        #expect(RetryAfter.read(headers, now: 784_111_770) == seconds.map { .seconds($0) })
    }

    @Test func withoutTheField() {
        #expect(RetryAfter.read([:], now: 0) == nil)
    }
}
