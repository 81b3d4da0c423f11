internal import NDN
internal import NIOConcurrencyHelpers
internal import NIOCore

/// Whether the addresses that a registry names in redirects and challenges may be this machine's, or on its links.
///
/// A registry elsewhere could otherwise have us ask what only this machine reaches, such as a cloud's metadata service at
/// 169.254.169.254, and publish the answer. Where the registry itself is at such an address it may name others.
final class LocalAddresses: Sendable {
    private let areOpen: NIOLockedValueBox<Bool>

    /// - Parameter areOpen: whether the program's user has said that they may be.
    init(areOpen: Bool) { self.areOpen = NIOLockedValueBox(areOpen) }

    /// The registry itself is asked at this address.
    func noteRegistry(at isLocal: Bool) {
        if isLocal { areOpen.withLockedValue { $0 = true } }
    }

    /// Why there is no connection to `place`; nil when there may be one.
    func refusal(of place: UpstreamURL, isLocal: Bool) -> UpstreamError? {
        guard isLocal, !areOpen.withLockedValue({ $0 }) else { return nil }
        return UpstreamError(
            .redirect,
            "\(place), to which the registry leads, is an address of this machine or of its link, and the registry is not: that is not followed; give \(RegistrySetting.localRedirects) if it is meant"
        )
    }

    /// The handler of a connection that is made directly, which sees each address before it is tried.
    func handler(for place: UpstreamURL, isRegistry: Bool) -> any ChannelHandler {
        Guard(self, place, isRegistry)
    }

    private final class Guard: ChannelOutboundHandler {
        typealias OutboundIn = Never

        private let addresses: LocalAddresses
        private let place: UpstreamURL
        private let isRegistry: Bool

        init(_ addresses: LocalAddresses, _ place: UpstreamURL, _ isRegistry: Bool) {
            self.addresses = addresses
            self.place = place
            self.isRegistry = isRegistry
        }

        func connect(context: ChannelHandlerContext, to address: SocketAddress, promise: EventLoopPromise<Void>?) {
            if isRegistry {
                addresses.noteRegistry(at: address.isLocal)
            } else if let refusal = addresses.refusal(of: place, isLocal: address.isLocal) {
                promise?.fail(refusal)
                return
            }
            context.connect(to: address, promise: promise)
        }
    }
}

extension UpstreamURL {
    /// Whether the host says by itself that it is this machine or on its link, without being looked up.
    var isLocal: Bool {
        let name = host.lowercased()
        if name == "localhost" || name.hasSuffix(".localhost") { return true }
        return (try? SocketAddress(ipAddress: host, port: port))?.isLocal ?? false
    }
}

extension SocketAddress {
    /// Loopback, link-local (RFC 3927, RFC 4291 section 2.5.6), or the unspecified address, which leads to the machine itself;
    /// IPv4 in its mapped form too.
    var isLocal: Bool {
        var octets = addressOctets[...]
        if octets.count == 16, octets.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) {
            octets = octets.dropFirst(12)
        }
        let (first, second) = (octets.first ?? 0, octets.dropFirst().first ?? 0)
        if octets.count == 4 { return first == 0 || first == 127 || first == 169 && second == 254 }
        return isLoopback || isWildcard || first == 0xFE && second & 0xC0 == 0x80
    }
}
