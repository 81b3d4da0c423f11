import OrderedCollections

/// Where the readers of open ranges (`bytes=N-`) hang up, guessed from where they begin.
///
/// containerd, from release 2.1 on, reads a layer by several requests at a time, each for all that follows its offset, and hangs up
/// after a chunk of always the same size: where one begins another ends. A guess that is wrong costs a moment (``ReadPause``).
struct ReadHabits: Sendable {
    private struct Begins: Sendable {
        /// Ascending.
        var offsets: [UInt64] = []
        /// What lies between neighbours, once it was the same twice in a row.
        var chunk: UInt64?
    }

    /// Smaller chunks are not worth a pause.
    static let leastChunk: UInt64 = 256 << 10
    private static let maximumBlobs = 64
    private static let maximumBegins = 1024

    private var blobs: OrderedDictionary<Name, Begins> = [:]
    /// That of the last blob that had one.
    private var chunk: UInt64?

    /// Takes note that somebody reads a blob from an offset on.
    mutating func began(_ blob: Name, at offset: UInt64) {
        var begins = blobs[blob] ?? Begins()
        let index = begins.offsets.firstIndex { $0 >= offset } ?? begins.offsets.endIndex
        guard begins.offsets.count < Self.maximumBegins,
            index == begins.offsets.endIndex || begins.offsets[index] != offset
        else { return }
        begins.offsets.insert(offset, at: index)
        for first in max(0, index - 2)...index where first + 2 < begins.offsets.count {
            let (one, other) = (
                begins.offsets[first + 1] - begins.offsets[first], begins.offsets[first + 2] - begins.offsets[first + 1]
            )
            if one == other, one >= Self.leastChunk { begins.chunk = one }
        }
        if blobs[blob] == nil, blobs.count == Self.maximumBlobs { blobs.removeFirst() }
        blobs[blob] = begins
        chunk = begins.chunk ?? chunk
    }

    /// Behind which octet somebody who reads a blob from `offset` on is expected to hang up; nil: nowhere.
    func end(of blob: Name, from offset: UInt64) -> UInt64? {
        let begins = blobs[blob]
        let next = begins?.offsets.first { $0 > offset && $0 - offset >= Self.leastChunk }
        guard let chunk = begins?.chunk ?? (next == nil ? chunk : nil) else { return next }
        let (end, overflow) = offset.addingReportingOverflow(chunk)
        return overflow ? nil : end
    }
}
