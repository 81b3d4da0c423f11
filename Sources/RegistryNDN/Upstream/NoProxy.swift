internal import NDN
internal import NIOCore

/// The hosts that are reached without a proxy: what NO_PROXY lists, as Go and thus Docker reads it.
///
/// Entries are separated by commas: `*`; an IP address; a CIDR block; a domain, which covers the names below it too; a domain
/// with a leading dot, which covers only these. Addresses and domains may have a port, IPv6 addresses may have brackets.
/// Loopback is never reached through a proxy.
struct NoProxy: Hashable, Sendable {
    private enum Rule: Hashable {
        case all
        case block(network: [UInt8], bits: Int, port: Int?)
        case domain(String, below: Bool, port: Int?)
    }

    private let rules: [Rule]

    /// Entries that cannot be read are left out, as Go does.
    init(_ text: String) {
        rules = text.split { $0 == "," || $0 == " " || $0 == "\t" }.compactMap { Self.rule($0.lowercased()) }
    }

    func covers(host: String, port: Int) -> Bool {
        var host = host.lowercased()
        if host.hasSuffix(".") { host.removeLast() }
        let address = Self.octets(host)
        if host == "localhost" || address.map(Self.isLoopback) == true { return true }
        return rules.contains { rule in
            switch rule {
            case .all: true
            case .block(let network, let bits, let wanted):
                (wanted ?? port) == port && address.map { Self.matches($0, network, bits) } == true
            case .domain(let domain, let below, let wanted):
                (wanted ?? port) == port && address == nil
                    && (host.hasSuffix(".\(domain)") || !below && host == domain)
            }
        }
    }

    private static func rule(_ text: String) -> Rule? {
        if text == "*" { return .all }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2 {
            guard let network = octets(bare(parts[0])), let bits = Int(parts[1]),
                (0...network.count * 8).contains(bits)
            else { return nil }
            return .block(network: network, bits: bits, port: nil)
        }
        if let address = octets(bare(text[...])) { return .block(network: address, bits: address.count * 8, port: nil) }
        var host = text
        var port: Int?
        if let colon = text.lastIndex(of: ":") {
            guard let number = UInt16(text[text.index(after: colon)...]) else { return nil }
            port = Int(number)
            host = String(text[..<colon])
        }
        host = bare(host[...])
        if let address = octets(host) { return .block(network: address, bits: address.count * 8, port: port) }
        if host.hasPrefix("*.") { host.removeFirst() }
        let below = host.hasPrefix(".")
        if below { host.removeFirst() }
        if host.hasSuffix(".") { host.removeLast() }
        return host.isEmpty ? nil : .domain(host, below: below, port: port)
    }

    /// An IPv6 address without the brackets in which it may stand.
    private static func bare(_ host: Substring) -> String {
        String(host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host)
    }

    /// The 4 or 16 bytes of an address, 4 for an IPv4 address that is mapped into IPv6.
    private static func octets(_ text: String) -> [UInt8]? {
        let octets = (try? SocketAddress(ipAddress: text, port: 0))?.addressOctets
        guard let octets, octets.count == 16, octets.prefix(10).allSatisfy({ $0 == 0 }), octets[10...11] == [255, 255]
        else { return octets }
        return Array(octets[12...])
    }

    private static func isLoopback(_ octets: [UInt8]) -> Bool {
        octets.count == 4 ? octets[0] == 127 : octets.dropLast().allSatisfy { $0 == 0 } && octets.last == 1
    }

    private static func matches(_ address: [UInt8], _ network: [UInt8], _ bits: Int) -> Bool {
        guard address.count == network.count else { return false }
        let whole = bits / 8
        guard address.prefix(whole) == network.prefix(whole) else { return false }
        guard bits % 8 > 0 else { return true }
        return (address[whole] ^ network[whole]) >> UInt8(8 - bits % 8) == 0
    }
}
