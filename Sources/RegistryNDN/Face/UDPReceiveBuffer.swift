import Logging
import Synchronization

/// What a UDP receive buffer holds.
enum UDPReceiveBuffer {
    /// Octets of buffer that a Data packet of about 8 kB takes in the worst case: Linux counts the memory, not the
    /// payload, and the stock 212,992 octets hold only 12 to 25 of them (docs/protocol.md 7.7).
    static let octetsPerPacket = 17_750

    static func window(_ size: Int) -> Int {
        max(2, size / octetsPerPacket)
    }

    private static let hasAdvised = Atomic<Bool>(false)

    /// Says once how UDP would be faster on this machine.
    static func adviseOnce(_ size: Int, _ configuration: FaceConfiguration, _ logger: Logger) {
        // The system reports twice what it granted.
        guard size / 2 < configuration.receiveBufferSize,
            hasAdvised.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
        else { return }
        logger.notice(
            "the system limits UDP receive buffers; sysctl -w net.core.rmem_max=\(configuration.receiveBufferSize) makes UDP faster",
            metadata: ["octets": .stringConvertible(size / 2), "window": .stringConvertible(window(size))])
    }
}
