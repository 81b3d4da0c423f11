internal import NDN
import NIOHTTP1

/// Where a read goes, and where an answer of 3xx sends it on to (RFC 9110 section 15.4).
struct RedirectTarget: Hashable, Sendable {
    /// Scheme, host and port; no path.
    let origin: UpstreamURL
    /// Path and query.
    let uri: String

    /// The next target, or nil when `head` is an answer and no redirection.
    ///
    /// Throws `UpstreamError` with the code `redirect` for a redirection that leads nowhere or out of TLS.
    func next(_ head: HTTPResponseHead) throws(UpstreamError) -> RedirectTarget? {
        switch head.status {
        case .movedPermanently, .found, .seeOther, .temporaryRedirect, .permanentRedirect: break
        default: return nil
        }
        let locations = head.headers["location"]
        guard locations.count == 1, let location = locations.first, !location.isEmpty else {
            throw UpstreamError(.redirect, "\(origin) redirects with \(head.status.code) but does not say where to")
        }
        let next = try resolve(location)
        guard next.origin.isSecure || !origin.isSecure else {
            throw UpstreamError(
                .redirect, "\(origin) redirects to \(next.origin), where nothing is encrypted: that is not followed")
        }
        return next
    }

    /// What a Location means in an answer to this target.
    private func resolve(_ location: String) throws(UpstreamError) -> RedirectTarget {
        let url = URIReference(Self.encoded(location)).resolved(against: URIReference(origin, target: uri))
        let next: UpstreamURL
        do {
            next = try UpstreamURL("\(url.scheme ?? "")://\(url.authority ?? "")")
        } catch {
            // Links of storage services hold signatures: only what is before the path is told.
            throw UpstreamError(.redirect, "a redirect leads to an address that cannot be used", underlying: error)
        }
        let path = url.path.isEmpty ? "/" : url.path
        return RedirectTarget(origin: next, uri: url.query.map { "\(path)?\($0)" } ?? path)
    }

    /// Percent-encodes what must not stand in a URI reference (RFC 3986 section 2): blanks, UTF-8 and the like, which services
    /// write as they are. What is encoded already stays, as links are signed.
    private static func encoded(_ reference: String) -> String {
        let octets = Array(reference.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(octets.count)
        for (index, octet) in octets.enumerated() {
            let isEscape =
                octet == UInt8(ascii: "%") && index + 2 < octets.count
                && octets[index + 1...index + 2].allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
            if isEscape || octet != UInt8(ascii: "%") && Self.mayStand(octet) {
                result.append(octet)
            } else {
                result += PercentEncoding.encode(CollectionOfOne(octet)).utf8
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Unreserved and reserved characters.
    private static func mayStand(_ octet: UInt8) -> Bool {
        octet > 0x20 && octet < 0x7f && !"\"<>\\^`{|}".utf8.contains(octet)
    }
}
