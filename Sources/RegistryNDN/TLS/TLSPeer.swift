internal import NDN

/// The server that a client connects to, which its certificate must name, and which errors name.
struct TLSPeer: Hashable, Sendable, CustomStringConvertible {
    /// Host name, or IP address without brackets.
    let host: String
    let port: Int

    var isAddress: Bool {
        host.contains(":") || host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || $0.isDigit }
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
