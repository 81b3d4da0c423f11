import NDN
import NIOCore
import RegistryNDN
import Synchronization

extension HotPath {
    /// The client's: a Data packet through retransmission and congestion control, and the Interests that may leave then.
    /// Every thousandth Data is lost.
    static let controllerStep = HotPath(name: "controller step") { count in
        SteadyPath.begun.withLock { path in
            let end = path.received + count
            while path.received < end { path.step() }
            return path.sum
        }
    }
}

/// One blob over a path of 5 ms and a Data packet each 10 µs, in virtual time.
private struct SteadyPath {
    private static let chunk = 7777
    private static let final: UInt64 = 1 << 40
    private static let capacity = 4096
    private static let roundTrip = TimeAmount.milliseconds(5)
    private static let spacing = TimeAmount.microseconds(10)

    private var scheduler = FetchScheduler(path: FetchPath(initialWindow: 32, maximumWindow: capacity, salt: 1))
    private let transfer: BlobTransfer
    private var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    /// Segments on their way, in order of arrival.
    private var onTheWay = [(segment: UInt64, at: NIODeadline)](
        repeating: (0, .uptimeNanoseconds(0)), count: 2 * capacity)
    private var head = 0
    private var tail = 0
    private var lastArrival = NIODeadline.uptimeNanoseconds(0)
    private(set) var received = 0
    private(set) var sum: UInt64 = 0

    /// One whose window, and with it the ring of the segments, has grown as far as it will.
    static let begun = Mutex(grown())

    private static func grown() -> sending SteadyPath {
        var path = SteadyPath()
        while path.received < 4 * capacity { path.step() }
        return path
    }

    init() {
        var configuration = FetchConfiguration()
        configuration.timeout = .hours(24)
        transfer = BlobTransfer(
            Name(), SegmentFetch(configuration: configuration, deadline: now + .hours(24), now: now))
        scheduler.add(transfer)
    }

    /// The next thing that happens: Data, or the clock.
    mutating func step() {
        while let (_, interest) = scheduler.nextInterest(now: now) { send(interest) }
        let deadline = scheduler.nextDeadline(now: now) ?? .distantFuture
        guard head < tail, arrival.at <= deadline else {
            now = max(now, deadline)
            return scheduler.advance(now: now)
        }
        let segment = arrival.segment
        now = arrival.at
        let data = SegmentData(segment: segment, length: Self.chunk, final: Self.final)
        head += 1
        if scheduler.receive(data, for: transfer, now: now, capacity: { _ in Self.capacity }) { received += 1 }
        transfer.segments.raiseLimit(to: UInt64(received + Self.capacity))
        scheduler.advance(now: now)
        sum &+= segment
    }

    private var arrival: (segment: UInt64, at: NIODeadline) { onTheWay[head % onTheWay.count] }

    private mutating func send(_ interest: SegmentInterest) {
        guard interest.nonce % 1000 != 0 else { return }
        lastArrival = max(lastArrival + Self.spacing, now + Self.roundTrip)
        onTheWay[tail % onTheWay.count] = (interest.segment, lastArrival)
        tail += 1
    }
}
