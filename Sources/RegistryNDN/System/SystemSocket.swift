import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The socket calls that NIO has no form for. Every function returns what the system said; none blocks.
enum SystemSocket {
    /// Socket options of Linux that the C library's module does not export.
    private enum Option {
        static let receiveBufferForce: CInt = 33
        static let ipMTU: CInt = 14
        static let ipv6MTU: CInt = 24
    }

    /// A UDP socket, bound to `local` and connected to `remote` where given, with buffers of so many bytes, or as many as the
    /// system grants.
    /// - Returns: the descriptor, owned by the caller.
    static func openDatagram(
        local: SocketAddress?, remote: SocketAddress?, sharesAddress: Bool = false, receiveBuffer: Int, sendBuffer: Int
    ) throws(SystemError) -> CInt {
        let isV6 = (local ?? remote)?.protocol == .inet6
        let descriptor = socket(isV6 ? AF_INET6 : AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError(call: "socket") }
        do throws(SystemError) {
            let receive = CInt(clamping: receiveBuffer)
            if !set(descriptor, SOL_SOCKET, Option.receiveBufferForce, receive) {
                _ = set(descriptor, SOL_SOCKET, SO_RCVBUF, receive)
            }
            _ = set(descriptor, SOL_SOCKET, SO_SNDBUF, CInt(clamping: sendBuffer))
            if isV6 { _ = set(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
            if sharesAddress { _ = set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) }
            if let local { unsafe try call("bind", descriptor, local, bind) }
            if let remote { unsafe try call("connect", descriptor, remote, connect) }
            return descriptor
        } catch {
            _ = close(descriptor)
            throw error
        }
    }

    /// Closes a descriptor that was not handed on.
    static func shut(_ descriptor: CInt) {
        _ = close(descriptor)
    }

    /// Octets of the receive buffer, as the system counts them (twice what was granted).
    static func receiveBufferSize(_ descriptor: CInt) -> Int {
        Int(get(descriptor, SOL_SOCKET, SO_RCVBUF) ?? 0)
    }

    /// The path MTU of a connected socket, IP header included.
    static func pathMTU(_ descriptor: CInt, isV6: Bool) -> Int? {
        let level = isV6 ? CInt(IPPROTO_IPV6) : CInt(IPPROTO_IP)
        return get(descriptor, level, isV6 ? Option.ipv6MTU : Option.ipMTU).map(Int.init)
    }

    /// The path MTU towards an address, IP header included.
    static func pathMTU(to remote: SocketAddress) -> Int? {
        let isV6 = remote.protocol == .inet6
        let descriptor = socket(isV6 ? AF_INET6 : AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { _ = close(descriptor) }
        guard unsafe (try? call("connect", descriptor, remote, connect)) != nil else { return nil }
        return pathMTU(descriptor, isV6: isV6)
    }

    /// Allows, or no longer allows, another socket on the same port.
    static func shareAddress(_ descriptor: CInt, _ share: Bool) {
        _ = set(descriptor, SOL_SOCKET, SO_REUSEADDR, share ? 1 : 0)
    }

    /// The address at this end, and with `ofPeer` the one a connected socket has at the other.
    static func address(_ descriptor: CInt, ofPeer: Bool = false) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                let result =
                    ofPeer
                    ? unsafe getpeername(descriptor, generic, &length)
                    : unsafe getsockname(descriptor, generic, &length)
                guard result == 0 else { return nil }
                return unsafe SocketAddress(raw: UnsafeRawPointer(generic), family: Int32(pointer.pointee.ss_family))
            }
        }
    }

    private static func call(
        _ name: StaticString, _ descriptor: CInt, _ address: SocketAddress,
        _ function: (CInt, UnsafePointer<sockaddr>?, socklen_t) -> CInt
    ) throws(SystemError) {
        let result = unsafe address.withSockAddr { unsafe function(descriptor, $0, socklen_t($1)) }
        guard result == 0 else { throw SystemError(call: name) }
    }

    private static func set(_ descriptor: CInt, _ level: CInt, _ name: CInt, _ value: CInt) -> Bool {
        var value = value
        return unsafe setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<CInt>.size)) == 0
    }

    private static func get(_ descriptor: CInt, _ level: CInt, _ name: CInt) -> CInt? {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return unsafe getsockopt(descriptor, level, name, &value, &length) == 0 ? value : nil
    }
}

extension SocketAddress {
    /// From a `sockaddr_in` or `sockaddr_in6`.
    init?(raw: UnsafeRawPointer, family: Int32) {
        switch family {
        case AF_INET: self = unsafe SocketAddress(raw.loadUnaligned(as: sockaddr_in.self), host: "")
        case AF_INET6: self = unsafe SocketAddress(raw.loadUnaligned(as: sockaddr_in6.self), host: "")
        default: return nil
        }
    }
}
