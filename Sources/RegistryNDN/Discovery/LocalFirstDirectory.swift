package import NDN
package import NIOCore

/// This machine's forwarder, as soon as there is one, and another directory's routers until then.
///
/// A program that is started beside a forwarder may be the faster of the two: the forwarder is waited for a little before
/// anybody else is asked, and looked for again in every search.
package struct LocalFirstDirectory: RouterDirectory {
    private static let pause = TimeAmount.milliseconds(100)

    private let patience: TimeAmount
    private let others: any RouterDirectory
    private let find: @Sendable () -> FaceURI?

    /// - Parameters:
    ///   - patience: how long a forwarder is waited for in each search.
    ///   - others: who is asked when there is none.
    ///   - find: this machine's forwarder; nil while there is none.
    package init(
        patience: TimeAmount, others: any RouterDirectory, find: @escaping @Sendable () -> FaceURI?
    ) {
        self.patience = patience
        self.others = others
        self.find = find
    }

    package func routers() async throws(DiscoveryError) -> [Router] {
        let end = NIODeadline.now() + patience
        repeat {
            if let uri = find() { return [Router(uri: uri)] }
            guard NIODeadline.now() < end, !Task.isCancelled else { break }
            try? await Task.sleep(for: .nanoseconds(Self.pause.nanoseconds))
        } while true
        do throws(DiscoveryError) {
            return try await others.routers()
        } catch {
            throw DiscoveryError("no forwarder runs on this machine, and \(error)")
        }
    }
}
