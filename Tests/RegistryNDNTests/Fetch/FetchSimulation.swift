import HeapModule
import NIOCore

@testable import RegistryNDN

/// A small random generator with a seed that can be printed.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Blobs fetched through one lossy, rate-limited link in virtual time.
struct FetchSimulation {
    struct Link {
        /// Data packets a second that the bottleneck passes.
        var rate = 10_000.0
        /// One way.
        var delay = TimeAmount.milliseconds(5)
        /// Extra delay of a packet, uniformly up to this: reorders.
        var jitter = TimeAmount.zero
        /// Of Interests and of Data.
        var loss = 0.0
        var duplication = 0.0
        /// Packets that the queue before the bottleneck holds; more are dropped.
        var queue = 1000
        /// Queue length from which Data is marked.
        var marks = Int.max
    }

    struct Blob {
        var chunk: Int
        var size: Int
        /// Segments the reader takes a second; nil: all at once.
        var readRate: Double?
        /// Segments ahead of the reader that may be asked for.
        var room: UInt64

        var final: UInt64 { size == 0 ? 0 : UInt64((size - 1) / max(chunk, 1)) }
        func length(_ segment: UInt64) -> Int { min(chunk, size - Int(segment) * chunk) }
    }

    struct Violation: Error, CustomStringConvertible {
        let description: String
    }

    private enum Event {
        case interest(blob: Int, segment: UInt64)
        case data(blob: Int, segment: UInt64, isMarked: Bool)
        case read(blob: Int)
    }

    private struct Entry: Comparable {
        let at: NIODeadline
        let order: Int
        let event: Event

        static func < (a: Entry, b: Entry) -> Bool { (a.at, a.order) < (b.at, b.order) }
        static func == (a: Entry, b: Entry) -> Bool { a.order == b.order }
    }

    let link: Link
    let blobs: [Blob]
    let maximumWindow: Int
    private(set) var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private(set) var scheduler: FetchScheduler
    private var random: SplitMix64
    private var events = Heap<Entry>()
    private var order = 0
    private var bottleneckFree = NIODeadline.uptimeNanoseconds(0)
    private var seen: [Set<UInt64>]
    private var read: [UInt64]
    /// Segments below this are known to be here.
    private var checked: [UInt64]
    private(set) var sent = 0

    init(link: Link, blobs: [Blob], maximumWindow: Int, configuration: FetchConfiguration, seed: UInt64) {
        self.link = link
        self.blobs = blobs
        self.maximumWindow = maximumWindow
        random = SplitMix64(seed: seed)
        seen = Array(repeating: [], count: blobs.count)
        read = Array(repeating: 0, count: blobs.count)
        checked = read
        scheduler = FetchScheduler(
            path: FetchPath(initialWindow: 10, maximumWindow: maximumWindow))
        for index in blobs.indices {
            let id = scheduler.add(
                SegmentFetch(configuration: configuration, deadline: now + configuration.timeout, now: now))
            precondition(id == index)
            if blobs[index].readRate != nil { schedule(.read(blob: index), after: .milliseconds(1)) }
        }
    }

    /// Runs until every fetch is over.
    ///
    /// - Returns: virtual time spent.
    mutating func run() throws -> TimeAmount {
        let start = now
        var steps = 0
        try pump()
        while blobs.indices.contains(where: { scheduler[$0]?.isOver == false }) {
            steps += 1
            guard steps < 2_000_000 else { throw Violation(description: "does not terminate") }
            let deadline = scheduler.nextDeadline(now: now)
            if let entry = events.min, deadline.map({ entry.at <= $0 }) ?? true {
                now = max(now, entry.at)
                perform(events.removeMin().event)
                try violations()
            } else if let deadline {
                now = max(now, deadline)
            } else {
                throw Violation(description: "no deadline while a fetch runs")
            }
            scheduler.advance(now: now)
            try pump()
        }
        return now - start
    }

    private var violation: String?

    private func violations() throws {
        if let violation { throw Violation(description: violation) }
    }

    private mutating func schedule(_ event: Event, after delay: TimeAmount) {
        order += 1
        events.insert(Entry(at: now + delay, order: order, event: event))
    }

    private mutating func pump() throws {
        while let (blob, interest) = scheduler.nextInterest(now: now) {
            sent += 1
            guard scheduler.path.inFlight <= maximumWindow else {
                throw Violation(description: "\(scheduler.path.inFlight) in flight, bound \(maximumWindow)")
            }
            guard interest.segment <= blobs[blob].final,
                interest.segment == blobs[blob].final || interest.segment < read[blob] + blobs[blob].room + 1
            else { throw Violation(description: "segment \(interest.segment) beyond the demand") }
            guard !seen[blob].contains(interest.segment) else {
                throw Violation(description: "segment \(interest.segment) asked for though here")
            }
            transmit(.interest(blob: blob, segment: interest.segment), after: link.delay)
        }
    }

    private mutating func transmit(_ event: Event, after delay: TimeAmount) {
        if chance(link.loss) { return }
        let extra = TimeAmount.nanoseconds(Int64.random(in: 0...link.jitter.nanoseconds, using: &random))
        schedule(event, after: delay + extra)
        if chance(link.duplication) { schedule(event, after: delay + extra + .microseconds(50)) }
    }

    private mutating func chance(_ probability: Double) -> Bool {
        probability > 0 && Double.random(in: 0..<1, using: &random) < probability
    }

    private mutating func perform(_ event: Event) {
        switch event {
        case .interest(let blob, let segment):
            let waiting = max((bottleneckFree - now).nanoseconds, 0)
            let queued = Int(Double(waiting) * link.rate / 1e9)
            guard queued < link.queue else { return }
            bottleneckFree = max(bottleneckFree, now) + .nanoseconds(Int64(1e9 / link.rate))
            transmit(
                .data(blob: blob, segment: segment, isMarked: queued >= link.marks),
                after: (bottleneckFree - now) + link.delay)
        case .data(let blob, let segment, let isMarked):
            receive(blob, segment, isMarked)
        case .read(let blob):
            let segments = UInt64((blobs[blob].readRate ?? 0) / 100) + 1
            read[blob] = max(read[blob], min(scheduler[blob]?.base ?? 0, read[blob] + segments))
            raise(blob)
            if scheduler[blob]?.isOver == false { schedule(.read(blob: blob), after: .milliseconds(10)) }
        }
    }

    private mutating func receive(_ blob: Int, _ segment: UInt64, _ isMarked: Bool) {
        let data = SegmentData(
            segment: segment, length: blobs[blob].length(segment), final: blobs[blob].final, isMarked: isMarked)
        if scheduler.receive(data, for: blob, now: now, capacity: { _ in 256 }) {
            if !seen[blob].insert(segment).inserted { violation = "segment \(segment) accepted twice" }
        }
        if let base = scheduler[blob]?.base {
            while checked[blob] < base {
                if !seen[blob].contains(checked[blob]) { violation = "the window passed segment \(checked[blob])" }
                checked[blob] += 1
            }
        }
        if blobs[blob].readRate == nil { read[blob] = scheduler[blob]?.base ?? 0 }
        raise(blob)
    }

    private mutating func raise(_ blob: Int) {
        scheduler.raiseLimit(of: blob, to: read[blob] + blobs[blob].room)
    }

    /// All segments of a blob arrived and its size is right.
    func isWhole(_ blob: Int) -> Bool {
        guard let fetch = scheduler[blob] else { return false }
        return fetch.isComplete && fetch.size == UInt64(blobs[blob].size)
            && seen[blob].count == Int(blobs[blob].final) + 1
            && fetch.statistics.octets == UInt64(blobs[blob].size)
    }
}
