import DequeModule
internal import NDN
import NIOCore
import OrderedCollections

/// The blobs that a server knows of, as far as it serves them, and for how long it remembers those without ranges.
struct BlobTable {
    private let configuration: RangeCache.Configuration
    private var blobs: [Name: CachedBlob] = [:]
    /// Blobs without ranges that are not to be asked for: each is forgotten after a while.
    private var held: Deque<(until: NIODeadline, name: Name)> = []
    /// Blobs without ranges that exist: their next reads are no lookups.
    private var existing: Deque<Name> = []
    /// Repositories that a blob has been found in.
    private var repositories: OrderedSet<RepositoryName> = []
    /// The blob of the last Interest: usually also that of the next, and comparing names is cheaper than hashing them.
    private weak var recent: CachedBlob?

    init(_ configuration: RangeCache.Configuration) { self.configuration = configuration }

    var count: Int { blobs.count }
    var isEmpty: Bool { blobs.isEmpty }

    /// The blob of this name; nil for a name that is none of ours.
    mutating func blob(_ name: Name, now: NIODeadline) -> CachedBlob? {
        if let recent, recent.name == name { return recent }
        if let blob = blobs[name] {
            recent = blob
            return blob
        }
        forget(now)
        guard let parsed = BlobName(parsing: name, prefix: configuration.prefix), isServed(parsed) else { return nil }
        // The Interest's own name lies in a receive buffer of many packets, which it would keep.
        let blob = CachedBlob(name: name.owned(), blob: parsed, fetchChunks: configuration.fetchChunks)
        blobs[blob.name] = blob
        return blob
    }

    private func isServed(_ blob: BlobName) -> Bool {
        configuration.repositories.isEmpty || configuration.repositories.contains { $0.matches(blob.repository) }
    }

    /// Whether `name` is of a repository that is not served: whoever asks learns the same as for one that does not exist.
    func isForbidden(_ name: Name) -> Bool {
        BlobName(parsing: name, prefix: configuration.prefix).map { !isServed($0) } ?? false
    }

    /// The blob's repository; nil when nothing has been found in it so far.
    func knownRepository(of blob: CachedBlob) -> RepositoryName? {
        let repository = blob.blob.repository
        return repositories.contains(repository) ? repository : nil
    }

    /// The blob exists, and so does its repository.
    mutating func noteFound(_ blob: CachedBlob) {
        let repository = blob.blob.repository
        guard !repositories.contains(repository) else { return }
        repositories.append(repository)
        if repositories.count > configuration.maximumKnown { repositories.removeFirst() }
    }

    /// A blob has lost its last range: what is worth remembering of it stays for a while.
    mutating func noteEmpty(_ blob: CachedBlob, now: NIODeadline) {
        if blob.shape != nil {
            existing.append(blob.name)
            if existing.count > configuration.maximumKnown { drop(existing.removeFirst()) }
        } else if blob.isHeld(now) {
            held.append((now + configuration.unknownHold, blob.name))
        } else {
            blobs[blob.name] = nil
        }
    }

    /// Drops what is known of blobs that are not held any more.
    mutating func forget(_ now: NIODeadline) {
        while let (until, name) = held.first, until <= now {
            held.removeFirst()
            if let blob = blobs[name], blob.isHeld(now) {
                held.append((now + configuration.unknownHold, name))
            } else {
                drop(name)
            }
        }
    }

    private mutating func drop(_ name: Name) {
        if blobs[name]?.isEmpty == true { blobs[name] = nil }
    }
}
