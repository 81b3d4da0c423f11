@testable import NDN
@testable import RegistryNDN

/// A router without a route to anything.
struct NoNetwork: BlobNetwork {
    func stream(_ blob: Name, range: BlobRange, size: UInt64?, repair: BlobRepair?) async throws(FetchError)
        -> any BlobStream
    {
        throw .noRoute
    }

    func probe(_ name: Name) async -> Bool { false }
    func isConnected() async -> Bool { true }
    func run() async {}
    func shutdown() async {}
}
