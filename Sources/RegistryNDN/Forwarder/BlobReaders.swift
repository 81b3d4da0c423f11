internal import NDN
import NIOCore

/// Who reads a segmented object, and how far each of them is: which of its segments will be asked for last.
///
/// A reader is a face that asked for a segment a moment ago. Several readers behind one face look like one that jumps to and
/// fro: the order is known less well then, and nothing breaks.
struct BlobReaders {
    private struct Reader {
        let face: UInt64
        /// The segment after the last one asked for.
        var next: UInt64
        /// A segment far from `next`: the reader has gone there if it asks on there. The final segment is asked for early, alone.
        var elsewhere: UInt64?
        var seen: NIODeadline

        mutating func ask(_ segment: UInt64) {
            if segment < next &+ BlobReaders.stride || elsewhere.map({ segment &- $0 < BlobReaders.stride }) == true {
                next = segment &+ 1
                elsewhere = nil
            } else {
                elsewhere = segment
            }
        }
    }

    /// A reader that has not asked for so long has left, or wants no more.
    static let patience = TimeAmount.seconds(2)
    /// Readers known at a time; further ones are ignored.
    private static let maximumReaders = 64
    /// Segments that somebody who reads in order may leave out.
    private static let stride: UInt64 = 64
    /// Segments that one search looks at.
    private static let reach = 32

    private var readers: [Reader] = []
    /// The furthest that any reader has come.
    private var furthest: UInt64 = 0
    /// The search below the hindmost reader, and the one in the widest gap.
    private var done = Search()
    private var gap = Search()
    private(set) var seen = NIODeadline.distantPast

    /// A face asks for a segment.
    mutating func note(_ segment: UInt64, from face: UInt64, now: NIODeadline) {
        seen = now
        if let index = readers.firstIndex(where: { $0.face == face }) {
            readers[index].seen = now
            readers[index].ask(segment)
            furthest = max(furthest, readers[index].next)
        } else {
            if readers.count == Self.maximumReaders { readers.removeAll { $0.seen + Self.patience <= now } }
            guard readers.count < Self.maximumReaders else { return }
            readers.append(Reader(face: face, next: segment &+ 1, seen: now))
        }
    }

    /// Whether somebody is going to ask for the segment.
    func isAwaited(_ segment: UInt64, now: NIODeadline) -> Bool {
        readers.contains { $0.next <= segment && now < $0.seen + Self.patience }
    }

    /// Whether there are several readers, and all have asked for the segment.
    func isDone(_ segment: UInt64, now: NIODeadline) -> Bool {
        var count = 0
        for reader in readers where now < reader.seen + Self.patience {
            guard reader.next > segment else { return false }
            count += 1
        }
        return count > 1
    }

    /// Of the segments that are kept, roughly the one that will be asked for last: one that all have had; else one at the end
    /// of the widest gap between two readers, or between the first of them and where one had been before.
    mutating func lastAwaited(now: NIODeadline, isKept: (UInt64) -> Bool) -> UInt64? {
        var ends = readers.lazy.filter { now < $0.seen + Self.patience }.map(\.next).sorted()
        guard let hindmost = ends.first, let foremost = ends.last else { return nil }
        if let segment = done.next(in: 0..<hindmost, limit: Self.reach, where: isKept) { return segment }
        ends.append(max(furthest, foremost))
        guard let widest = zip(ends, ends.dropFirst()).max(by: { $0.1 - $0.0 < $1.1 - $1.0 }) else { return nil }
        return gap.next(in: widest.0..<widest.1, limit: Self.reach, where: isKept)
    }
}

/// A search downwards, some segments a call, that begins anew when the upper end of its range has moved.
private struct Search {
    private var end: UInt64 = 0
    private var position: UInt64 = 0

    mutating func next(in range: Range<UInt64>, limit: Int, where isMeant: (UInt64) -> Bool) -> UInt64? {
        if end != range.upperBound { position = range.upperBound }
        end = range.upperBound
        for _ in 0..<limit where position > range.lowerBound {
            position -= 1
            if isMeant(position) { return position }
        }
        return nil
    }
}
