package import NIOHTTP1

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
    package func removingHopByHop() -> HTTPHeaders {
        var result = self
        for name in self[canonicalForm: "connection"] {
            result.remove(name: String(name))
        }
        for name in Self.hopByHop {
            result.remove(name: name)
        }
        return result
    }

    /// Fields in which a proxy before this endpoint says where it was asked: that of RFC 7239, and the older ones.
    private static let forwarded = [
        "forwarded", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-proto",
    ]

    /// The fields without those that say where this endpoint is reached: a registry makes URLs of itself with them, which would
    /// not be recognised in its answers.
    func removingForwarded() -> HTTPHeaders {
        var result = self
        for name in Self.forwarded { result.remove(name: name) }
        return result
    }
}
