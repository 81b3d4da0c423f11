import NIOCore

/// Holds a fetch back where its reader is expected to hang up, and lets it go on, slowly at first, when the reader does not.
struct ReadPause: Sendable {
    /// How long a reader who has everything up to here may take to hang up: what it has not read yet lies in the buffers of its
    /// connection. With 100 ms containerd on a busy machine was sent a tenth of a layer in vain.
    static let patience = TimeAmount.milliseconds(250)
    private static let firstStep: UInt64 = 64 << 10
    /// With more than this in one step nothing is held back any more.
    private static let lastStep: UInt64 = 8 << 20

    /// Nothing behind this octet is asked for.
    private(set) var end: UInt64
    private var step = Self.firstStep
    /// When it goes on; nil while the reader has not come here.
    private(set) var until: NIODeadline?

    /// - Parameter end: offset behind the last octet that is wanted, as far as is known.
    init(end: UInt64) {
        self.end = end
    }

    /// Takes note of a better guess, unless the reader has passed the one before.
    mutating func expect(_ end: UInt64) {
        if step == Self.firstStep, until == nil { self.end = end }
    }

    /// - Parameter isReached: somebody has taken all octets up to ``end``, and waits for more.
    /// - Returns: whether anything is still held back.
    mutating func look(isReached: Bool, now: NIODeadline) -> Bool {
        guard isReached else {
            until = nil
            return true
        }
        guard let until else {
            self.until = now + Self.patience
            return true
        }
        guard now >= until else { return true }
        self.until = nil
        let (end, overflow) = self.end.addingReportingOverflow(step)
        guard step < Self.lastStep, !overflow else { return false }
        self.end = end
        step *= 2
        return true
    }
}
