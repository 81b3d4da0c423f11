/// The largest of the values of the last rounds, with three of them kept (as Kathleen Nichols' filter in Linux does).
struct WindowedMaximum: Sendable {
    private struct Entry {
        var value = 0.0
        var round: UInt64 = 0
    }

    private let length: UInt64
    private var first = Entry()
    private var second = Entry()
    private var third = Entry()

    /// - Parameter length: rounds that a value counts.
    init(length: UInt64) {
        self.length = max(length, 4)
    }

    var value: Double { first.value }

    mutating func add(_ value: Double, round: UInt64) {
        let new = Entry(value: value, round: round)
        if value >= first.value || round &- third.round > length { return reset(new) }
        if value >= second.value {
            second = new
            third = new
        } else if value >= third.value {
            third = new
        }
        age(new)
    }

    /// Forgets what was larger.
    mutating func reset(_ value: Double, round: UInt64) {
        reset(Entry(value: value, round: round))
    }

    private mutating func reset(_ entry: Entry) {
        first = entry
        second = entry
        third = entry
    }

    /// The runners-up come from later parts of the window, so that one of them is there when the best has expired.
    private mutating func age(_ new: Entry) {
        let elapsed = new.round &- first.round
        if elapsed > length {
            first = second
            second = third
            third = new
            if new.round &- first.round > length {
                first = second
                second = third
                third = new
            }
        } else if second.round == first.round, elapsed > length / 4 {
            second = new
            third = new
        } else if third.round == second.round, elapsed > length / 2 {
            third = new
        }
    }
}
