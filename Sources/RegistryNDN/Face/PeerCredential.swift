import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Who is at the other end of a Unix socket, as the system says it (`struct ucred` of unix(7)).
struct PeerCredential {
    /// SO_PEERCRED of Linux, which the C library's module does not export.
    private static let option = NIOBSDSocket.Option(rawValue: 17)

    let process: Int32
    let user: UInt32
    let group: UInt32

    /// - Parameter channel: an accepted connection, on its event loop; nil where the system does not say.
    init?(of channel: any Channel) {
        guard let provider = channel as? any SocketOptionProvider else { return nil }
        let asked: EventLoopFuture<PeerCredential> = provider.unsafeGetSocketOption(
            level: .socket, name: Self.option)
        var answer: PeerCredential?
        asked.assumeIsolated().whenSuccess { answer = $0 }
        guard let answer else { return nil }
        self = answer
    }

    /// Whether it is root's or this program's own user's.
    var isPrivileged: Bool { user == 0 || user == geteuid() }
}
