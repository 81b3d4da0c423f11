internal import NDN

/// An HTTP proxy: `http://[user:password@]host[:port]`. Its credentials are in no description.
package struct ProxyURL: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// Host name or IP address, IPv6 without its brackets.
    package let host: String
    package let port: Int
    /// The value of Proxy-Authorization (RFC 7617), if there are credentials.
    let authorization: String?

    /// What a proxy does that answers 407, and what to do.
    static let demandsCredentials =
        "demands other credentials (407): give a user and a password before the proxy's host, a : between them and an @ after them"

    /// Reads `text`, without a scheme too; user and password percent-encoded.
    ///
    /// - Parameter source: what errors name in the place of the text, of which a part may be a password.
    package init(_ text: String, from source: String) throws(UpstreamError) {
        var rest = text[...]
        if let colon = rest.firstIndex(of: ":"), rest[colon...].hasPrefix("://") {
            let scheme = rest[..<colon].lowercased()
            guard scheme == "http" else {
                let known =
                    ["https", "socks4", "socks4a", "socks5", "socks5h"].contains(scheme)
                    ? "\(scheme)://" : "of another scheme"
                throw UpstreamError(.proxy, "\(source): a proxy \(known) is not supported: name one at http://")
            }
            rest = rest[rest.index(colon, offsetBy: 3)...]
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var credentials: Substring?
        if let at = rest.lastIndex(of: "@") {
            credentials = rest[..<at]
            rest = rest[rest.index(after: at)...]
        }
        guard !rest.contains("/"), let url = try? UpstreamURL("http://\(rest)"), url.path.isEmpty else {
            throw Self.malformed(source)
        }
        (host, port) = (url.host, url.port)
        guard let credentials else {
            authorization = nil
            return
        }
        guard let octets = PercentEncoding.decode(credentials) else { throw Self.malformed(source) }
        let withPassword = octets.contains(UInt8(ascii: ":")) ? octets : octets + [UInt8(ascii: ":")]
        authorization = Credential.basic(withPassword)
    }

    private static func malformed(_ source: String) -> UpstreamError {
        UpstreamError(
            .proxy,
            "\(source) must be http://host:port, or with a user and a password before the host, a : between them and an @ after them, and each @ : / and % in them percent-encoded"
        )
    }

    package var description: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
    package var debugDescription: String { description }
}
