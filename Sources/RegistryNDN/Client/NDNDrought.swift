internal import NIOCore

/// Whether blobs are asked for while next to nothing of them comes over NDN: pulls go on without it, and somebody has to be told.
///
/// It has set in when requests were answered without NDN in the last minute, or are now, and NDN was of no use for a minute. It is of
/// use when it brings something, and not less than a worthwhile share of what the registry gave such requests since it was so last:
/// a small blob out of a cache, or a path that lets a few packets through, says nothing.
struct NDNDrought: Sendable {
    /// How long nothing may come over NDN; how long a request counts; how often it is told.
    static var limit: TimeAmount { .seconds(60) }

    /// Which part of the registry's octets is a worthwhile share: one in a hundred.
    static var share: UInt64 { 100 }

    /// All octets of blobs that ever came.
    struct Octets: Hashable, Sendable {
        var ndn: UInt64 = 0
        /// From the registry, for requests that went without NDN.
        var registry: UInt64 = 0
    }

    /// What there is to say of a drought.
    struct Report: Hashable, Sendable {
        /// For how long NDN has been of no use.
        let seconds: Int64
        /// Whether something came over NDN meanwhile, though next to nothing.
        var hasBrought = false
        /// The reason of the last request that went without.
        let reason: String
    }

    /// What the log is told.
    enum Notice: Hashable, Sendable {
        case lasts(Report)
        /// Blobs come over NDN.
        case isOver
        /// Nobody asks for blobs any more.
        case isQuiet
    }

    /// When NDN was of use last, or the begin; and what had come until then.
    private var lastUse: (time: NIODeadline, octets: Octets)
    /// When something came over NDN last.
    private(set) var lastSuccess: NIODeadline?
    private var octets = Octets()
    /// The requests, by their ids, that are answered without NDN at the moment.
    private var underWay: Set<String> = []
    private var lastRequest: NIODeadline?
    /// Why the last request went without NDN, as far as that says more than that the path is down.
    private(set) var reason: Fallback?
    private var lastNotice: NIODeadline?

    init(now: NIODeadline) { lastUse = (now, Octets()) }

    mutating func observe(_ octets: Octets, now: NIODeadline) {
        let isNew = octets.ndn != self.octets.ndn
        self.octets = octets
        guard isNew else { return }
        lastSuccess = now
        let brought = octets.ndn &- lastUse.octets.ndn
        let given = octets.registry &- lastUse.octets.registry
        // Where nothing goes without NDN any more, what once did is no measure.
        guard brought >= given / Self.share || !isAskedFor(now: now) else { return }
        lastUse = (now, octets)
    }

    /// A request is answered without NDN from now on.
    mutating func departed(_ id: String, _ fallback: Fallback?, now: NIODeadline) {
        // It is no sign that NDN is of no use, whether or not the refusal reaches whoever asked.
        guard fallback?.reason != .refused else { return }
        underWay.insert(id)
        lastRequest = now
        // That the path is down says nothing of why; the failure before does.
        if let fallback, fallback.reason != .pathDown || reason == nil { reason = fallback }
    }

    /// A request is over; one that has not departed is none of those that count.
    mutating func arrived(_ id: String, now: NIODeadline) {
        if underWay.remove(id) != nil { lastRequest = now }
    }

    /// nil: there is no drought.
    func report(now: NIODeadline) -> Report? {
        let length = now - lastUse.time
        guard length >= Self.limit, isAskedFor(now: now) else { return nil }
        return Report(
            seconds: length.nanoseconds / 1_000_000_000, hasBrought: octets.ndn != lastUse.octets.ndn,
            reason: reason.map { "\($0)" } ?? "no reason is known")
    }

    /// What the log is to be told now.
    mutating func notice(now: NIODeadline) -> Notice? {
        if let report = report(now: now) {
            guard lastNotice.map({ now - $0 >= Self.limit }) ?? true else { return nil }
            lastNotice = now
            return .lasts(report)
        }
        guard lastNotice != nil else { return nil }
        lastNotice = nil
        let hasFollowed = lastSuccess.map { success in lastRequest.map { success > $0 } ?? true } ?? false
        return now - lastUse.time < Self.limit || hasFollowed ? .isOver : .isQuiet
    }

    /// Whether time alone may bring a notice.
    func isUndecided(now: NIODeadline) -> Bool { isAskedFor(now: now) || lastNotice != nil }

    private func isAskedFor(now: NIODeadline) -> Bool {
        !underWay.isEmpty || lastRequest.map { now - $0 < Self.limit } ?? false
    }
}
