internal import NIOHTTP1

/// One request on its way past a registry that asks who sends it: what was tried, and what follows from an answer. Logic only.
struct AuthenticatedExchange {
    /// What becomes of an answer.
    enum Verdict {
        /// The answer goes back to whoever asked.
        case pass
        /// The challenge in it is answered.
        case answer
        /// The token that the request brought is not for this registry: the request is sent again without it.
        case withoutToken
        /// Our credential may have been replaced: the request is sent again with another one.
        case otherCredential
        /// A request without a credential of ours gets no further: the registry's first refusal goes back.
        case first(UpstreamResponse)
    }

    let access: RegistryAccess
    private(set) var key: AuthorizationCache.Key
    private(set) var request: HTTPRequestHead
    /// What the request is let in with; nil when it brings its own Authorization, or nothing is known.
    private(set) var standing: AuthorizationCache.Standing?
    var attempt = AuthorizationCache.Attempt()
    /// How often the request was sent.
    var sends = 0
    /// The first refusal of a request that has no credential of ours.
    var first: UpstreamResponse?

    init(_ request: HTTPRequestHead, _ access: RegistryAccess, as credential: Credential?) {
        self.request = request
        self.access = access
        key = AuthorizationCache.Key(access, as: credential)
    }

    /// Whether the request has no Authorization, of its own or of ours.
    var bringsNothing: Bool { authorization == nil }

    /// Whether the request carries an Authorization that we got with our own credential.
    var isOurs: Bool {
        guard key.credential != nil, case .authorized = standing else { return false }
        return true
    }

    /// The path of the request without the query, for the log.
    var path: Substring { request.uri.prefix { $0 != "?" } }

    private var authorization: String? { request.headers.first(name: "authorization") }

    /// What follows from an answer of `status`.
    ///
    /// - Parameter isForOthers: whether the request comes from somebody who can log in: an answer to `/v2/` tells how, and so
    ///   does a refusal.
    func verdict(_ status: HTTPResponseStatus, isForOthers: Bool) -> Verdict {
        let isToken = standing == nil && !bringsNothing
        switch status {
        case .unauthorized:
            let asksHow = key.credential == nil && isForOthers && access.subject == .root
            return asksHow ? .pass : .answer
        case .forbidden where isToken: return .withoutToken
        case .forbidden where isOurs: return .otherCredential
        case .forbidden, .notFound:
            guard key.credential == nil, let first else { return .pass }
            return .first(first)
        default: return .pass
        }
    }

    /// Whether an answer shows that the registry asks nobody who he is: then the parts of an upload need no Authorization in
    /// advance.
    func tellsOpenness(_ status: HTTPResponseStatus) -> Bool {
        bringsNothing && access.action != .read && status.code < 300 && standing != .open
    }

    mutating func use(_ standing: AuthorizationCache.Standing?) {
        self.standing = standing
        guard case .authorized(let value) = standing else { return }
        request.headers.replaceOrAdd(name: "Authorization", value: value)
    }

    mutating func dropAuthorization() {
        standing = nil
        request.headers.remove(name: "Authorization")
    }

    /// The request was refused with what it carried.
    mutating func noteRefusal() {
        if let authorization { attempt.refused.insert(authorization) }
    }

    mutating func keepFirst(_ refusal: UpstreamResponse) {
        if key.credential == nil, first == nil { first = refusal }
    }

    mutating func restart(as credential: Credential) {
        key = AuthorizationCache.Key(access, as: credential)
        attempt = .init()
        dropAuthorization()
    }
}
