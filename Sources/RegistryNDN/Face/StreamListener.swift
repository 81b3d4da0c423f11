import NIOCore
import NIOPosix

/// A Unix or TCP socket that makes a face for every connection.
final class StreamListener: ListeningSocket {
    private let listener: FaceListener
    private let uri: FaceURI
    private var channel: (any Channel)?
    private var file: UnixSocketFile?

    init(_ listener: FaceListener, _ uri: FaceURI) {
        self.listener = listener
        self.uri = uri
    }

    func open(at address: SocketAddress) -> EventLoopFuture<SocketAddress> {
        let bound = NIOLoopBound(self, eventLoop: listener.eventLoop)
        return listener.eventLoop.makeCompletedFuture {
            if bound.value.uri.scheme == .unix { try UnixSocketFile.removeStale(bound.value.uri) }
        }.flatMap {
            bound.value.bind(to: address)
        }.flatMapThrowing { channel in
            let this = bound.value
            this.channel = channel
            if this.uri.scheme == .unix {
                this.file = try UnixSocketFile(
                    openedAt: this.uri, mode: this.listener.configuration.socketMode)
            }
            return channel.localAddress ?? address
        }
    }

    func close() {
        channel?.close(promise: nil)
        channel = nil
        file?.remove()
        file = nil
    }

    private func bind(to address: SocketAddress) -> EventLoopFuture<any Channel> {
        let configuration = listener.configuration
        let bound = NIOLoopBound(self, eventLoop: listener.eventLoop)
        var bootstrap = ServerBootstrap(group: listener.eventLoop)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let listener = bound.value.listener
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptPauseHandler(logger: listener.logger) { [weak listener] in listener?.closeOne() })
                }
            }
            .childChannelOption(.recvAllocator, value: StreamBuffers.receiveAllocator)
            .childChannelOption(.writeBufferWaterMark, value: StreamBuffers.waterMark(configuration))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let transport = StreamTransport(outboundLimit: configuration.outboundLimit)
                    transport.onActive = { bound.value.accept($0, transport) }
                    try channel.pipeline.syncOperations.addHandler(transport)
                }
            }
        if uri.scheme == .unix {
            bootstrap = bootstrap.childChannelOption(
                .socketOption(.so_sndbuf), value: SocketOptionValue(configuration.sendBufferSize))
        } else {
            bootstrap = bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            for (option, value) in TCPKeepAlive.options(configuration) {
                bootstrap = bootstrap.childChannelOption(option, value: value)
            }
            if address.protocol == .inet6 {
                bootstrap = bootstrap.serverChannelOption(
                    ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
            }
        }
        return bootstrap.bind(to: address)
    }

    private func accept(_ channel: any Channel, _ transport: StreamTransport) {
        let face = makeFace(channel)
        guard listener.admit(face.host) else { return channel.close(promise: nil) }
        transport.face = face
        transport.onInactive = { [weak face] in face?.close() }
        listener.add(face, transport) {}
    }

    private func makeFace(_ channel: any Channel) -> Face {
        var (local, remote, isLocal) = (uri, uri, true)
        if uri.scheme == .tcp {
            guard let near = channel.localAddress, let far = channel.remoteAddress else {
                return Face(remote: uri, local: uri, isLocal: false, on: listener.eventLoop, logger: listener.logger)
            }
            (local, remote) = (FaceURI(.tcp, near), FaceURI(.tcp, far))
            isLocal = near.isLoopback && far.isLoopback
        }
        let face = Face(
            remote: remote, local: local, isLocal: isLocal, on: listener.eventLoop, logger: listener.logger)
        if uri.scheme == .unix { face.isPeerPrivileged = PeerCredential(of: channel)?.isPrivileged ?? false }
        return face
    }
}
