internal import NDN

/// The segments `.` and `..` of a path (RFC 3986 section 3.3), however they are written.
///
/// What they lead to is decided by whoever resolves them last: a request that seems to be for a registry's API may arrive
/// somewhere else on its host.
enum DotSegments {
    /// Percent-encodings of percent-encodings that are looked through; what has more of them counts as having dot segments.
    private static let layers = 3

    /// Whether the path of a request target has one, also percent-encoded, even several times, separated by a backslash, or
    /// with the parameters (`;…`) that some servers take off first.
    static func occur(in target: String) -> Bool {
        var path = Array(target.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
        for _ in 0...layers {
            if hasPlain(path) { return true }
            let decoded = decodeOnce(path)
            guard decoded.count < path.count else { return false }
            path = decoded
        }
        return true
    }

    private static func hasPlain(_ path: [UInt8]) -> Bool {
        path.split { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }.contains { segment in
            let name = segment.prefix { $0 != UInt8(ascii: ";") }
            return (1...2).contains(name.count) && name.allSatisfy { $0 == UInt8(ascii: ".") }
        }
    }

    /// Decodes the percent-encodings of a path; a % that begins none stays as it is.
    private static func decodeOnce(_ path: [UInt8]) -> [UInt8] {
        var decoded: [UInt8] = []
        var index = 0
        while index < path.count {
            if path[index] == UInt8(ascii: "%"), index + 2 < path.count,
                let high = hexDigit(path[index + 1]), let low = hexDigit(path[index + 2])
            {
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(path[index])
                index += 1
            }
        }
        return decoded
    }
}
