internal import NDN
internal import NIOHTTP1

/// The rule of which requests get credentials of our own, and which are refused since they may be a web page's.
package struct LendingRule: Hashable, Sendable {
    private let own: OwnHosts
    private let hasCredentials: Bool
    private let hasCertificate: Bool

    /// - Parameters:
    ///   - hosts: the names by which programs know the endpoint, with or without a port (`OwnHosts`).
    ///   - hasCredentials: whether there are credentials to lend.
    ///   - hasCertificate: whether a certificate of ours is shown to a registry, which lets in whoever uses the connection.
    package init(hosts: [String] = [], hasCredentials: Bool = false, hasCertificate: Bool = false) {
        own = OwnHosts(hosts)
        self.hasCredentials = hasCredentials
        self.hasCertificate = hasCertificate
    }

    /// Who a request may be from.
    ///
    /// Origin and Sec-Fetch-Site are forbidden to scripts (Fetch, "forbidden request-header"), so that a page can neither leave
    /// them out nor choose them, and programs send neither. Browsers leave both out of a GET that a page sends over plain HTTP
    /// to what it takes for its own host: Host tells these.
    func requester(of head: HTTPRequestHead) -> Requester {
        if let origin = head.headers.first(name: "origin") { return .page(.origin(Self.shown(origin))) }
        for site in head.headers["sec-fetch-site"] where site.lowercased() != "none" {
            return .page(.site(Self.shown(site)))
        }
        let host = head.headers.first(name: "host") ?? ""
        return own.contains(host) ? .program : .page(.host(Self.shown(host)))
    }

    /// Why a request is not served at all; nil when it is.
    ///
    /// A page may read what anybody may. A certificate cannot be left out of one request: where there is one, a page may read
    /// nothing either. An unknown host alone does no harm where nothing is lent.
    func refusal(of requester: Requester, _ method: HTTPMethod) -> String? {
        guard case .page(let sign) = requester else { return nil }
        if method.isSafe { return hasCertificate ? "nothing is read for it with our certificate: \(sign)" : nil }
        if case .host = sign, !hasCredentials, !hasCertificate { return nil }
        return "nothing is written for it: \(sign)"
    }

    /// Why a request gets none of our credentials; nil where it may have them, brings its own, or there are none.
    func withheld(from requester: Requester, _ head: HTTPRequestHead) -> String? {
        guard case .page(let sign) = requester, hasCredentials, !head.headers.contains(name: "authorization") else {
            return nil
        }
        return "our credentials are not used for it: \(sign)"
    }

    /// A client's text as it stands in a message.
    private static func shown(_ value: String) -> String { value[...].abridged(to: 100) }
}
