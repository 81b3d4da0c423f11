public import NIOCore

/// Limits and timers of faces; the defaults suit every program here.
public struct FaceConfiguration: Sendable {
    /// Largest datagram payload; nil takes the path MTU less the IP and UDP headers, at most 8800.
    public var mtu: Int?
    /// What ``mtu`` may be.
    public static let mtuBounds = FaceMTU.minimum...Face.maximumPacketSize
    /// Receive buffer asked of the system for UDP, in octets; what it grants bounds `Face.initialWindow`.
    public var receiveBufferSize = 8 * 1024 * 1024
    /// Send buffer asked of the system for UDP and Unix sockets, in octets.
    public var sendBufferSize = 4 * 1024 * 1024
    /// Octets that may wait in a face for the socket; more is dropped, never queued.
    public var outboundLimit = 4 * 1024 * 1024
    /// Permission bits of a listener's Unix socket: any user who may connect can register any name at a forwarder.
    public var socketMode: UInt32 = 0o660
    /// Faces a listener holds at once.
    public var maximumFaces = 1024
    /// Local addresses a listener on the wildcard address answers from, each with a socket of its own.
    public var maximumLocalAddresses = 16
    /// A UDP face of a listener that hears nothing for so long is closed.
    public var idleTimeout = TimeAmount.minutes(10)
    /// Time for one attempt to connect to one address.
    public var connectTimeout = TimeAmount.seconds(3)
    /// First pause between attempts to connect; it doubles with each.
    public var minimumBackoff = TimeAmount.milliseconds(100)
    /// Longest pause between attempts to connect.
    public var maximumBackoff = TimeAmount.seconds(3)
    /// Silence after which the kernel asks the other end of a TCP connection whether it is there; after twice that time without
    /// an answer the connection ends.
    public var keepAlive = TimeAmount.seconds(10)
    /// When the peer of an outgoing face counts as dead because it is silent.
    var silence = ConnectionMachine.Timing()
    /// Whether several datagrams may go to the kernel as one (UDP_SEGMENT).
    public var segmentationOffload = true

    /// The defaults.
    public init() {}
}
