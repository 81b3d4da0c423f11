/// The losses of one round trip, to which there is one reaction, and the state before it as long as that may be wrong.
struct LossEpisode: Sendable {
    private var number: UInt32 = 0
    /// Transmissions below this left before the reaction: their loss says nothing new.
    private var recovery: UInt64 = 0
    private var before: SelectedController?
    private var open = 0

    func isNew(_ sequence: UInt64) -> Bool { sequence >= recovery }

    /// - Parameters:
    ///   - before: the controller before the reaction; nil when that is final.
    ///   - next: number of the next transmission.
    mutating func begin(before: SelectedController?, next: UInt64) {
        number &+= 1
        recovery = next
        self.before = before
        open = 0
    }

    mutating func add() -> UInt32 {
        open += 1
        return number
    }

    /// One of the losses of event `episode` was none.
    ///
    /// - Returns: the controller to go back to, when that was the last.
    mutating func take(_ episode: UInt32) -> SelectedController? {
        guard episode == number, open > 0 else { return nil }
        open -= 1
        guard open == 0 else { return nil }
        defer { before = nil }
        return before
    }
}
