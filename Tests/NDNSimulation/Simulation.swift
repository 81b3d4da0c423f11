package import NDN
import NIOCore

/// Blobs fetched through one network in virtual time. The same seed, the same run.
///
/// Consumers share a near router with its cache, then a link with a queue and faults of its own, then the producer.
package struct Simulation {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    /// Octets around the payload: name, MetaInfo, signature, link headers.
    private static let overhead = 150

    private let scenario: Scenario
    private var link: Link
    private var linkState = LinkState()
    private var now = Self.start
    private var random: SplitMix64
    private var events = EventQueue()
    private var consumers: [any FetchingConsumer]
    private var cached: Set<UInt64> = []
    /// The near router's PIT, when it has a cache: who waits for a segment.
    private var pending: [UInt64: [EventQueue.Event]] = [:]
    /// When the near router last forwarded an Interest for a segment, when it suppresses others.
    private var forwarded: [UInt64: NIODeadline] = [:]
    private var steps = 0
    /// Of all Interests in the order of sending: a change that is none of behaviour leaves it alone (FNV-1a).
    package private(set) var trace: UInt64 = 0xCBF2_9CE4_8422_2325
    private var measurements: Measurements
    private var isMeasuring: Bool { now - Self.start >= scenario.warmUp }

    package init(_ scenario: Scenario) {
        self.scenario = scenario
        link = scenario.link
        random = SplitMix64(seed: scenario.seed)
        consumers = scenario.consumers.enumerated().map { number, consumer -> any FetchingConsumer in
            consumer.readers.isEmpty
                ? Consumer(consumer, scenario.configuration, number: number, seed: scenario.seed)
                : ReadingConsumer(consumer, scenario.configuration, number: number, seed: scenario.seed)
        }
        let first = scenario.consumers.first
        let chunk = first?.blobs.first?.chunk ?? 1
        let base = (link.delay + (first?.delay ?? .zero)) * 2 + scenario.producerDelay + link.time(chunk)
        measurements = Measurements(consumers: consumers.count, scale: Double(base.nanoseconds) / 1e9)
        for index in consumers.indices {
            events.add(.init(kind: .begin, consumer: Int32(index)), at: now + scenario.consumers[index].begin)
        }
        for (index, change) in scenario.changes.enumerated() {
            events.add(.init(kind: .change, segment: UInt64(index)), at: now + change.at)
        }
    }

    /// Runs until every fetch is over, or the scenario's duration.
    package mutating func run() throws -> Measurements {
        let end = scenario.duration.map { Self.start + $0 }
        while !consumers.allSatisfy(\.isOver) {
            guard let (at, event) = events.next() else {
                throw Violation(description: "nothing is due while a fetch runs")
            }
            if let end, at > end {
                now = end
                break
            }
            now = max(now, at)
            steps += 1
            guard steps < 30_000_000 else { throw Violation(description: "does not terminate") }
            try perform(event)
        }
        measurements.seconds = Double((now - Self.start - scenario.warmUp).nanoseconds) / 1e9
        measurements.capacity = scenario.link.rate / 8
        return measurements
    }

    /// What is wrong with the blobs of a run that came to its end.
    package func faults() -> [String] {
        consumers.indices.flatMap { index in
            consumers[index].faults.map { "consumer \(index), \($0)" }
                + (consumers[index].inFlight == 0 || scenario.duration != nil
                    ? [] : ["consumer \(index) has Interests in flight at the end"])
        }
    }

    /// Why a fetch failed; nil when none did.
    package var failure: String? {
        consumers.enumerated().lazy.compactMap { index, consumer in
            consumer.failure.map { "consumer \(index): \($0)" }
        }.first
    }

    package func statistics(_ consumer: Int, _ blob: Int = 0) -> FetchStatistics {
        consumers[consumer].statistics(blob)
    }

    package func window(_ consumer: Int) -> Int { consumers[consumer].window }

    // MARK: Events

    private mutating func perform(_ event: EventQueue.Event) throws {
        let consumer = Int(event.consumer)
        switch event.kind {
        case .atCache: meetCache(event)
        case .atProducer: answer(event)
        case .atRouter: satisfy(event)
        case .answered: transmit(event)
        case .change: scenario.changes[Int(event.segment)].change(&link)
        case .begin: try begin(consumer)
        case .wake:
            if let wake = consumers[consumer].wake, wake <= now { consumers[consumer].wake = nil }
        case .read:
            try consumers[consumer].read(Int(event.blob), now: now)
            if !consumers[consumer].isOver { events.add(event, at: now + .milliseconds(10)) }
        case .data:
            let octets = try consumers[consumer].receive(
                Int(event.blob), event.segment, isMarked: event.isMarked, now: now)
            if octets > 0, isMeasuring { measurements.octets[consumer] += octets + Self.overhead }
        }
        switch event.kind {
        case .begin, .wake, .read, .data: try settle(consumer)
        default: break
        }
    }

    private mutating func begin(_ consumer: Int) throws {
        try consumers[consumer].begin(now: now)
        for blob in consumers[consumer].readEachTick {
            events.add(.init(kind: .read, consumer: Int32(consumer), blob: Int32(blob)), at: now)
        }
    }

    private mutating func settle(_ index: Int) throws {
        try consumers[index].advance(now: now)
        repeat {
            while let (blob, interest) = try consumers[index].nextInterest(now: now) {
                send(interest, blob: blob, of: index)
            }
        } while try consumers[index].settled(now: now)
        guard let due = consumers[index].nextDeadline(now: now) else { return }
        if let wake = consumers[index].wake, wake <= due { return }
        consumers[index].wake = due
        events.add(.init(kind: .wake, consumer: Int32(index)), at: max(due, now))
    }

    private mutating func send(_ interest: SegmentInterest, blob: Int, of index: Int) {
        for number in [
            now.uptimeNanoseconds, UInt64(index), UInt64(blob), interest.segment, UInt64(interest.nonce),
            interest.mustBeFresh ? 1 : 0,
        ] { trace = (trace ^ number) &* 0x100_0000_01B3 }
        if isMeasuring {
            measurements.interests[index] += 1
            if interest.isRetransmission { measurements.retransmissions[index] += 1 }
        }
        events.add(
            .init(
                kind: .atCache, consumer: Int32(index), blob: Int32(blob), segment: interest.segment,
                nonce: interest.nonce), at: now + consumers[index].model.delay)
    }

    // MARK: The network

    private func key(_ event: EventQueue.Event) -> UInt64 {
        UInt64(scenario.consumers[Int(event.consumer)].blobs[Int(event.blob)].content) << 40 | event.segment
    }

    private mutating func meetCache(_ event: EventQueue.Event) {
        // A producer is silent about what is behind a blob's end.
        guard event.segment <= scenario.consumers[Int(event.consumer)].blobs[Int(event.blob)].final else { return }
        let key = key(event)
        var event = event
        if scenario.isCached(Int(key >> 40), event.segment) || cached.contains(key) {
            event.kind = .data
            events.add(event, at: now + consumers[Int(event.consumer)].model.delay)
            return
        }
        if scenario.cachesAll, let waiting = pending[key] {
            // A retransmission goes on, another consumer's Interest waits for the same Data.
            if !waiting.contains(where: { $0.consumer == event.consumer }) {
                pending[key] = waiting + [event]
                return
            }
        } else if scenario.cachesAll {
            pending[key] = [event]
        }
        if scenario.suppression > .zero {
            if let last = forwarded[key], now - last < scenario.suppression { return }
            forwarded[key] = now
        }
        event.kind = .atProducer
        if linkState.isLost(100, link, &random) { return }
        let delay = LinkState.delay(link, &random)
        events.add(event, at: now + delay)
        if random.chance(link.duplication) { events.add(event, at: now + delay + .microseconds(50)) }
    }

    private mutating func answer(_ event: EventQueue.Event) {
        var event = event
        event.kind = .answered
        let jitter = Double(scenario.producerJitter.nanoseconds) * random.unit()
        let delay = scenario.producerDelay + .nanoseconds(Int64(jitter))
        if delay > .zero { events.add(event, at: now + delay) } else { transmit(event) }
    }

    private mutating func transmit(_ event: EventQueue.Event) {
        let blob = scenario.consumers[Int(event.consumer)].blobs[Int(event.blob)]
        let octets = blob.length(event.segment) + Self.overhead
        guard let (wait, left, isMarked) = linkState.enqueue(octets, link, now: now) else {
            if isMeasuring { measurements.dropped += 1 }
            return
        }
        if isMeasuring {
            measurements.waited(Double(wait.nanoseconds) / 1e9)
            measurements.carried += octets
        }
        if linkState.isLost(octets, link, &random) { return }
        var event = event
        event.kind = scenario.cachesAll ? .atRouter : .data
        event.isMarked = isMarked
        let last = scenario.cachesAll ? .zero : consumers[Int(event.consumer)].model.delay
        let arrival = left + LinkState.delay(link, &random) + last
        events.add(event, at: arrival)
        if random.chance(link.duplication) { events.add(event, at: arrival + .microseconds(50)) }
    }

    private mutating func satisfy(_ event: EventQueue.Event) {
        let key = key(event)
        cached.insert(key)
        for waiting in pending.removeValue(forKey: key) ?? [] {
            var data = waiting
            data.kind = .data
            data.isMarked = event.isMarked
            events.add(data, at: now + consumers[Int(data.consumer)].model.delay)
        }
    }
}
