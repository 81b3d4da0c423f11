internal import NIOCore

/// Whether blobs are asked for while none comes over NDN: pulls go on without it, and somebody has to be told.
///
/// It has set in when requests were answered without NDN in the last minute, or are now, and nothing came over NDN for a minute.
struct NDNDrought: Sendable {
    /// How long nothing may come over NDN; how long a request counts; how often it is told.
    static var limit: TimeAmount { .seconds(60) }

    /// What there is to say of a drought.
    struct Report: Hashable, Sendable {
        /// For how long nothing has come over NDN.
        let seconds: Int64
        /// The reason of the last request that went without.
        let reason: String
    }

    /// What the log is told.
    enum Notice: Hashable, Sendable {
        case lasts(Report)
        /// Something came over NDN.
        case isOver
        /// Nobody asks for blobs any more.
        case isQuiet
    }

    private let begin: NIODeadline
    /// When something came over NDN last.
    private(set) var lastSuccess: NIODeadline?
    private var octets: UInt64 = 0
    /// The requests, by their ids, that are answered without NDN at the moment.
    private var underWay: Set<String> = []
    private var lastRequest: NIODeadline?
    /// Why the last request went without NDN, as far as that says more than that the path is down.
    private(set) var reason: Fallback?
    private var lastNotice: NIODeadline?

    init(now: NIODeadline) { begin = now }

    /// - Parameter octets: all that ever came over NDN.
    mutating func observe(octets: UInt64, now: NIODeadline) {
        guard octets != self.octets else { return }
        self.octets = octets
        lastSuccess = now
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
        let length = now - (lastSuccess ?? begin)
        guard length >= Self.limit, isAskedFor(now: now) else { return nil }
        return Report(
            seconds: length.nanoseconds / 1_000_000_000, reason: reason.map { "\($0)" } ?? "no reason is known")
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
        return lastSuccess.map { now - $0 < Self.limit } ?? false ? .isOver : .isQuiet
    }

    /// Whether time alone may bring a notice.
    func isUndecided(now: NIODeadline) -> Bool { isAskedFor(now: now) || lastNotice != nil }

    private func isAskedFor(now: NIODeadline) -> Bool {
        !underWay.isEmpty || lastRequest.map { now - $0 < Self.limit } ?? false
    }
}
