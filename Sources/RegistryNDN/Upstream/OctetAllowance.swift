internal import NIOConcurrencyHelpers

/// Bytes of memory that several requests share: one that finds none left does without.
final class OctetAllowance: Sendable {
    private let left: NIOLockedValueBox<Int>

    init(_ octets: Int) { left = NIOLockedValueBox(octets) }

    /// Takes bytes out. Returns false, and takes none, when fewer are left.
    func take(_ octets: Int) -> Bool {
        left.withLockedValue { left in
            guard (0...left).contains(octets) else { return false }
            left -= octets
            return true
        }
    }

    func giveBack(_ octets: Int) { left.withLockedValue { $0 += octets } }
}
