import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// One peer of a UDP socket under a face.
final class DatagramTransport: FaceTransport {
    let isDatagram = true
    /// The address at the other end.
    let peer: SocketAddress
    /// The socket in use; nil while its owner makes the next one.
    var socket: DatagramSocket? {
        didSet {
            trust.reset()
            if socket != nil { sendAgain() }
        }
    }
    /// Whether several datagrams go to the kernel as one. Switched off when it refuses.
    private(set) var offload: Bool
    /// The kernel refused a train: the path's MTU may have become smaller.
    var onRefusedOffload: (() -> Void)?

    private var trust = OffloadTrust()
    private var batch = DatagramBatch()
    /// Sends that the kernel refused; they wait for the next socket.
    private var again: [DatagramSend] = []
    private var octetsAgain = 0
    private static let limitAgain = 1024 * 1024

    init(socket: DatagramSocket?, peer: SocketAddress, offload: Bool) {
        self.socket = socket
        self.peer = peer
        self.offload = offload && System.supportsUDPSegmentationOffload
    }

    func send(_ element: ByteBuffer) -> Bool {
        guard offload else { return write(DatagramSend(octets: element, segmentSize: nil)) }
        guard let run = batch.add(element) else { return true }
        return write(run)
    }

    func send(train: ByteBuffer, packetSize: Int) -> Bool {
        var isSent = writeBatch()
        for send in DatagramBatch.sends(of: train, segmentSize: packetSize) {
            isSent = writeWhole(send) && isSent
        }
        return isSent
    }

    /// UDP has no back pressure: the network loses what it cannot carry, and the consumer asks again.
    var isBacklogged: Bool { false }

    func flush() {
        _ = writeBatch()
        socket?.flush()
    }

    func close() {
        onRefusedOffload = nil
        socket = nil
    }

    /// Trains fit the path again.
    func resumeOffload() {
        offload = System.supportsUDPSegmentationOffload
    }

    private func writeBatch() -> Bool {
        guard let run = batch.take() else { return true }
        return writeWhole(run)
    }

    /// As one send if the kernel takes it, else one by one.
    private func writeWhole(_ send: DatagramSend) -> Bool {
        guard !offload else { return write(send) }
        var isSent = true
        for single in send.singles { isSent = write(single) && isSent }
        return isSent
    }

    private func write(_ send: DatagramSend) -> Bool {
        guard let socket else { return false }
        guard let segmentSize = send.segmentSize, trust.mustWatch(segmentSize, now: socket.eventLoop.now) else {
            return socket.write(send, to: peer)
        }
        return socket.write(send, to: peer) { [weak self] outcome in
            switch outcome {
            case .taken: self?.trust.taken(segmentSize)
            case .failed(let error, let isCulprit): self?.failed(send, error, isCulprit: isCulprit)
            }
        }
    }

    /// On EMSGSIZE, EINVAL or EIO the offload does not work on this path: the datagrams are sent again without it
    /// (docs/protocol.md 7.7).
    private func failed(_ send: DatagramSend, _ error: any Error, isCulprit: Bool) {
        guard DatagramTransport.isRefusal(error) else { return }
        // A train that was not watched may have broken the socket. On the next socket all are watched, and the culprit is found.
        let isInnocent = error is IOError && trust.isKnown(send.segmentSize ?? 0)
        trust.reset()
        if isCulprit, !isInnocent, offload {
            offload = false
            onRefusedOffload?()
        }
        guard octetsAgain + send.octets.readableBytes <= DatagramTransport.limitAgain else { return }
        again.append(send)
        octetsAgain += send.octets.readableBytes
        // After EMSGSIZE the socket lives on; after the other errors its owner sets a new one.
        if !(error is IOError) { sendAgain() }
    }

    private func sendAgain() {
        guard !again.isEmpty else { return }
        let sends = again
        again = []
        octetsAgain = 0
        for send in sends {
            for single in send.singles { _ = write(single) }
        }
        socket?.flush()
    }

    private static func isRefusal(_ error: any Error) -> Bool {
        switch error {
        case let error as ChannelError: error == .writeMessageTooLarge
        case let error as IOError: [EMSGSIZE, EINVAL, EIO].contains(error.errnoCode)
        default: false
        }
    }
}
