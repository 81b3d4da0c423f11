import NIOCore

/// Which reads go over which answer of the registry. Those over one answer are a stream: a blob that is read in sequence comes
/// as one long answer, whose body is cut into the cache's ranges as it passes; any other read is an answer of its own.
///
/// Logic only; `ReadStreams` is the same with promises and a clock. A stream takes its reads one after the other with `next`.
/// One that has none is parked, which keeps the registry waiting, and is given up after a while, or earlier when another one
/// needs its place.
struct StreamPlan {
    struct Configuration: Sendable {
        /// Streams at a time, parked ones included.
        var limit = 8
        /// How long a stream without a read keeps its connection.
        var parking = TimeAmount.seconds(5)
        /// Whether reads in sequence share an answer; false when each read is as cheap by itself.
        var joins = true
    }

    /// What becomes of a read.
    enum Placement: Equatable {
        /// The read goes to a stream that exists.
        case join(Int)
        /// A new stream is to be started; those of `closing` end, to make room.
        case open(Int, closing: [Int])
    }

    /// A read, with all that whoever performs it has to know.
    struct Assignment: Equatable {
        let stream: Int
        var read: OriginRead
        /// Whether the registry is to be asked for all of the blob from where the read begins.
        let isOpenEnded: Bool
    }

    /// What a stream does next.
    enum Step: Equatable {
        case perform(Assignment)
        /// The stream is parked until a read joins it, or it is closed.
        case wait
        case end
    }

    private enum Kind {
        /// One range.
        case single
        /// All of the blob from the first read's begin on.
        case sequence
        /// The registry ignores Range: all of the blob, whatever was asked for.
        case whole
    }

    private struct Stream {
        let blob: BlobName
        var kind: Kind
        var pending: [OriginRead]
        /// The offset behind its last read.
        var end: UInt64
        /// Set while it is parked.
        var parkedSince: NIODeadline?
    }

    let configuration: Configuration
    private var streams: [Int: Stream] = [:]
    private var nextID = 0
    private var isClosed = false

    init(_ configuration: Configuration) { self.configuration = configuration }

    var count: Int { streams.count }

    /// When the first parked stream is to be given up; nil when none is parked.
    var expiry: NIODeadline? {
        streams.values.lazy.compactMap(\.parkedSince).min().map { $0 + configuration.parking }
    }

    /// Finds the stream for a read.
    mutating func assign(_ read: OriginRead) -> Placement {
        let end = read.end
        for (id, stream) in streams where stream.blob == read.blob {
            guard stream.kind == .whole || stream.kind == .sequence && stream.end == read.range.offset else { continue }
            streams[id]?.pending.append(read)
            streams[id]?.end = end
            return .join(id)
        }
        var closing: [Int] = []
        while streams.count >= configuration.limit, let oldest = oldestParked {
            streams[oldest] = nil
            closing.append(oldest)
        }
        nextID += 1
        let kind: Kind = configuration.joins && read.isSequential ? .sequence : .single
        streams[nextID] = Stream(blob: read.blob, kind: kind, pending: [read], end: end)
        return .open(nextID, closing: closing)
    }

    private var oldestParked: Int? {
        streams.lazy.compactMap { id, stream in stream.parkedSince.map { (id, $0) } }.min { $0.1 < $1.1 }?.0
    }

    /// What a stream does next.
    ///
    /// - Parameter position: the offset in the blob of the byte that its body gives next; nil without a body, which is not
    ///   worth parking.
    mutating func next(_ id: Int, at position: UInt64?, now: NIODeadline) -> Step {
        guard let stream = streams[id] else { return .end }
        guard let index = Self.first(of: stream, at: position ?? 0) else {
            guard let position, stream.kind != .single, !isClosed else {
                streams[id] = nil
                return .end
            }
            if stream.kind == .sequence { streams[id]?.end = position }
            streams[id]?.parkedSince = now
            return .wait
        }
        streams[id]?.parkedSince = nil
        streams[id]?.pending.remove(at: index)
        let isOpenEnded = stream.kind == .sequence
        return .perform(Assignment(stream: id, read: stream.pending[index], isOpenEnded: isOpenEnded))
    }

    /// A whole blob is passed through as few times as can be: first what lies ahead.
    private static func first(of stream: Stream, at position: UInt64) -> Int? {
        guard stream.kind == .whole else { return stream.pending.indices.first }
        return stream.pending.indices.min {
            let (a, b) = (stream.pending[$0].range.offset, stream.pending[$1].range.offset)
            return (a < position) == (b < position) ? a < b : b < position
        }
    }

    /// The registry ignores Range: all reads of the blob go over this stream from now on.
    mutating func noteIgnoredRange(_ id: Int) {
        if configuration.joins { streams[id]?.kind = .whole }
    }

    /// The streams that have been parked for too long; they are forgotten.
    mutating func expire(now: NIODeadline) -> [Int] {
        drop { [parking = configuration.parking] in $0 + parking <= now }
    }

    /// No stream is parked any more; returns those that are.
    mutating func close() -> [Int] {
        isClosed = true
        return drop { _ in true }
    }

    /// Forgets parked streams, and returns which; `isOver` judges since when they are parked.
    private mutating func drop(where isOver: (NIODeadline) -> Bool) -> [Int] {
        let dropped = streams.filter { $0.value.parkedSince.map(isOver) ?? false }.keys
        for id in dropped { streams[id] = nil }
        return Array(dropped)
    }
}
