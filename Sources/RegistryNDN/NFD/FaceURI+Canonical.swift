internal import NIOCore
internal import NIOPosix

extension FaceURI {
    /// The URI as `faces/create` wants it: the address numeric, its family in the scheme (`udp4://192.0.2.1:6363`). A name is
    /// looked up; throws `FaceError` when it has no address, or for a Unix socket, which no forwarder connects to.
    public func canonical() async throws -> String {
        guard scheme != .unix else {
            throw FaceError(
                .invalidURI, "\(self) is a Unix socket, which a forwarder does not connect to; write udp:// or tcp://")
        }
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let addresses = try await HostResolver.addresses(of: self, on: loop).get()
        guard let address = addresses.first, let host = address.ipAddress else {
            throw FaceError(.unresolved, "\(self) has no address")
        }
        let isV6 = address.protocol == .inet6
        return "\(scheme.rawValue)\(isV6 ? 6 : 4)://\(isV6 ? "[\(host)]" : host):\(port)"
    }
}
