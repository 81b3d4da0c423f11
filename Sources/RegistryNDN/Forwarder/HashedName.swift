internal import NDN

/// A name with its hash: the key of a table of many names, which lie all over the memory.
///
/// A table that looks a name up, or removes one, compares hashes, and so reads no other name.
struct HashedName: Hashable {
    let name: Name
    private let hash: Int

    init(_ name: Name) {
        self.name = name
        hash = name.hashValue
    }

    /// The same name in other memory.
    init(_ other: HashedName, in name: Name) {
        self.name = name
        hash = other.hash
    }

    static func == (a: HashedName, b: HashedName) -> Bool {
        a.hash == b.hash && a.name == b.name
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(hash)
    }
}
