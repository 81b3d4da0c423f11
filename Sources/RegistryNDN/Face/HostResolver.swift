package import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// From the host of a face URI to the addresses to try, in order.
package enum HostResolver {
    /// All addresses of a URI's host; fails with `FaceError.Code.unresolved` when there is none.
    ///
    /// A name is looked up on a thread of its own, since the C library blocks.
    package static func addresses(of uri: FaceURI, on eventLoop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        if uri.scheme == .unix {
            return eventLoop.makeCompletedFuture { [try SocketAddress(unixDomainSocketPath: uri.path)] }
        }
        if IPAddress.family(of: uri.host) != nil {
            return eventLoop.makeCompletedFuture { try lookUp(uri, numeric: true) }
        }
        return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { try lookUp(uri, numeric: false) }
    }

    private static func lookUp(_ uri: FaceURI, numeric: Bool) throws(FaceError) -> [SocketAddress] {
        var hints = unsafe addrinfo()
        let family =
            switch uri.family {
            case .v4: AF_INET
            case .v6: AF_INET6
            case nil: AF_UNSPEC
            }
        unsafe hints.ai_family = family
        unsafe hints.ai_socktype = CInt(SOCK_DGRAM.rawValue)
        // Not AI_ADDRCONFIG, which finds no address at all, not even of localhost, on a machine whose network is not up yet: an
        // address without a route comes last, and costs nothing.
        unsafe hints.ai_flags = numeric ? AI_NUMERICHOST : 0
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(uri.host, String(uri.port), &hints, &list)
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var item = unsafe list
        while status == 0, let current = unsafe item {
            if let raw = unsafe current.pointee.ai_addr,
                let address = unsafe SocketAddress(raw: UnsafeRawPointer(raw), family: current.pointee.ai_family),
                !addresses.contains(address)
            {
                addresses.append(address)
            }
            unsafe item = current.pointee.ai_next
        }
        guard !addresses.isEmpty else {
            let why = status == 0 ? "it has no address" : unsafe String(cString: gai_strerror(status))
            throw FaceError(
                .unresolved, "cannot find the host of \(uri): \(why); check the name, or write an IP address")
        }
        // A router on this machine listens on 127.0.0.1 far more often than on ::1, and UDP does not tell.
        return addresses.allSatisfy(\.isLoopback)
            ? addresses.filter { $0.protocol == .inet } + addresses.filter { $0.protocol != .inet } : addresses
    }
}
