/// How TLS connections to servers are made.
public struct TLSConfiguration: Hashable, Sendable {
    /// PEM file of authorities that are trusted beside the system's.
    public var authorityFile: String?
    /// PEM files of our own certificate with its chain and of its key, for servers that ask for one.
    public var certificateFile: String?
    public var keyFile: String?
    /// Whether any certificate whatever is accepted. Whoever sets it says so loudly.
    public var isInsecure = false

    public init() {}
}
