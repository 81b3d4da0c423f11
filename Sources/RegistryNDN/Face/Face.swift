import Logging
public import NIOCore
import Synchronization

/// Interests and Data over one connection: a Unix or TCP stream, or a UDP peer.
///
/// A face is confined to its event loop: every member is used there only. Made by a `FaceConnector` or a
/// `FaceListener`, it stays open until `close()`, or until its connection ends when a listener made it.
public final class Face {
    /// Unique in this process, and at least 256: NFD reserves the numbers below.
    public let id: UInt64
    /// The loop that every member is used on, and every delegate is called on.
    public let eventLoop: any EventLoop
    /// The peer: at first the URI that a ``FaceConnector`` was given, then the address that was reached, or that a connection
    /// came from.
    public internal(set) var remote: FaceURI
    /// This end, once there is a connection; until then the same as ``remote``.
    public internal(set) var local: FaceURI
    /// A Unix socket, or TCP with both ends on the loopback: only such a face may use /localhost (docs/protocol.md 8.3).
    public internal(set) var isLocal: Bool
    /// Whether the peer is a process of root or of this program's own user; true for Unix sockets only.
    public internal(set) var isPeerPrivileged = false
    /// Whether packets can pass. A delegate is told of each change.
    public private(set) var state: FaceState = .down
    /// Octets of the largest element sent as it is; larger ones are fragmented on UDP and dropped on streams.
    public internal(set) var mtu = Face.maximumPacketSize
    /// Data packets of about 8 kB that the receive buffer holds safely: the bound of a first window.
    public internal(set) var initialWindow = Face.streamInitialWindow
    /// A listener does not close a pinned face to make room for another (a face with routes, say).
    public var isPinned = false
    /// When a packet last arrived.
    public internal(set) var lastHeard: NIODeadline
    /// Why there is no connection, while `state` is `.down`.
    public internal(set) var lastError: FaceError?
    /// Who is told of packets and changes; an ``Endpoint`` sets itself here and offers them to several.
    public weak var delegate: (any FaceDelegate)?
    /// What passed since the face was made, reconnections included.
    public internal(set) var counters = FaceCounters()

    /// MAX_NDN_PACKET_SIZE of ndn-cxx (docs/protocol.md 2.3), which NFD applies to a stream's LpPacket as a whole (7.1).
    public static let maximumPacketSize = 8800
    static let streamInitialWindow = 1024

    let logger: Logger
    var transport: (any FaceTransport)?
    /// Tells the connector or listener that made this face that it is closed.
    var onClose: (() -> Void)?
    /// Called with `asked` for the first Interest that is sent after an element came, and with `heard` for the first element that
    /// comes after that.
    var onTurn: ((Turn) -> Void)?
    private var lastTurn: Turn?
    private var fragmenter = LpFragmenter()
    /// Made with the first fragment: most faces never see one.
    private var reassembler: LpReassembler?
    /// Whether the packets of a wake-up are being delivered; what a delegate sends meanwhile is flushed at the end.
    public internal(set) var isInBatch = false
    /// Data packets that the consumer at this end has asked for and that are still to come, as the consumer says.
    var awaited = 0

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

    /// The latest event that says something about whether the peer lives.
    enum Turn {
        /// An Interest was sent.
        case asked
        /// An element came.
        case heard
    }

    /// Takes note of an event; cheap, since it is called for each packet.
    private func note(_ turn: Turn) {
        guard turn != lastTurn else { return }
        lastTurn = turn
        onTurn?(turn)
    }

    /// The peer is asked whether it is there, which counts as no Interest of this face.
    func awaitsAnswer() { lastTurn = nil }

    /// The connection is open.
    func attach(_ transport: any FaceTransport) {
        self.transport = transport
        lastTurn = nil
        lastError = nil
        lastHeard = eventLoop.now
        change(to: .up)
    }

    /// The connection is lost; a persistent face waits for the next one.
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

extension Face {
    // MARK: Receiving

    /// Delivers one element: an Interest, a Data or an LpPacket.
    func receive(_ element: ByteBuffer) {
        note(.heard)
        counters.inOctets &+= UInt64(element.readableBytes)
        guard element.getInteger(at: element.readerIndex, as: UInt8.self) == FirstOctet.lpPacket else {
            return deliver(element, LinkFields())
        }
        guard let packet = try? LpPacket(decoding: element) else { return dropIncoming("not a valid LpPacket") }
        receive(packet)
    }

    /// One datagram, or several of equal size that the kernel put together (UDP_GRO).
    func receive(datagrams: ByteBuffer, segmentSize: Int?) {
        guard let segmentSize, segmentSize > 0, segmentSize < datagrams.readableBytes else { return receive(datagrams) }
        var rest = datagrams
        while state != .closed, let datagram = rest.readSlice(length: min(segmentSize, rest.readableBytes)),
            datagram.readableBytes > 0
        {
            receive(datagram)
        }
    }

    /// Called before the first element of a wake-up is delivered.
    func beginBatch() {
        isInBatch = true
        lastHeard = eventLoop.now
    }

    /// All elements of a wake-up have been delivered.
    func endBatch() {
        guard isInBatch else { return }
        delegate?.faceBatchEnded(self)
        isInBatch = false
        flush()
    }

    private func receive(_ packet: LpPacket) {
        // Local fields are never switched on here (docs/protocol.md 7.3).
        guard packet.nextHopFaceID == nil else { return dropIncoming("NextHopFaceId while local fields are off") }
        guard packet.isFragment else {
            guard let whole = try? packet.networkPacket() else {
                // An IDLE packet is accepted silently (docs/protocol.md 7.2).
                if packet.fragment != nil { dropIncoming("header fields that do not fit the packet") }
                return
            }
            return deliver(whole.packet, whole.fields)
        }
        // NFD ignores fragments on streams too (docs/protocol.md 7.6).
        guard transport?.isDatagram == true else { return dropIncoming("a fragment on a stream") }
        if reassembler == nil { reassembler = LpReassembler() }
        if let whole = reassembler?.receive(packet, now: lastHeard) {
            deliver(whole.packet, whole.fields)
        }
    }

    private func deliver(_ packet: ByteBuffer, _ fields: LinkFields) {
        switch packet.getInteger(at: packet.readerIndex, as: UInt8.self) {
        case FirstOctet.interest:
            guard let interest = try? Interest(decoding: packet) else { return dropIncoming("not a valid Interest") }
            if let reason = fields.nack {
                counters.inNacks &+= 1
                delegate?.face(self, receivedNack: reason, for: interest, fields)
            } else {
                counters.inInterests &+= 1
                delegate?.face(self, received: interest, fields)
            }
        case FirstOctet.data:
            guard fields.nack == nil else { return dropIncoming("a Nack around a Data") }
            guard let data = try? DataPacket(decoding: packet) else { return dropIncoming("not a valid Data") }
            counters.inData &+= 1
            delegate?.face(self, received: data, fields)
        default:
            dropIncoming("neither Interest nor Data")
        }
    }

    func dropIncoming(_ why: StaticString) {
        counters.inDrops &+= 1
        logger.trace("dropped what came in", metadata: ["why": "\(why)"])
    }

    // MARK: Sending

    /// Queues one bare Interest or Data until `flush()`, with a link header where `fields` or the MTU ask for one.
    ///
    /// Dropped and counted when the face is not up, its queue is full, or the packet exceeds what the link takes.
    public func send(_ packet: ByteBuffer, _ fields: LinkFields = LinkFields()) {
        guard let transport, packet.readableBytes <= Face.maximumPacketSize else { return dropOutgoing(1) }
        var elements = packet
        if fields.isEmpty, packet.readableBytes <= mtu {
            guard transport.send(packet) else { return dropOutgoing(1) }
        } else {
            elements = ByteBuffer()
            guard let size = try? fragmenter.fragment(packet: packet, fields: fields, mtu: mtu, into: &elements),
                transport.isDatagram || elements.readableBytes == size,
                transport.send(train: elements, packetSize: size)
            else { return dropOutgoing(1) }
        }
        count(packet, 1, octets: elements.readableBytes, isNack: fields.nack != nil)
    }

    /// Queues bare packets of equal size that lie back to back in `train`; only the last may be shorter.
    ///
    /// On UDP they leave in few system calls, on a stream as one write.
    public func send(train: ByteBuffer, packetSize: Int) {
        guard packetSize > 0, train.readableBytes > 0 else { return }
        let packets = (train.readableBytes - 1) / packetSize + 1
        guard let transport, packetSize <= Face.maximumPacketSize else { return dropOutgoing(packets) }
        if packetSize <= mtu {
            guard transport.send(train: train, packetSize: packetSize) else { return dropOutgoing(packets) }
            count(train, packets, octets: train.readableBytes, isNack: false)
        } else {
            var rest = train
            while let packet = rest.readSlice(length: min(packetSize, rest.readableBytes)), packet.readableBytes > 0 {
                send(packet)
            }
        }
    }

    /// Whether so much waits for the peer that it should be told to ask for less (CongestionMark).
    package var isBacklogged: Bool { transport?.isBacklogged ?? false }

    /// Hands everything queued to the kernel.
    public func flush() {
        transport?.flush()
    }

    /// - Parameter octets: with the link headers.
    private func count(_ packets: ByteBuffer, _ number: Int, octets: Int, isNack: Bool) {
        counters.outOctets &+= UInt64(octets)
        if isNack {
            counters.outNacks &+= 1
        } else if packets.getInteger(at: packets.readerIndex, as: UInt8.self) == FirstOctet.data {
            counters.outData &+= UInt64(number)
        } else {
            counters.outInterests &+= UInt64(number)
            note(.asked)
        }
    }

    private func dropOutgoing(_ number: Int) {
        counters.outDrops &+= UInt64(number)
        logger.trace("dropped what should go out", metadata: ["packets": .stringConvertible(number)])
    }
}

/// First octets of the three elements on a link: all their TYPEs fit one octet.
package enum FirstOctet {
    static let interest: UInt8 = 5
    package static let data: UInt8 = 6
    static let lpPacket: UInt8 = 100
}
