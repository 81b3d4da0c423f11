internal import NDN
import NIOCore

/// The reads that wait for their turn at the registry, in an order that a flood of Interests for blobs that do not exist
/// cannot turn against those that do.
///
/// Reads of blobs that are known to exist come first. The first read of any other is a lookup, of which the registry gets
/// only so many in vain: few are wrong while all is well, and then they have every place; when many are, they have a
/// share of the places, and a rate. Of the lookups those asked for more than once, as clients do, have every other turn; the
/// hosts that ask take turns, and of each host the repositories that are known to exist, with all others as one.
///
/// Logic only: `now` is a parameter.
struct ReadQueue<Item: AnyObject> {
    struct Configuration: Sendable {
        /// Reads at a time.
        var concurrency = 8
        /// How many reads of known blobs, and how many lookups, may wait.
        var reads = 256
        var lookups = 512
        /// Lookups in vain that the registry gets: how many a second, and how many at once.
        var misses = 30.0
        var burst = 16.0
        /// Lookups in vain that are nothing unusual: how many a second, and how many at once.
        var usualMisses = 5.0
        var usualBurst = 8.0
    }

    private enum Kind {
        case known, repeated, single
    }

    private enum Group: Hashable {
        case blob(ObjectIdentifier)
        case repository(RepositoryName)
        case unknownRepositories
    }

    private struct Place {
        let kind: Kind
        let host: PeerHost
        let group: Group
    }

    private typealias Queue = FairQueue<PeerHost, Group, Item>

    let configuration: Configuration
    private var known: Queue
    /// Lookups that were asked for once, and those that were asked for more than once.
    private var single: Queue
    private var repeated: Queue
    private var places: [ObjectIdentifier: Place] = [:]
    private var misses: TokenBucket
    /// A bucket that is in debt while more lookups are in vain than is usual.
    private var usual: TokenBucket
    private var lastKind = Kind.single

    init(_ configuration: Configuration) {
        self.configuration = configuration
        known = Queue(.oldestFirst, capacity: configuration.reads)
        single = Queue(.newestFirst, capacity: configuration.lookups)
        repeated = Queue(.newestFirst, capacity: configuration.lookups)
        misses = TokenBucket(rate: configuration.misses, burst: configuration.burst)
        usual = TokenBucket(rate: configuration.usualMisses, burst: configuration.usualBurst)
    }

    var count: Int { places.count }
    var hasKnown: Bool { !known.isEmpty }
    var items: [Item] { Array(known.items) + Array(repeated.items) + Array(single.items) }

    func contains(_ item: Item) -> Bool { places[ObjectIdentifier(item)] != nil }

    /// A read of a blob that exists; moves one that was a lookup so far. Returns the read that had to leave for it.
    mutating func add(_ item: Item, of blob: AnyObject, from host: PeerHost) -> Item? {
        let host = places[ObjectIdentifier(item)]?.host ?? host
        remove(item)
        return insert(item, Place(kind: .known, host: host, group: .blob(ObjectIdentifier(blob))))
    }

    /// A read of a blob that may not exist.
    ///
    /// - Parameters:
    ///   - repository: nil for one that is not known to exist either.
    ///   - isRepeated: The blob has been asked for before.
    mutating func addLookup(
        _ item: Item, in repository: RepositoryName?, from host: PeerHost, isRepeated: Bool
    ) -> Item? {
        let group = repository.map { Group.repository($0) } ?? .unknownRepositories
        return insert(item, Place(kind: isRepeated ? .repeated : .single, host: host, group: group))
    }

    /// The blob of a lookup is asked for once more.
    mutating func askedAgain(_ item: Item) -> Item? {
        guard let place = places[ObjectIdentifier(item)], place.kind == .single else { return nil }
        remove(item)
        return insert(item, Place(kind: .repeated, host: place.host, group: place.group))
    }

    mutating func remove(_ item: Item) {
        guard let place = places.removeValue(forKey: ObjectIdentifier(item)) else { return }
        with(place.kind) { $0.remove(item, of: place.host, in: place.group) }
    }

    /// The item to be read next, which `begin` takes out; nil when nothing may be read now.
    ///
    /// - Parameter lookups: how many lookups are under way.
    mutating func next(lookups: Int, now: NIODeadline) -> Item? {
        if let read = known.next { return read.item }
        // When there are too many lookups, and only then, whoever asked long ago has given up.
        let isUsual = usual.hasTokens(now: now)
        single.order = isUsual ? .oldestFirst : .newestFirst
        repeated.order = single.order
        guard misses.hasTokens(now: now) else { return nil }
        if lookups < (isUsual ? configuration.concurrency : max(1, configuration.concurrency / 4)) {
            return nextLookup?.item
        }
        // A lookup that a client asks for twice still finds a place when the flood has filled its own.
        return lookups < configuration.concurrency / 2 ? repeated.next?.item : nil
    }

    /// The read that `next` gave begins.
    mutating func begin(_ item: Item) {
        if let kind = places[ObjectIdentifier(item)]?.kind, kind != .known { lastKind = kind }
        remove(item)
    }

    /// Lookups have found nothing.
    mutating func missed(_ count: Int, now: NIODeadline) {
        if misses.level(now: now) > -configuration.burst { misses.take(count) }
        // A flood that is over is soon forgotten.
        if usual.level(now: now) > -configuration.usualBurst { usual.take(count) }
    }

    /// When `next` may give a lookup again that has to wait for no other read; nil when none does.
    func deadline(now: NIODeadline) -> NIODeadline? {
        guard known.isEmpty, nextLookup != nil else { return nil }
        return misses.refill.map { max($0, now) }
    }

    private var nextLookup: (party: PeerHost, group: Group, item: Item)? {
        lastKind == .repeated ? single.next ?? repeated.next : repeated.next ?? single.next
    }

    private mutating func insert(_ item: Item, _ place: Place) -> Item? {
        places[ObjectIdentifier(item)] = place
        let leaving = with(place.kind) { $0.add(item, of: place.host, in: place.group) }
        if let leaving { places[ObjectIdentifier(leaving)] = nil }
        return leaving
    }

    private mutating func with<Result>(_ kind: Kind, _ body: (inout Queue) -> Result) -> Result {
        switch kind {
        case .known: body(&known)
        case .repeated: body(&repeated)
        case .single: body(&single)
        }
    }
}
