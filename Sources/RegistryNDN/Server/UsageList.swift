/// Complete ranges by their last use.
struct UsageList {
    private unowned var oldest: CachedRange?
    private unowned var newest: CachedRange?

    /// The one used longest ago of those that `matches` is true for.
    func first(where matches: (CachedRange) -> Bool) -> CachedRange? {
        var candidate = oldest
        while let range = candidate, !matches(range) { candidate = range.newer }
        return candidate
    }

    /// Makes a range that is in the list, or not yet, the newest.
    mutating func use(_ range: CachedRange) {
        if newest === range { return }
        if range.older != nil || range.newer != nil || oldest === range { remove(range) }
        range.older = newest
        newest?.newer = range
        newest = range
        if oldest == nil { oldest = range }
    }

    mutating func remove(_ range: CachedRange) {
        guard range.older != nil || range.newer != nil || oldest === range else { return }
        if oldest === range { oldest = range.newer }
        if newest === range { newest = range.older }
        range.older?.newer = range.newer
        range.newer?.older = range.older
        range.older = nil
        range.newer = nil
    }
}
