/// What becomes of a blob that NDN does not deliver.
package enum FallbackPolicy: String, Hashable, Sendable, CaseIterable {
    /// This client reads it from the upstream, wherever that redirects to, and passes it on; so it does with the answers that only
    /// the upstream gives, such as to HEAD.
    case proxy
    /// Whoever asks is sent to the upstream with 307 (Temporary Redirect), as the original system does, and must be able to reach
    /// it; a blob that fails half-way is cut, and asked for again.
    case redirect
    /// The request fails with 502 or 504, unless the upstream says that there is no such blob, or none for this client.
    case fail

    /// What becomes of blobs while NDN does not deliver any, as the log says it.
    var meanwhile: String {
        switch self {
        case .proxy: "blobs come from the upstream meanwhile"
        case .redirect: "requests for blobs are redirected to the upstream meanwhile"
        case .fail: "requests for blobs fail meanwhile, as \(RegistrySetting.fallback) \(rawValue) says"
        }
    }
}
