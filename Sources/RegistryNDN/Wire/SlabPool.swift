internal import NIOCore

/// Memory of slabs, used again once whoever got octets of it has let go of them. Confined to one event loop.
public final class SlabPool {
    private var slabs: [ByteBuffer] = []
    private let limit: Int

    /// - Parameter limit: slabs that are remembered, in use or not.
    public init(limit: Int = 16) {
        self.limit = max(0, limit)
    }

    /// Slabs that are remembered, in use or not.
    public var count: Int { slabs.count }

    /// An empty buffer of at least `capacity` octets that nobody shares: a remembered one, or a new one.
    func take(capacity: Int) -> ByteBuffer {
        for index in slabs.indices where slabs[index].capacity >= capacity && isFree(index) {
            return slabs.remove(at: index)
        }
        return ByteBufferAllocator().buffer(capacity: capacity)
    }

    /// Remembers a slab that may still be shared; the oldest that is not is forgotten for it if there are too many.
    func give(_ slab: ByteBuffer) {
        guard limit > 0 else { return }
        if slabs.count >= limit { slabs.removeFirst() }
        slabs.append(slab)
    }

    /// Forgets the memory that nobody uses: call it when the last blob is done.
    public func trim() {
        for index in slabs.indices.reversed() where isFree(index) {
            slabs.remove(at: index)
        }
    }

    private func isFree(_ index: Int) -> Bool {
        slabs[index].modifyIfUniquelyOwned { $0.clear() } != nil
    }
}
