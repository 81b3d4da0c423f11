internal import NDN
internal import NIOCore

/// Which of several routers is used, and which comes next when it fails: no socket, no clock.
///
/// The best of a measurement is used until it fails; then the next best that has not failed lately. When all have failed, the
/// one whose failure is longest ago is used all the same, and the routers are to be looked for anew.
struct RouterSet: Sendable {
    /// A router that failed is left alone for so long, while there are others.
    static let cooldown = TimeAmount.seconds(60)
    /// Between two searches.
    static let searchInterval = TimeAmount.seconds(30)

    private struct Entry: Sendable {
        let measurement: RouterMeasurement
        var failedAt: NIODeadline?
    }

    /// In order of preference.
    private var entries: [Entry] = []
    private(set) var current: Router?
    private var lastSearch: NIODeadline?

    init() {}

    /// The routers that are not used now, best first.
    var spares: [Router] { entries.map(\.measurement.router).filter { $0 != current } }

    /// All of them for those who watch, the one in use first.
    var standings: [RouterStanding] {
        let ordered =
            entries.filter { $0.measurement.router == current }
            + entries.filter { $0.measurement.router != current }
        return ordered.map { entry in
            RouterStanding(
                uri: entry.measurement.router.uri, isUsed: entry.measurement.router == current,
                isUp: entry.failedAt == nil, roundTrip: entry.measurement.rtt,
                trouble: entry.failedAt == nil ? nil : "it failed, and is left alone while there are others")
        }
    }

    /// Takes the outcome of a search; a router that is in use and answered stays in use.
    mutating func replace(with measurements: [RouterMeasurement]) {
        entries = measurements.sorted().map { Entry(measurement: $0) }
        let stays = measurements.contains { $0.router == current && $0.answer < .nack }
        if !stays { current = entries.first?.measurement.router }
    }

    /// A router failed. Returns whether it was the one in use, and another one is now.
    @discardableResult
    mutating func failed(_ router: Router, now: NIODeadline) -> Bool {
        guard let index = entries.firstIndex(where: { $0.measurement.router == router }) else { return false }
        entries[index].failedAt = now
        guard router == current else { return false }
        let rested = entries.first { $0.failedAt.map { $0 + Self.cooldown <= now } ?? true }
        let oldest = entries.min { ($0.failedAt ?? .uptimeNanoseconds(0)) < ($1.failedAt ?? .uptimeNanoseconds(0)) }
        current = (rested ?? oldest)?.measurement.router
        return current != router
    }

    /// A router did what it should.
    mutating func worked(_ router: Router) {
        guard let index = entries.firstIndex(where: { $0.measurement.router == router }) else { return }
        entries[index].failedAt = nil
    }

    /// Whether a search is to begin: no router is known, or all have failed, and the last search began `searchInterval` ago.
    mutating func beginsSearch(now: NIODeadline) -> Bool {
        let isPoor = entries.allSatisfy { $0.failedAt != nil }
        guard isPoor, lastSearch.map({ $0 + Self.searchInterval <= now }) ?? true else { return false }
        lastSearch = now
        return true
    }
}
