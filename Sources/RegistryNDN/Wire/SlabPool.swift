internal import NIOCore

/// Memory of slabs, used again once whoever got octets of it has let go of them. Confined to one event loop.
package final class SlabPool {
    /// In the order in which they were given back.
    private var slabs: [ByteBuffer] = []
    private let limit: Int

    /// - Parameter limit: how many slabs of the size last asked for are kept though nobody uses them.
    package init(limit: Int = 16) {
        self.limit = max(1, limit)
    }

    /// Slabs that are remembered, in use or not.
    package var count: Int { slabs.count }

    /// An empty buffer of at least `capacity` octets that nobody shares: a remembered one that is not much larger, or a new
    /// one. Forgets what has become free beyond the limit.
    func take(capacity: Int) -> ByteBuffer {
        var taken: ByteBuffer?
        var spare = 0
        for index in slabs.indices.reversed() where isFree(index) {
            let size = slabs[index].capacity
            if taken == nil, size >= capacity, size / 4 < capacity {
                taken = slabs.remove(at: index)
            } else {
                spare += size
                if spare / limit > capacity { slabs.remove(at: index) }
            }
        }
        return taken ?? ByteBufferAllocator().buffer(capacity: capacity)
    }

    /// Remembers a slab that may still be shared.
    func give(_ slab: ByteBuffer) {
        slabs.append(slab)
    }

    /// Forgets the memory that nobody uses: call it when the last blob is done.
    package func trim() {
        for index in slabs.indices.reversed() where isFree(index) {
            slabs.remove(at: index)
        }
    }

    private func isFree(_ index: Int) -> Bool {
        slabs[index].modifyIfUniquelyOwned { $0.clear() } != nil
    }
}
