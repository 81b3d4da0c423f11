/// How TLS connections to servers are made.
package struct TLSConfiguration: Hashable, Sendable {
    /// PEM file of authorities that are trusted beside the system's.
    package var authorityFile: String?
    /// PEM files of our own certificate with its chain and of its key, for servers that ask for one.
    package var certificateFile: String?
    package var keyFile: String?
    /// Whether any certificate is accepted. Whoever sets this warns the user.
    package var isInsecure = false

    package init() {}
}
