internal import NIOConcurrencyHelpers

/// Memory that several share: who finds none left goes another way.
final class OctetAllowance: Sendable {
    private let left: NIOLockedValueBox<Int>

    init(_ octets: Int) {
        left = NIOLockedValueBox(octets)
    }

    /// False when less is left.
    func take(_ octets: Int) -> Bool {
        left.withLockedValue { left in
            guard (0...left).contains(octets) else { return false }
            left -= octets
            return true
        }
    }

    func giveBack(_ octets: Int) {
        left.withLockedValue { $0 += octets }
    }
}
