internal import Synchronization

/// The certificate that an endpoint shows, from files that may be replaced while it runs.
package final class EndpointCertificate: Sendable {
    package let certificateFile: String
    package let keyFile: String
    private let current: Mutex<TLSContext>

    /// Reads PEM files: the certificate with its intermediates after it, and its key without a passphrase.
    ///
    /// - Throws: `TLSError` with the code `configuration`, which names the file that is wrong.
    package init(certificate: String, key: String) throws(TLSError) {
        certificateFile = certificate
        keyFile = key
        current = Mutex(try TLSContext(certificate: certificate, key: key))
    }

    /// A sentence that says that others can read the file of the key; nil when they cannot.
    package var notice: String? { context.notice }

    /// The context that the next connection uses.
    var context: TLSContext { current.withLock { $0 } }

    /// Reads the files again. Connections that exist keep the certificate that they have; when this throws, new ones get the old
    /// certificate, too.
    ///
    /// - Throws: `TLSError` with the code `configuration`, which names the file that is wrong.
    package func reload() throws(TLSError) {
        let new = try TLSContext(certificate: certificateFile, key: keyFile)
        current.withLock { $0 = new }
    }
}
