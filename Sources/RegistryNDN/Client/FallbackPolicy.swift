/// What becomes of a blob that NDN does not deliver.
public enum FallbackPolicy: String, Hashable, Sendable, CaseIterable {
    /// It is read from the upstream here and passed on.
    case proxy
    /// The client is sent to the upstream, 307 (Temporary Redirect), as the original system does. It must be able to
    /// reach it; a blob that fails half-way is cut, and asked for again.
    case redirect
    /// The request fails, 502 or 504.
    case fail
}
