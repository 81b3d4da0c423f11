import NIOCore

/// Whether the path works, found out with one Interest.
extension FetchEngine {
    /// Asks for `interest`; `done` gets whether Data came that a fetch would accept: with trust anchors its signature counts
    /// as a segment's does, or the path of a producer whose key is not trusted would seem to work until the next fetch.
    /// It is not called when too many packets are being checked.
    func probe(_ interest: InterestBuilder, _ done: @escaping @Sendable (Bool) -> Void) {
        endpoint.express(interest).assumeIsolated().whenComplete { [weak self] result in
            guard let self, case .success(let data) = result else { return done(false) }
            guard let verification else { return done(true) }
            verification.check(data.owned()) { done($0 == nil) }
            verification.flush()
        }
    }
}
