import NDN
import NIOCore

/// Who fetches blobs in a simulation.
protocol FetchingConsumer {
    var model: SimulatedConsumer { get }
    /// When its clock is due already.
    var wake: NIODeadline? { get set }
    var hasBegun: Bool { get }
    var isOver: Bool { get }
    /// Those of which something is read every 10 ms.
    var readEachTick: [Int] { get }
    mutating func begin(now: NIODeadline) throws
    mutating func read(_ blob: Int, now: NIODeadline) throws
    mutating func advance(now: NIODeadline) throws
    mutating func nextInterest(now: NIODeadline) throws -> (blob: Int, interest: SegmentInterest)?
    /// All Interests that may leave have left.
    ///
    /// - Returns: whether there may be more now.
    mutating func settled(now: NIODeadline) throws -> Bool
    func nextDeadline(now: NIODeadline) -> NIODeadline?
    /// - Returns: octets of new Data.
    mutating func receive(_ blob: Int, _ segment: UInt64, isMarked: Bool, now: NIODeadline) throws -> Int
    /// What is wrong at the end.
    var faults: [String] { get }
    /// Why a blob failed; nil when none did.
    var failure: String? { get }
    var inFlight: Int { get }
    var window: Int { get }
    func statistics(_ blob: Int) -> FetchStatistics
}

/// One consumer's segments alone: how much of each blob may be asked for is told by hand, by what its reader has taken.
struct Consumer: FetchingConsumer {
    let model: SimulatedConsumer
    let maximumWindow: Int
    private(set) var scheduler: FetchScheduler
    /// One a blob.
    private(set) var transfers: [BlobTransfer] = []
    private var seen: [SegmentSet]
    private(set) var read: [UInt64]
    /// Segments below this are known to be here.
    private var checked: [UInt64]
    private let configuration: FetchConfiguration
    var wake: NIODeadline?
    private(set) var hasBegun = false

    init(_ model: SimulatedConsumer, _ configuration: FetchConfiguration, number: Int, seed: UInt64) {
        self.model = model
        self.configuration = configuration
        let chunk = model.blobs.map(\.chunk).max() ?? 1
        maximumWindow = min(model.maximumWindow ?? .max, SegmentFetch.maximumCapacity, (32 << 20) / max(chunk, 1) + 1)
        scheduler = FetchScheduler(
            path: FetchPath(
                initialWindow: 32, maximumWindow: maximumWindow, algorithm: model.algorithm,
                salt: seed &+ UInt64(number)))
        seen = model.blobs.map { SegmentSet(count: Int($0.final) + 1) }
        read = Array(repeating: 0, count: model.blobs.count)
        checked = read
    }

    mutating func begin(now: NIODeadline) {
        hasBegun = true
        beginNext(now: now)
    }

    /// Blobs from the next one on, up to one that waits for them.
    private mutating func beginNext(now: NIODeadline) {
        for index in transfers.count..<model.blobs.count {
            var segments = SegmentFetch(configuration: configuration, deadline: now + configuration.timeout, now: now)
            segments.canRepair = model.faultyPeriod > 0
            let blob = model.blobs[index]
            if blob.isExpected {
                let geometry = BlobGeometry(unchecked: blob.chunk, final: blob.final)
                segments.guess(geometry, capacity: capacity(for: blob))
            }
            transfers.append(BlobTransfer(Name([.generic("\(index)")]), segments))
            scheduler.add(transfers[index])
            if blob.isExpected { raise(index) }
            if index + 1 < model.blobs.count, model.blobs[index + 1].isLater { return }
        }
    }

    private func capacity(for blob: SimulatedBlob) -> Int {
        min(blob.room / max(blob.chunk, 1) + 1, SegmentFetch.maximumCapacity)
    }

    private var isOverSoFar: Bool { transfers.allSatisfy(\.segments.isOver) }

    var isOver: Bool { hasBegun && transfers.count == model.blobs.count && isOverSoFar }

    mutating func advance(now: NIODeadline) { scheduler.advance(now: now) }

    mutating func nextInterest(now: NIODeadline) throws -> (blob: Int, interest: SegmentInterest)? {
        guard let (transfer, interest) = scheduler.nextInterest(now: now) else { return nil }
        let id = transfer.id
        let blob = model.blobs[id]
        guard scheduler.path.inFlight <= maximumWindow else {
            throw Violation(description: "\(scheduler.path.inFlight) in flight, bound \(maximumWindow)")
        }
        guard interest.segment <= blob.final,
            interest.segment == blob.final || interest.segment < limit(id) + 1
        else { throw Violation(description: "segment \(interest.segment) beyond the demand") }
        guard !seen[id].contains(interest.segment) else {
            throw Violation(description: "segment \(interest.segment) asked for though here")
        }
        return (id, interest)
    }

    mutating func receive(_ id: Int, _ segment: UInt64, isMarked: Bool, now: NIODeadline) throws -> Int {
        let blob = model.blobs[id]
        let length = model.isFaulty(segment) ? blob.chunk + 1 : blob.length(segment)
        let data = SegmentData(segment: segment, length: length, final: blob.final, isMarked: isMarked)
        let capacity = capacity(for: blob)
        let isNew = scheduler.receive(data, for: transfers[id], now: now, capacity: { _ in capacity })
        if isNew { try keep(segment, of: id) }
        return isNew ? data.length : 0
    }

    /// A segment is here.
    private mutating func keep(_ segment: UInt64, of id: Int) throws {
        if !seen[id].insert(segment) { throw Violation(description: "segment \(segment) accepted twice") }
        try check(id)
        if model.blobs[id].readRate == nil { read[id] = transfers[id].segments.base }
        raise(id)
    }

    /// Begins what was to wait, and fills holes.
    mutating func settled(now: NIODeadline) throws -> Bool {
        var wereSome = transfers.count < model.blobs.count && isOverSoFar
        if wereSome { beginNext(now: now) }
        guard model.faultyPeriod > 0 else { return wereSome }
        for id in model.blobs.indices {
            while let segments = transfers[id].segments.nextHoles() {
                wereSome = true
                for segment in segments {
                    guard scheduler.fill(segment, length: model.blobs[id].length(segment), for: transfers[id], now: now)
                    else {
                        throw Violation(description: "segment \(segment) is not wanted though it is a hole")
                    }
                    try keep(segment, of: id)
                }
            }
        }
        return wereSome
    }

    /// The window moves over segments that are here, each once, in order.
    private mutating func check(_ id: Int) throws {
        let base = transfers[id].segments.base
        while checked[id] < base {
            guard seen[id].contains(checked[id]) else {
                throw Violation(description: "the window passed segment \(checked[id])")
            }
            checked[id] += 1
        }
    }

    var readEachTick: [Int] { model.blobs.indices.filter { model.blobs[$0].readRate != nil } }

    /// The reader takes what it does in 10 ms.
    mutating func read(_ id: Int, now: NIODeadline) {
        let segments = UInt64((model.blobs[id].readRate ?? 0) / 100) + 1
        read[id] = max(read[id], min(transfers[id].segments.base, read[id] + segments))
        raise(id)
    }

    private func limit(_ id: Int) -> UInt64 {
        read[id] + UInt64(max(model.blobs[id].room / max(model.blobs[id].chunk, 1), 1))
    }

    private mutating func raise(_ id: Int) {
        transfers[id].segments.raiseLimit(to: limit(id))
    }

    func nextDeadline(now: NIODeadline) -> NIODeadline? { scheduler.nextDeadline(now: now) }

    var faults: [String] { model.blobs.indices.compactMap(fault) }
    var failure: String? { transfers.lazy.compactMap(\.segments.failure).first.map { "\($0)" } }
    var inFlight: Int { scheduler.path.inFlight }
    var window: Int { scheduler.path.window }
    func statistics(_ blob: Int) -> FetchStatistics { transfers[blob].segments.statistics }

    /// Why a blob is not whole; nil when it is.
    private func fault(_ id: Int) -> String? {
        guard hasBegun else { return "no fetch" }
        let fetch = transfers[id].segments
        let blob = model.blobs[id]
        if fetch.isComplete && fetch.size == UInt64(blob.size) && seen[id].count == Int(blob.final) + 1
            && fetch.statistics.octets == UInt64(blob.size)
        {
            return nil
        }
        return "blob \(id): \(seen[id].count) of \(blob.final + 1) segments, \(String(describing: fetch.failure))"
    }
}

/// Numbers of segments.
struct SegmentSet {
    private var words: [UInt64]
    private(set) var count = 0

    init(count: Int) {
        words = Array(repeating: 0, count: count / 64 + 1)
    }

    func contains(_ segment: UInt64) -> Bool {
        words[Int(segment / 64)] & (1 << (segment % 64)) != 0
    }

    mutating func insert(_ segment: UInt64) -> Bool {
        guard !contains(segment) else { return false }
        words[Int(segment / 64)] |= 1 << (segment % 64)
        count += 1
        return true
    }
}
