internal import NIOCore

/// Tells a peer that sends its body slowly from one that only holds a connection: the least average rate, over each window
/// of waiting for it.
///
/// Only time spent waiting for the peer counts. While whoever takes the body is slower, the peer is not to blame. A window
/// ends with the bytes that complete it, so that a pause without any needs a limit of its own.
struct TrickleLimit {
    /// Bytes that a window must bring.
    let leastOctets: Int
    let window: TimeAmount
    private var waited = TimeAmount.zero
    private var octets = 0

    /// `rate` is in bytes a second; 0 permits anything.
    init(rate: Int, window: TimeAmount) {
        self.window = window
        leastOctets = Int(Double(rate) * Double(window.nanoseconds) / 1e9)
    }

    /// Begins with another body.
    mutating func restart() { (waited, octets) = (.zero, 0) }

    /// Counts bytes for which the peer was waited for from `begin` to `end`. Returns whether it is fast enough so far.
    mutating func takes(_ count: Int, from begin: NIODeadline, to end: NIODeadline) -> Bool {
        octets += count
        waited = waited + (end - begin)
        guard waited >= window else { return true }
        defer { restart() }
        return octets >= leastOctets
    }
}
