import Logging
public import NIOCore
import Synchronization

/// Interests and Data over one connection: a Unix or TCP stream, or a UDP peer.
///
/// A face is confined to its event loop: every member is used there only. Made by a `FaceConnector` or a
/// `FaceListener`, it stays open until `close()`, or until its connection ends when a listener made it.
public final class Face {
    /// Unique in this process; below 256 none, as in NFD.
    public let id: UInt64
    public let eventLoop: any EventLoop
    public internal(set) var remote: FaceURI
    public internal(set) var local: FaceURI
    /// A Unix socket, or TCP with both ends on the loopback: only such a face may use /localhost (docs/protocol.md 8.3).
    public internal(set) var isLocal: Bool
    /// A Unix socket's peer is root's or this program's own user's; never for another face.
    public internal(set) var isPeerPrivileged = false
    public private(set) var state: FaceState = .down
    /// Octets of the largest element sent as it is; larger ones are fragmented on UDP and dropped on streams.
    public internal(set) var mtu = Face.maximumPacketSize
    /// Data packets of about 8 kB that the receive buffer holds safely: the bound of a first window.
    public internal(set) var initialWindow = Face.streamInitialWindow
    /// A listener does not close a pinned face to make room for another (a face with routes, say).
    public var isPinned = false
    /// When something last arrived.
    public internal(set) var lastHeard: NIODeadline
    /// Why there is no connection, while `state` is `.down`.
    public internal(set) var lastError: FaceError?
    public weak var delegate: (any FaceDelegate)?
    public internal(set) var counters = FaceCounters()

    /// MAX_NDN_PACKET_SIZE of ndn-cxx (docs/protocol.md 2.3), which NFD applies to a stream's LpPacket as a whole (7.1).
    public static let maximumPacketSize = 8800
    static let streamInitialWindow = 1024

    let logger: Logger
    var transport: (any FaceTransport)?
    /// Ends whoever keeps this face connected.
    var onClose: (() -> Void)?
    /// Whose turn it is: told of the first Interest that leaves since something came, and of the first element that comes since
    /// an Interest left.
    var onTurn: ((Turn) -> Void)?
    private var lastTurn: Turn?
    var fragmenter = LpFragmenter()
    /// Made with the first fragment: most faces never see one.
    var reassembler: LpReassembler?
    /// Packets are being delivered: who sends meanwhile need not flush.
    public internal(set) var isInBatch = false

    init(remote: FaceURI, local: FaceURI, isLocal: Bool, on eventLoop: any EventLoop, logger: Logger) {
        id = Face.nextID.wrappingAdd(1, ordering: .relaxed).oldValue
        self.eventLoop = eventLoop
        self.remote = remote
        self.local = local
        self.isLocal = isLocal
        lastHeard = eventLoop.now
        var logger = logger
        logger[metadataKey: "face"] = "\(id)"
        self.logger = logger
    }

    private static let nextID = Atomic<UInt64>(256)

    /// Closes the face for good and ends its connection. Packets still queued may be lost.
    public func close() {
        eventLoop.preconditionInEventLoop()
        guard state != .closed else { return }
        let ending = transport
        transport = nil
        ending?.flush()
        ending?.close()
        change(to: .closed)
        onClose?()
        onClose = nil
    }

    /// What passed last, of what tells whether the peer lives.
    enum Turn {
        /// An Interest left.
        case asked
        /// Something came.
        case heard
    }

    /// Notes what passes; cheap, since it is called for each packet.
    func note(_ turn: Turn) {
        guard turn != lastTurn else { return }
        lastTurn = turn
        onTurn?(turn)
    }

    /// The connection is there.
    func attach(_ transport: any FaceTransport) {
        self.transport = transport
        lastTurn = nil
        lastError = nil
        lastHeard = eventLoop.now
        change(to: .up)
    }

    /// The connection is lost; a persistent face waits for the next.
    func detach() {
        transport = nil
        reassembler = nil
        change(to: .down)
    }

    private func change(to new: FaceState) {
        guard state != new, state != .closed else { return }
        state = new
        logger.debug("face \(new.rawValue)", metadata: ["remote": "\(remote)", "local": "\(local)"])
        delegate?.face(self, changed: new)
    }
}
