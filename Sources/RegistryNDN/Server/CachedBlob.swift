internal import NDN
import NIOCore

/// What is known of one blob, and its ranges. Confined to the server's event loop.
final class CachedBlob {
    /// Why it is not asked for again at once.
    struct Hold {
        let until: NIODeadline
        /// The registry said that there is no such blob, or does not give it as it must: whoever asks is told.
        let isUnknown: Bool
    }

    let name: Name
    let blob: BlobName
    /// Segments of a range.
    private let fetchChunks: UInt64
    /// Nil while the size is unknown.
    var shape: BlobShape?
    /// By number, which is the first segment divided by the segments of a range.
    private(set) var ranges: [UInt64: CachedRange] = [:]
    /// The range of the final segment, where that is a range by itself.
    private(set) var tail: CachedRange?
    var hold: Hold?
    /// Who asked whether the blob exists.
    var inquirers = WaiterTable.none
    /// The number of the range last asked for, and how many in a row before it.
    private var lastNumber: UInt64?
    private var sequence = 0

    init(name: Name, blob: BlobName, fetchChunks: Int) {
        self.name = name
        self.blob = blob
        self.fetchChunks = UInt64(fetchChunks)
    }

    var isEmpty: Bool { ranges.isEmpty && tail == nil }

    /// Whether some of it has come.
    var hasBytes: Bool { ranges.values.contains(where: \.hasBytes) || tail?.hasBytes == true }

    /// Whether it is not to be asked for yet.
    func isHeld(_ now: NIODeadline) -> Bool { hold.map { now < $0.until } ?? false }

    /// Whether it is not to be had here for a while.
    func isRefused(_ now: NIODeadline) -> Bool { hold.map { $0.isUnknown && now < $0.until } ?? false }

    /// The number of the range that a segment is in, unless that is the tail.
    func number(of segment: UInt64) -> UInt64 { segment / fetchChunks }

    /// The range that has a segment.
    func find(_ segment: UInt64) -> CachedRange? {
        if let tail, tail.firstSegment == segment { return tail }
        guard let range = ranges[number(of: segment)], range.index(of: segment) != nil else { return nil }
        return range
    }

    /// Adds a range for a segment that no range has; nil when there can be none.
    func add(_ segment: UInt64, id: Int) -> CachedRange? {
        let number = number(of: segment)
        if let final = shape?.geometry.final, segment == final, number > 0 {
            let range = CachedRange(id: id, blob: self, firstSegment: segment, count: 1, isTail: true)
            tail = range
            return range
        }
        let first = number * fetchChunks
        var count = fetchChunks
        if let final = shape?.geometry.final {
            // The final segment is read by itself when the blob has other ranges, and once.
            let end = number > 0 ? final : final + 1
            guard first < end else { return nil }
            count = min(count, end - first)
        }
        let range = CachedRange(id: id, blob: self, firstSegment: first, count: Int(count), isTail: false)
        ranges[number] = range
        return range
    }

    func remove(_ range: CachedRange) {
        if range.isTail {
            tail = nil
        } else {
            ranges[number(of: range.firstSegment)] = nil
        }
    }

    /// Whether the range before this one is there, or being read.
    func hasRange(before range: CachedRange) -> Bool {
        let number = number(of: range.firstSegment)
        return !range.isTail && number > 0 && ranges[number - 1] != nil
    }

    /// Notes that a segment of a range is asked for.
    func noteAsked(_ range: CachedRange) {
        guard !range.isTail else { return }
        let number = number(of: range.firstSegment)
        guard let last = lastNumber else {
            (lastNumber, sequence) = (number, 1)
            return
        }
        // What is asked again from the range before does not break a sequence.
        if number == last || number &+ 1 == last { return }
        sequence = number == last &+ 1 ? sequence + 1 : 1
        lastNumber = number
    }

    /// The first segment of the range to be read ahead: the one after `range`, when that was itself asked for in sequence.
    func next(after range: CachedRange) -> UInt64? {
        let number = number(of: range.firstSegment)
        guard !range.isTail, sequence >= 2, lastNumber == number, let shape, ranges[number + 1] == nil else {
            return nil
        }
        let next = (number + 1) * fetchChunks
        return next < shape.geometry.final ? next : nil
    }
}
