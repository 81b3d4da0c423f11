import HeapModule
import NDN
import NIOCore

/// What a consumer could reach at best that knew the path's rate and every loss a round trip later: it keeps the link
/// full as far as the octets that it may hold, and NFD's rule for retransmissions, allow.
///
/// Segments are delivered in order, so that one which is lost again and again holds the window where it is, while the
/// others fill it.
package struct Reachable {
    private struct Repetition: Comparable {
        let ready: Double
        let segment: Int
        let transmissions: UInt8

        static func < (a: Repetition, b: Repetition) -> Bool {
            a.ready != b.ready ? a.ready < b.ready : a.segment < b.segment
        }
    }

    private let roundTrip: Double
    private let slot: Double
    private let loss: Double
    private let window: Int
    private var random = SplitMix64(seed: 1)
    private var time = 0.0
    private var waiting = Heap<Repetition>()
    /// When each segment is here; those that are not sent yet are missing.
    private var arrivals: [Double] = []
    private var base = 0

    /// - Parameters:
    ///   - octets: of a Data packet.
    ///   - window: segments that the consumer holds at most.
    package init(_ link: Link, octets: Int, window: Int) {
        roundTrip = 2 * Double(link.delay.nanoseconds) / 1e9
        slot = Double(link.time(octets).nanoseconds) / 1e9
        loss = link.loss
        self.window = window
    }

    /// The part of the time in which Data that arrives is on the link.
    package mutating func utilization(seconds: Double) -> Double {
        while time < seconds {
            while base < arrivals.count, arrivals[base] <= time { base += 1 }
            if let first = waiting.min, first.ready <= time {
                waiting.removeMin()
                send(first.segment, transmissions: first.transmissions + 1)
            } else if arrivals.count < base + window {
                arrivals.append(.infinity)
                send(arrivals.count - 1, transmissions: 1)
            } else {
                time = min(arrivals[base], waiting.min?.ready ?? .infinity)
            }
        }
        return Double(arrivals.count { $0 <= time }) * slot / time
    }

    private mutating func send(_ segment: Int, transmissions: UInt8) {
        let isAsked = !random.chance(loss)
        let isAnswered = isAsked && !random.chance(loss)
        let pause = Double(RTTEstimator.suppression(transmissions: transmissions).nanoseconds) / 1e9
        if isAnswered {
            arrivals[segment] = time + roundTrip + slot
        } else {
            waiting.insert(
                Repetition(
                    ready: time + max(roundTrip + slot, pause), segment: segment, transmissions: transmissions))
        }
        if isAsked { time += slot }
    }
}
