import NDN
import NIOCore

/// One consumer with all that is decided for readers: who shares a transfer, which ranges are asked for, what is repaired, and how
/// much memory each blob has.
struct ReadingConsumer: FetchingConsumer {
    let model: SimulatedConsumer
    private let core: FetchCore
    private let contents: [ByteBuffer]
    private let names: [Name]
    private var readings: [FetchReader.ID: Reading] = [:]
    private var released: Set<FetchReader.ID> = []
    private var begun = NIODeadline.uptimeNanoseconds(0)
    private var opened = 0
    /// How many the core has been told are gone.
    private var known = 0
    var wake: NIODeadline?
    private(set) var hasBegun = false

    init(_ model: SimulatedConsumer, _ configuration: FetchConfiguration, number: Int, seed: UInt64) {
        self.model = model
        core = FetchCore(
            configuration: configuration,
            path: FetchPath(
                initialWindow: 32, maximumWindow: model.maximumWindow ?? SegmentFetch.maximumCapacity,
                algorithm: model.algorithm, salt: seed &+ UInt64(number)))
        contents = model.blobs.map { Self.content($0) }
        names = model.blobs.indices.map { Name([.generic("\($0)")]) }
    }

    /// Octets that are different everywhere, so that one in the wrong place shows.
    private static let octets = {
        var random = SplitMix64(seed: 1)
        var octets = ByteBuffer()
        for _ in 0..<250_000 { octets.writeInteger(random.next()) }
        return octets
    }()

    private static func content(_ blob: SimulatedBlob) -> ByteBuffer {
        octets.getSlice(at: blob.content % (octets.readableBytes - blob.size), length: blob.size) ?? ByteBuffer()
    }

    // MARK: Time

    mutating func begin(now: NIODeadline) throws {
        hasBegun = true
        begun = now
        try read(0, now: now)
    }

    var readEachTick: [Int] { [0] }

    var isOver: Bool { hasBegun && opened == model.readers.count && readings.values.allSatisfy(\.isOver) }

    /// What readers do in 10 ms: they begin, take octets, and go away.
    mutating func read(_: Int, now: NIODeadline) throws {
        while opened < model.readers.count, begun + model.readers[opened].begin <= now {
            let (reader, id) = (model.readers[opened], FetchReader.ID(opened))
            opened += 1
            readings[id] = Reading(reader, id, of: contents[reader.blob])
            let audience = reader.audience.map { SHA256.hash(ByteBuffer(integer: $0)) }
            core.open(
                names[reader.blob], range: reader.range, hint: reader.hint,
                for: FetchReader(id, audience: audience, openBegin: reader.range.openBegin), now: now)
        }
        for number in 0..<opened { try readings[FetchReader.ID(number)]?.take() }
    }

    mutating func advance(now: NIODeadline) throws {
        core.settle(now: now, progress: progress)
        _ = try perform(now: now)
    }

    private func progress(of id: FetchReader.ID, isAwaited: Bool) -> FetchReader.Progress {
        readings[id]?.progress ?? FetchReader.Progress()
    }

    /// - Returns: whether octets came from elsewhere.
    private mutating func perform(now: NIODeadline) throws -> Bool {
        var wereSome = false
        for action in core.takeActions() {
            switch action {
            case .open(let id, let size): try readings[id]?.open(size: size)
            case .restrict(let id, let parts): readings[id]?.restrict(to: parts)
            case .push(let ids, let chunks, let offset, _):
                for id in ids {
                    guard !released.contains(id) else { throw Violation(description: "octets for who is released") }
                    try readings[id]?.push(chunks, at: offset)
                }
            case .finish(let id, let outcome, _): readings[id]?.finish(outcome)
            case .truncate(let id, let offset): readings[id]?.truncate(to: offset)
            case .release(let id):
                guard released.insert(id).inserted else { throw Violation(description: "released twice") }
            case .repair(let transfer, let segments, let id, let octets, let sizes):
                wereSome = true
                guard readings[id]?.model.audience != nil else {
                    throw Violation(description: "octets from elsewhere by somebody without credentials")
                }
                let content = contents[blob(transfer)]
                guard sizes.contains(UInt64(content.readableBytes)) else {
                    throw Violation(description: "size \(content.readableBytes), none of \(sizes)")
                }
                let there = octets.clamped(to: 0..<UInt64(content.readableBytes))
                let some = content.getSlice(at: Int(there.lowerBound), length: there.count)
                core.repaired(segments, of: transfer, with: some, now: now)
            case .report, .askForMetadata: break
            }
        }
        return wereSome
    }

    private func blob(_ transfer: BlobTransfer) -> Int { names.firstIndex(of: transfer.name) ?? 0 }

    mutating func settled(now: NIODeadline) throws -> Bool {
        core.settleFailures(now: now)
        let wereSome = try perform(now: now)
        let gone = readings.values.count(where: \.isGone)
        guard wereSome || gone > known || core.hasMoved(progress) else { return false }
        known = gone
        try advance(now: now)
        return true
    }

    func nextDeadline(now: NIODeadline) -> NIODeadline? { core.nextDeadline(now: now) }

    // MARK: Packets

    mutating func nextInterest(now: NIODeadline) throws -> (blob: Int, interest: SegmentInterest)? {
        guard let (transfer, interest) = core.nextInterest(now: now) else { return nil }
        let blob = blob(transfer)
        // Guesses may be wrong, but not where there is nothing to guess from.
        guard interest.segment <= model.blobs[blob].final || mayGuess(blob) else {
            throw Violation(description: "segment \(interest.segment) of \(model.blobs[blob].final)")
        }
        return (blob, interest)
    }

    private func mayGuess(_ blob: Int) -> Bool { model.readers.contains { $0.blob == blob && $0.hint != nil } }

    mutating func receive(_ index: Int, _ segment: UInt64, isMarked: Bool, now: NIODeadline) throws -> Int {
        let blob = model.blobs[index]
        var payload =
            contents[index].getSlice(at: Int(segment) * blob.chunk, length: blob.length(segment)) ?? ByteBuffer()
        if model.isFaulty(segment) { payload = ByteBuffer(repeating: 0, count: blob.chunk + 1) }
        let data = SegmentData(
            segment: segment, length: payload.readableBytes, final: blob.final, isMarked: isMarked)
        return core.receive(data, payload, of: names[index], now: now) ? payload.readableBytes : 0
    }

    // MARK: The end

    var faults: [String] {
        readings.values.compactMap { $0.fault(mayFail: model.faultyPeriod > 0) }
            + (core.scheduler.transferCount == 0 ? [] : ["\(core.scheduler.transferCount) transfers are left"])
    }
    var failure: String? { nil }
    var inFlight: Int { core.scheduler.path.inFlight }
    var window: Int { core.scheduler.path.window }
    func statistics(_ blob: Int) -> FetchStatistics { FetchStatistics() }
}
