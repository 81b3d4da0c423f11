public import NIOHTTP1

extension HTTPHeaders {
    /// Fields that concern one connection only (RFC 9110 section 7.6.1, and those that old software sends).
    private static let hopByHop = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]

    /// The fields that an intermediary passes on: hop-by-hop fields and those that Connection names are left out.
    ///
    /// RFC 9110 section 7.6.1: "Intermediaries MUST parse a received Connection header field before a message is
    /// forwarded and, for each connection-option in this field, remove any header or trailer field(s) from the message
    /// with the same name as the connection-option".
    public func removingHopByHop() -> HTTPHeaders {
        var result = self
        for name in self[canonicalForm: "connection"] {
            result.remove(name: String(name))
        }
        for name in Self.hopByHop {
            result.remove(name: name)
        }
        return result
    }
}
