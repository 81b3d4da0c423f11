#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What systemd, or who stands in for it, is told by a service of `Type=notify`: a datagram to the socket that NOTIFY_SOCKET
/// names, see sd_notify(3). Without that variable nobody wants to know.
enum ServiceNotice {
    enum State: String {
        case ready = "READY=1"
        case stopping = "STOPPING=1"
    }

    /// Failing is not worth a word: whoever waits for the message says that it did not come.
    static func tell(_ state: State) {
        guard let path = Environment.process()["NOTIFY_SOCKET"], let (address, length) = address(path) else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let octets = Array(state.rawValue.utf8)
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                _ = unsafe sendto(descriptor, octets, octets.count, Int32(MSG_NOSIGNAL), target, length)
            }
        }
    }

    /// A path, or a name of the abstract namespace, which begins with @ here and with a zero in the address.
    private static func address(_ path: String) -> (sockaddr_un, socklen_t)? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let octets = path.hasPrefix("@") ? [0] + path.dropFirst().utf8 : Array(path.utf8)
        let place = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path)
        guard path.hasPrefix("/") || path.hasPrefix("@"), octets.count < MemoryLayout.size(ofValue: address.sun_path)
        else { return nil }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: octets) }
        return (address, socklen_t(place + octets.count))
    }
}
