internal import NDN

/// What becomes of a blob that NDN does not deliver.
package enum FallbackPolicy: String, Hashable, Sendable, CaseIterable {
    /// It is read from the upstream here, wherever that redirects to, and passed on; so is what only the upstream answers, such as
    /// HEAD.
    case proxy
    /// The client is sent to the upstream, 307 (Temporary Redirect), as the original system does. It must be able to
    /// reach it; a blob that fails half-way is cut, and asked for again.
    case redirect
    /// The request fails, 502 or 504, unless the upstream says that there is no such blob, or none for this client.
    case fail

    /// What becomes of blobs while NDN does not deliver any.
    var meanwhile: String {
        switch self {
        case .proxy: "blobs come from the upstream meanwhile"
        case .redirect: "requests for blobs are redirected to the upstream meanwhile"
        case .fail: "requests for blobs fail meanwhile, as \(Setting.fallback) \(rawValue) says"
        }
    }
}
