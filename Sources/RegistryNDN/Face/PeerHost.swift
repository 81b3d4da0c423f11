import NIOCore

/// The unit that shares and rates are limited for: one IPv4 address; one /64 of IPv6, of which a single host may have every
/// address; or a Unix face by itself.
package enum PeerHost: Hashable, Sendable {
    case v4(UInt32)
    case v6(UInt64)
    case face(UInt64)

    init?(_ address: SocketAddress) {
        let octets = address.addressOctets
        if octets.count == 4 {
            self = .v4(Self.number(octets[...]))
        } else if octets.count == 16 {
            let isMapped = octets.prefix(10).allSatisfy { $0 == 0 } && octets[10] == 0xFF && octets[11] == 0xFF
            self = isMapped ? .v4(Self.number(octets[12...])) : .v6(Self.number(octets[..<8]))
        } else {
            return nil
        }
    }

    private static func number<Number: FixedWidthInteger>(_ octets: ArraySlice<UInt8>) -> Number {
        octets.reduce(0) { $0 << 8 | Number($1) }
    }
}

extension PeerHost: CustomStringConvertible {
    package var description: String {
        switch self {
        case .v4(let number):
            (0..<4).map { "\(UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)))" }.joined(separator: ".")
        case .v6(let number):
            (0..<4).map { String(UInt16(truncatingIfNeeded: number >> (48 - 16 * $0)), radix: 16) }
                .joined(separator: ":") + "::/64"
        case .face(let id): "face \(id)"
        }
    }
}

extension Face {
    /// The host that the peer counts for; the face by itself where its address is not known.
    package var host: PeerHost {
        (try? SocketAddress(ipAddress: remote.host, port: 0)).flatMap { PeerHost($0) } ?? .face(id)
    }
}
