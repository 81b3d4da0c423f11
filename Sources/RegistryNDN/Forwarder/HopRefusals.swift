internal import NDN
internal import NIOCore

/// Which next hops have refused Interests below a prefix, and have brought no Data of it since: no clock, no packets.
///
/// What refuses answers at once, so that `HopHealth` finds nothing wrong with it; but a server whose registry is away, or a
/// forwarder that has lost its server, would be asked first for each Interest, in vain. Another next hop of the prefix is better
/// meanwhile, and the one that refuses gets a copy of an Interest now and then, ever more rarely. Other prefixes are not its
/// concern: there it may have all that is asked for.
struct HopRefusals: Sendable {
    /// Of one next hop.
    enum Standing: Sendable {
        case willing
        case refusing
        /// It has refused, and one Interest may be spent to find out whether it still does.
        case due
    }

    private struct Key: Hashable {
        let prefix: Name
        let face: UInt64
    }

    private static let longestPause = TimeAmount.seconds(16)

    private let capacity: Int
    private var pauses: [Key: DoublingPause] = [:]

    /// - Parameter capacity: how many are remembered.
    init(capacity: Int) { self.capacity = capacity }

    var isEmpty: Bool { pauses.isEmpty }

    /// Whether a next hop has refused anything that it has not brought since.
    func contains(_ face: UInt64) -> Bool { pauses.keys.contains { $0.face == face } }

    func standing(of face: UInt64, for prefix: Name, now: NIODeadline) -> Standing {
        guard !pauses.isEmpty, let pause = pauses[Key(prefix: prefix, face: face)] else { return .willing }
        return pause.isOver(now: now) ? .due : .refusing
    }

    /// A next hop of the prefix has refused an Interest.
    mutating func refused(_ face: UInt64, _ prefix: Name, now: NIODeadline) {
        guard standing(of: face, for: prefix, now: now) == .willing else { return }
        // Routes that are gone may have left some behind.
        if pauses.count >= capacity { pauses.removeAll() }
        var pause = DoublingPause(limit: Self.longestPause)
        pause.begin(now: now)
        pauses[Key(prefix: prefix.owned(), face: face)] = pause
    }

    /// An Interest was spent to find out whether it still refuses. Returns false for one that has not refused.
    mutating func tried(_ face: UInt64, _ prefix: Name, now: NIODeadline) -> Bool {
        let key = Key(prefix: prefix, face: face)
        guard !pauses.isEmpty, pauses[key] != nil else { return false }
        pauses[key]?.begin(now: now)
        return true
    }

    /// Data of the prefix came from it.
    mutating func served(_ face: UInt64, _ prefix: Name) { pauses[Key(prefix: prefix, face: face)] = nil }

    mutating func removeFace(_ face: UInt64) {
        if !pauses.isEmpty { pauses = pauses.filter { $0.key.face != face } }
    }
}
