internal import NIOHTTP1

/// What a registry's site at this client calls itself in the field Via of what it passes to its upstream: RFC 9110 section 7.6.3,
/// "Using Via to identify where a message has been".
///
/// A request that comes in with the name has been here before: the upstream leads back to this client. Each site has a name of its
/// own, since a request may well go from one registry of a client to another.
struct ViaPseudonym: Hashable, Sendable {
    /// With a random part, by which other clients of this program are told apart.
    let text: String

    init() {
        let number = String(UInt64.random(in: .min ... .max), radix: 16)
        text = "registry-ndn-" + String(repeating: "0", count: 16 - number.utf8.count) + number
    }

    /// Whether a request has been here before.
    func isIn(_ headers: HTTPHeaders) -> Bool {
        headers[canonicalForm: "via"].contains { hop in
            // The received protocol, this name or another's, and perhaps a comment.
            let words = hop.split(separator: " ", maxSplits: 2)
            return words.count > 1 && words[1] == text
        }
    }

    /// Adds the name behind those of the proxies before.
    func add(to head: inout HTTPRequestHead) {
        head.headers.add(name: "Via", value: "\(head.version.major).\(head.version.minor) \(text)")
    }
}
