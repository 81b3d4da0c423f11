import Logging
import NIOCore

/// The MTU of UDP faces (docs/protocol.md 7.7): what the path takes in one datagram, at most 8800; a configured one overrides
/// it.
enum FaceMTU {
    /// Below this a fragment's header would outweigh its payload.
    static let minimum = 256

    static func of(pathMTU: Int?, to peer: SocketAddress, _ configuration: FaceConfiguration) -> Int {
        let found = pathMTU.map { $0 - peer.datagramOverhead } ?? Face.maximumPacketSize
        return max(minimum, min(Face.maximumPacketSize, configuration.mtu ?? found))
    }

    /// The kernel refused a train. Where the path has become narrower, the face fragments from now on, and smaller
    /// datagrams can go as trains again.
    static func lower(_ face: Face, _ transport: DatagramTransport, _ configuration: FaceConfiguration) {
        face.logger.debug("segmentation offload refused, sending datagrams one by one")
        guard configuration.mtu == nil else { return }
        let found = of(pathMTU: SystemSocket.pathMTU(to: transport.peer), to: transport.peer, configuration)
        guard found < face.mtu else { return }
        face.mtu = found
        transport.resumeOffload()
    }
}
