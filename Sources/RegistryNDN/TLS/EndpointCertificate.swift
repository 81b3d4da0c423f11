internal import Synchronization

/// The certificate that an endpoint shows, from files that may be replaced while it runs.
package final class EndpointCertificate: Sendable {
    private struct Current {
        let certificateFile: String
        let keyFile: String
        let context: TLSContext
    }

    private let current: Mutex<Current>

    /// Reads PEM files: the certificate with its intermediates after it, and its key without a passphrase.
    ///
    /// - Throws: `TLSError` with the code `configuration`, which names the file that is wrong.
    package init(certificate: String, key: String) throws(TLSError) {
        current = Mutex(try Self.read(certificate, key))
    }

    /// A sentence that says that others can read the file of the key; nil when they cannot.
    package var notice: String? { context.notice }

    package var certificateFile: String { current.withLock { $0.certificateFile } }

    /// The context that the next connection uses.
    var context: TLSContext { current.withLock { $0.context } }

    /// Reads the files again, or others. Connections that exist keep the certificate that they have; when this throws, new ones
    /// get the old certificate, too.
    ///
    /// - Throws: `TLSError` with the code `configuration`, which names the file that is wrong.
    package func reload(certificate: String? = nil, key: String? = nil) throws(TLSError) {
        let old = current.withLock { $0 }
        let new = try Self.read(certificate ?? old.certificateFile, key ?? old.keyFile)
        current.withLock { $0 = new }
    }

    private static func read(_ certificate: String, _ key: String) throws(TLSError) -> Current {
        Current(
            certificateFile: certificate, keyFile: key, context: try TLSContext(certificate: certificate, key: key))
    }
}
