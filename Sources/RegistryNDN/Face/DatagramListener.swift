import Logging
import NIOCore

/// A UDP socket that makes a face for every peer; on a wildcard address also the sockets that answer for each local
/// address, since NIO can tell which address a datagram was sent to but not choose the one it is answered from.
final class DatagramListener: ListeningSocket {
    private let listener: FaceListener
    private var main: UDPChannel?
    /// On a wildcard listener, one for each local address that datagrams were sent to.
    private var channels: [SocketAddress: UDPChannel] = [:]
    /// Faces that received packets in this wake-up of the event loop.
    private var touched: [Face] = []
    private var sweep: RepeatedTask?

    init(_ listener: FaceListener) {
        self.listener = listener
    }

    func open(at address: SocketAddress) -> EventLoopFuture<SocketAddress> {
        let channel = UDPChannel(address, listener)
        main = channel
        attach(channel)
        let bound = NIOLoopBound(self, eventLoop: listener.eventLoop)
        return channel.open().map { local in
            bound.value.startSweep()
            return local
        }
    }

    func close() {
        sweep?.cancel()
        sweep = nil
        for channel in Array(channels.values) + [main].compactMap({ $0 }) { channel.close() }
        channels = [:]
        main = nil
    }

    private func attach(_ channel: UDPChannel) {
        channel.onReceive = { [unowned self, unowned channel] in receive($0, at: channel) }
        channel.onBatchEnd = { [unowned self] in endBatch() }
        channel.share = { [unowned self, unowned channel] in share($0, with: channel) }
    }

    private func startSweep() {
        let period = TimeAmount.nanoseconds(max(10_000_000, listener.configuration.idleTimeout.nanoseconds / 8))
        let bound = NIOLoopBound(self, eventLoop: listener.eventLoop)
        sweep = listener.eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
            bound.value.listener.closeIdle()
        }
    }

    private func receive(_ envelope: AddressedEnvelope<ByteBuffer>, at channel: UDPChannel) {
        // A peer with port 0 cannot be answered: the system says EINVAL, and NIO would close the socket.
        guard envelope.remoteAddress.port != 0 else { return }
        let segmentSize = envelope.metadata?.segmentSize
        guard let channel = self.channel(of: envelope, at: channel) else { return }
        let peer: DatagramPeer
        if let known = channel.peer(envelope.remoteAddress) {
            peer = known
        } else {
            guard DatagramListener.isPlausible(envelope.data, segmentSize),
                let host = PeerHost(envelope.remoteAddress), listener.admit(host)
            else { return }
            peer = channel.addPeer(envelope.remoteAddress)
        }
        let face = peer.face
        if !face.isInBatch {
            face.beginBatch()
            touched.append(face)
        }
        face.receive(datagrams: envelope.data, segmentSize: segmentSize)
    }

    private func endBatch() {
        // A delegate may send something here that brings more faces into the list.
        let faces = touched
        touched.removeAll(keepingCapacity: true)
        for face in faces { face.endBatch() }
    }

    /// The channel that has, or gets, the sender among its peers: that of the local address which the datagram was sent to. Nil
    /// when the datagram is to be dropped, or waits for its channel to open.
    ///
    /// - Parameter channel: the one whose socket received the datagram.
    private func channel(of envelope: AddressedEnvelope<ByteBuffer>, at channel: UDPChannel) -> UDPChannel? {
        guard channel === main, channel.local.isWildcard,
            let asked = envelope.metadata?.packetInfo?.destinationAddress
        else { return channel }
        guard !asked.isGroup else { return nil }
        let address = asked.with(port: channel.local.port ?? 0)
        if let known = channels[address] {
            if known.isOpen { return known }
            if known.hasFailed { return channel }
            known.wait(envelope)
            return nil
        }
        guard channels.count < listener.configuration.maximumLocalAddresses else { return channel }
        openChannel(at: address, for: envelope, beside: channel)
        return nil
    }

    private func openChannel(
        at address: SocketAddress, for envelope: AddressedEnvelope<ByteBuffer>, beside main: UDPChannel
    ) {
        let channel = UDPChannel(address, listener)
        channels[address] = channel
        attach(channel)
        channel.wait(envelope)
        channel.open().assumeIsolated().whenComplete { [weak self] result in
            guard let self else { return }
            if case .failure(let error) = result {
                listener.logger.debug(
                    "cannot answer from the address asked", metadata: ["address": "\(address)", "error": "\(error)"])
                channel.hasFailed = true
            }
            for envelope in channel.takeWaiting() { receive(envelope, at: channel.isOpen ? channel : main) }
            endBatch()
        }
    }

    /// Several sockets on one port need SO_REUSEADDR, but only while one of them is bound: at any other time another program
    /// that wants the port shall learn that it is taken.
    /// - Returns: whether there are others, so that the new one needs it too.
    private func share(_ share: Bool, with new: UDPChannel) -> Bool {
        let all = Array(channels.values) + [main].compactMap { $0 }
        for channel in all { channel.shareAddress(share) }
        return all.contains { $0 !== new }
    }

    /// Whether this begins with an Interest, Data or LpPacket of the datagram's length: garbage makes no face.
    private static func isPlausible(_ datagrams: ByteBuffer, _ segmentSize: Int?) -> Bool {
        let length = min(datagrams.readableBytes, segmentSize ?? Int.max)
        guard let datagram = datagrams.getSlice(at: datagrams.readerIndex, length: length),
            let element = try? TLVElement(decoding: datagram)
        else { return false }
        return [TLVType.interest, TLVType.data, TLVType.lpPacket].contains(element.type)
    }
}
