internal import NDN

/// The value of a Content-Range field with the unit `bytes` (RFC 9110 section 14.4).
package enum ContentRange: Hashable, Sendable {
    /// `bytes first-last/total`; the total is nil for `*`.
    case octets(first: UInt64, last: UInt64, total: UInt64?)
    /// `bytes */total`: no byte could be sent.
    case unsatisfied(total: UInt64)

    /// Reads the value of the field, or nil when it is not one.
    package init?(_ text: String) {
        guard text.utf8.count <= 80, let space = text.firstIndex(of: " "), text[..<space].lowercased() == "bytes",
            let slash = text.lastIndex(of: "/"), space < slash
        else { return nil }
        let range = text[text.index(after: space)..<slash]
        let totalText = text[text.index(after: slash)...]
        let total = UInt64(digits: totalText)
        guard total != nil || totalText == "*" else { return nil }
        if range == "*" {
            guard let total else { return nil }
            self = .unsatisfied(total: total)
            return
        }
        guard let dash = range.firstIndex(of: "-"), let first = UInt64(digits: range[..<dash]),
            let last = UInt64(digits: range[range.index(after: dash)...]), first <= last,
            total.map({ last < $0 }) ?? true
        else { return nil }
        self = .octets(first: first, last: last, total: total)
    }
}
