internal import Synchronization

/// How connections to upstreams are secured, from files that may be replaced while the program runs.
package final class UpstreamTLS: Sendable {
    /// What new connections are made with.
    package struct Settings: Sendable {
        package let configuration: TLSConfiguration
        fileprivate let context: TLSContext

        /// Reads the files.
        ///
        /// - Throws: `TLSError` with the code `configuration`, which names the file that is wrong.
        package init(_ configuration: TLSConfiguration) throws(TLSError) {
            self.configuration = configuration
            context = try TLSContext(client: configuration)
        }

        /// A sentence that says that others can read the file of our key; nil when they cannot.
        package var notice: String? { context.notice }
    }

    private let current: Mutex<Settings>

    package init(_ settings: Settings) { current = Mutex(settings) }

    package var settings: Settings { current.withLock { $0 } }

    /// What the next connection uses.
    var context: TLSContext { settings.context }

    /// New connections are made so; those that exist stay as they are.
    package func use(_ settings: Settings) { current.withLock { $0 = settings } }

    /// Reads the same files again; when this throws, nothing changes.
    ///
    /// - Throws: `TLSError` with the code `configuration`, which names the file that is wrong.
    package func reload() throws(TLSError) { use(try Settings(settings.configuration)) }
}
