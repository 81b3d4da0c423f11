import Logging
import NIOCore

/// A UDP socket that makes a face for every peer; on a wildcard address also the sockets that answer for each local
/// address, since NIO can tell which address a datagram was sent to but not choose the one it is answered from.
final class DatagramListener: ListeningSocket {
    private let listener: FaceListener
    private var main: DatagramPlace?
    /// One for each local address that was asked; on a wildcard listener only.
    private var places: [SocketAddress: DatagramPlace] = [:]
    /// Faces that got something in this wake-up.
    private var touched: [Face] = []
    private var sweep: RepeatedTask?

    init(_ listener: FaceListener) {
        self.listener = listener
    }

    func open(at address: SocketAddress) -> EventLoopFuture<SocketAddress> {
        let place = DatagramPlace(address, listener)
        main = place
        attach(place)
        let bound = NIOLoopBound(self, eventLoop: listener.eventLoop)
        return place.open().map { local in
            bound.value.startSweep()
            return local
        }
    }

    func close() {
        sweep?.cancel()
        sweep = nil
        for place in Array(places.values) + [main].compactMap({ $0 }) { place.close() }
        places = [:]
        main = nil
    }

    private func attach(_ place: DatagramPlace) {
        place.onReceive = { [unowned self, unowned place] in receive($0, at: place) }
        place.onBatchEnd = { [unowned self] in endBatch() }
        place.share = { [unowned self, unowned place] in share($0, with: place) }
    }

    private func startSweep() {
        let period = TimeAmount.nanoseconds(max(10_000_000, listener.configuration.idleTimeout.nanoseconds / 8))
        let bound = NIOLoopBound(self, eventLoop: listener.eventLoop)
        sweep = listener.eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
            bound.value.listener.closeIdle()
        }
    }

    private func receive(_ envelope: AddressedEnvelope<ByteBuffer>, at place: DatagramPlace) {
        // Nobody can be answered at port 0 (EINVAL, and NIO would close the socket), and no group is asked to answer.
        guard envelope.remoteAddress.port != 0 else { return }
        let segmentSize = envelope.metadata?.segmentSize
        guard let home = home(of: envelope, at: place) else { return }
        let peer: DatagramPeer
        if let known = home.peer(envelope.remoteAddress) {
            peer = known
        } else {
            guard DatagramListener.isPlausible(envelope.data, segmentSize),
                let host = PeerHost(envelope.remoteAddress), listener.admit(host)
            else { return }
            peer = home.addPeer(envelope.remoteAddress)
        }
        let face = peer.face
        if !face.isInBatch {
            face.beginBatch()
            touched.append(face)
        }
        face.receive(datagrams: envelope.data, segmentSize: segmentSize)
    }

    private func endBatch() {
        // What a delegate does here may bring more.
        let faces = touched
        touched.removeAll(keepingCapacity: true)
        for face in faces { face.endBatch() }
    }

    /// Where the peer that sent this is answered from; nil when the datagram is to be dropped, or waits there.
    private func home(of envelope: AddressedEnvelope<ByteBuffer>, at place: DatagramPlace) -> DatagramPlace? {
        guard place === main, place.local.isWildcard,
            let asked = envelope.metadata?.packetInfo?.destinationAddress
        else { return place }
        guard !asked.isGroup else { return nil }
        let address = asked.with(port: place.local.port ?? 0)
        if let known = places[address] {
            if known.isOpen { return known }
            if known.hasFailed { return place }
            known.wait(envelope)
            return nil
        }
        guard places.count < listener.configuration.maximumLocalAddresses else { return place }
        openPlace(at: address, for: envelope, beside: place)
        return nil
    }

    private func openPlace(
        at address: SocketAddress, for envelope: AddressedEnvelope<ByteBuffer>, beside main: DatagramPlace
    ) {
        let place = DatagramPlace(address, listener)
        places[address] = place
        attach(place)
        place.wait(envelope)
        place.open().assumeIsolated().whenComplete { [weak self] result in
            guard let self else { return }
            if case .failure(let error) = result {
                listener.logger.debug(
                    "cannot answer from the address asked", metadata: ["address": "\(address)", "error": "\(error)"])
                place.hasFailed = true
            }
            for envelope in place.takeWaiting() { receive(envelope, at: place.isOpen ? place : main) }
            endBatch()
        }
    }

    /// Several sockets on one port need SO_REUSEADDR, but only while one of them is bound: at any other time another program
    /// that wants the port shall learn that it is taken.
    /// - Returns: whether there are others, so that the new one needs it too.
    private func share(_ share: Bool, with new: DatagramPlace) -> Bool {
        let all = Array(places.values) + [main].compactMap { $0 }
        for place in all { place.shareAddress(share) }
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
