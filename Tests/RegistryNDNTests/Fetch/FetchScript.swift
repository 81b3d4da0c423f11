import NIOCore

@testable import NDN
@testable import RegistryNDN

/// One fetch driven by hand.
final class FetchScript {
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    var path = FetchPath(initialWindow: 10, maximumWindow: 1000, algorithm: .cubic)
    var fetch: SegmentFetch
    var isUp = true

    init(_ configure: (inout FetchConfiguration) -> Void = { _ in }) {
        var configuration = FetchConfiguration()
        configure(&configuration)
        fetch = SegmentFetch(configuration: configuration, deadline: now + configuration.timeout, now: now)
    }

    /// Everything that may be sent now.
    func sent() -> [SegmentInterest] {
        var interests: [SegmentInterest] = []
        while let interest = fetch.nextInterest(&path, now: now) { interests.append(interest) }
        return interests
    }

    func segments() -> [UInt64] { sent().map(\.segment) }

    func data(
        _ segment: UInt64, length: Int = 100, final: UInt64? = 9, type: UInt64 = 0, isMarked: Bool = false,
        capacity: Int = 64
    ) -> Bool {
        fetch.receive(
            SegmentData(segment: segment, contentType: type, length: length, final: final, isMarked: isMarked), &path,
            now: now, capacity: { _ in capacity })
    }

    func wait(_ amount: TimeAmount) {
        now = now + amount
        fetch.advance(&path, isUp: isUp, now: now)
    }

    func nack(_ reason: NackReason, _ segment: UInt64, nonce: UInt32? = nil) {
        fetch.receiveNack(reason, segment: segment, nonce: nonce, &path, now: now)
    }

    /// Past size discovery, with segments `1..<limit` just sent.
    static func running(final: UInt64 = 9, limit: UInt64 = 100) -> FetchScript {
        let script = FetchScript()
        _ = script.sent()
        script.now = script.now + .milliseconds(1)
        _ = script.data(0, final: final)
        script.fetch.raiseLimit(to: limit)
        _ = script.sent()
        return script
    }
}
