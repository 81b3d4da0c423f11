internal import NDN

/// Names in canonical order, each with a number of its owner: which stored names begin with a prefix.
///
/// A list of sorted chunks: a binary search over the chunks, then one inside. Names that come in order, as segments do, are
/// appended; a removal moves at most one chunk. The chunk of the last insertion or removal is tried first: names lie all over
/// the memory, and a binary search reads many of them.
struct NameIndex {
    typealias Item = (name: Name, slot: Int)

    private static let chunkSize = 256
    private var chunks: [[Item]] = []
    /// The chunks of the last insertion and the last removal.
    private var inserted = 0
    private var removed = 0

    mutating func insert(_ name: Name, slot: Int) {
        guard !chunks.isEmpty else {
            chunks = [[(name, slot)]]
            return
        }
        let chunk = chunkIndex(of: name, near: inserted)
        inserted = chunk
        let position = Self.position(of: name, in: chunks[chunk])
        if position == Self.chunkSize {
            chunks.insert([(name, slot)], at: chunk + 1)
            inserted += 1
            return
        }
        chunks[chunk].insert((name, slot), at: position)
        if chunks[chunk].count > Self.chunkSize {
            let half = chunks[chunk].count / 2
            chunks.insert(Array(chunks[chunk][half...]), at: chunk + 1)
            chunks[chunk].removeSubrange(half...)
        }
    }

    mutating func remove(_ name: Name) {
        guard !chunks.isEmpty else { return }
        let chunk = chunkIndex(of: name, near: removed)
        removed = chunk
        let position = Self.position(of: name, in: chunks[chunk])
        guard position < chunks[chunk].count, chunks[chunk][position].name == name else { return }
        chunks[chunk].remove(at: position)
        if chunks[chunk].isEmpty {
            chunks.remove(at: chunk)
        } else if chunk + 1 < chunks.count, chunks[chunk].count + chunks[chunk + 1].count < Self.chunkSize / 2 {
            chunks[chunk].append(contentsOf: chunks[chunk + 1])
            chunks.remove(at: chunk + 1)
        }
    }

    /// The first of at most `limit` names beginning with `prefix`, in canonical order, that `isMeant` takes.
    func first(under prefix: Name, limit: Int, where isMeant: (Int) -> Bool) -> Int? {
        guard !chunks.isEmpty else { return nil }
        var chunk = chunkIndex(of: prefix)
        var position = Self.position(of: prefix, in: chunks[chunk])
        for _ in 0..<limit {
            if position == chunks[chunk].count {
                chunk += 1
                position = 0
            }
            guard chunk < chunks.count, prefix.isPrefix(of: chunks[chunk][position].name) else { return nil }
            if isMeant(chunks[chunk][position].slot) { return chunks[chunk][position].slot }
            position += 1
        }
        return nil
    }

    /// The same as `chunkIndex(of:)`, found with two comparisons when it is `hint`.
    private func chunkIndex(of name: Name, near hint: Int) -> Int {
        guard hint < chunks.count, !(name < chunks[hint][0].name),
            hint + 1 == chunks.count || name < chunks[hint + 1][0].name
        else { return chunkIndex(of: name) }
        return hint
    }

    /// The last chunk that begins at or before the name, else the first.
    private func chunkIndex(of name: Name) -> Int {
        var low = 0
        var high = chunks.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if name < chunks[middle][0].name { high = middle } else { low = middle }
        }
        return low
    }

    /// The first position whose name is not before `name`.
    private static func position(of name: Name, in chunk: [Item]) -> Int {
        // Names in order go to the end: one comparison.
        if let last = chunk.last, last.name < name { return chunk.count }
        var low = 0
        var high = chunk.count
        while low < high {
            let middle = (low + high) / 2
            if chunk[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
