internal import NDN

extension Name {
    /// Whether this is `<prefix>/ping/<anything>`, which ndnping asks for and its server answers: one component fewer than a
    /// segment of a blob has, so that the original server ignores it.
    func isPing(of prefix: Name) -> Bool {
        count == prefix.count + 2 && prefix.isPrefix(of: self) && self[prefix.count] == .generic("ping")
    }

    /// The name to ask for to reach a producer of `prefix`; a random number keeps caches out.
    static func ping(_ prefix: Name, number: UInt64) -> Name {
        prefix.appending(.generic("ping")).appending(.generic("\(number)"))
    }
}
