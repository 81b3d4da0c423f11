extension Substring {
    /// A text of a peer's as it stands in a message: of one with more than `limit` bytes the begin, and how many are left out.
    func abridged(to limit: Int) -> String {
        guard utf8.count > limit else { return String(self) }
        return String(decoding: utf8.prefix(limit), as: UTF8.self) + "… (\(utf8.count - limit) bytes more)"
    }
}
