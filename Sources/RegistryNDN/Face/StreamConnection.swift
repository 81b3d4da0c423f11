import Logging
import NIOCore
import NIOPosix

/// A Unix or TCP stream of a `FaceConnector`.
final class StreamConnection: FaceConnection {
    private let connector: FaceConnector
    private let address: SocketAddress
    private let transport: StreamTransport
    private var isClosed = false

    init(_ connector: FaceConnector, to address: SocketAddress) {
        self.connector = connector
        self.address = address
        transport = StreamTransport(outboundLimit: connector.configuration.outboundLimit)
    }

    func open() {
        let transport = NIOLoopBound(transport, eventLoop: connector.eventLoop)
        bootstrap.channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(transport.value)
            }
        }
        .connect(to: address).assumeIsolated()
        .whenComplete { result in
            switch result {
            case .success(let channel) where channel.isActive: self.transport.whenActive { self.established($0) }
            case .success:
                let uri = self.connector.uri
                self.connector.failed(self, FaceError(.unreachable, "\(uri) closed the connection at once"))
            case .failure(let error): self.connector.failed(self, error)
            }
        }
    }

    func close() {
        isClosed = true
        transport.close()
    }

    /// With the buffers a face's stream needs.
    private var bootstrap: ClientBootstrap {
        let configuration = connector.configuration
        var bootstrap = ClientBootstrap(group: connector.eventLoop)
            .connectTimeout(configuration.connectTimeout)
            .channelOption(.recvAllocator, value: StreamBuffers.receiveAllocator)
            .channelOption(.writeBufferWaterMark, value: StreamBuffers.waterMark(configuration))
        // TCP tunes its buffers itself, as long as nobody sets them.
        guard connector.uri.scheme == .tcp else {
            return bootstrap.channelOption(
                .socketOption(.so_sndbuf), value: SocketOptionValue(configuration.sendBufferSize))
        }
        for (option, value) in TCPKeepAlive.options(configuration) {
            bootstrap = bootstrap.channelOption(option, value: value)
        }
        return bootstrap
    }

    private func established(_ channel: any Channel) {
        let face = connector.face
        guard !isClosed else { return channel.close(promise: nil) }
        if connector.uri.scheme == .tcp, let local = channel.localAddress, let remote = channel.remoteAddress {
            face.local = FaceURI(.tcp, local)
            face.remote = FaceURI(.tcp, remote)
            face.isLocal = local.isLoopback && remote.isLoopback
        }
        transport.onInactive = { [unowned self] in connector.lost(self, isForeign: transport.sawGarbage) }
        transport.face = face
        connector.opened(self, transport)
    }
}

/// Buffer sizes of streams, at both ends.
enum StreamBuffers {
    /// A full read holds a hundred Data packets: one wake-up, one batch.
    static var receiveAllocator: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(minimum: 16 * 1024, initial: 64 * 1024, maximum: 1024 * 1024)
    }

    /// Octets queued for a peer at which it is no longer read (high), and at which it is read again (low).
    static func waterMark(_ configuration: FaceConfiguration) -> ChannelOptions.Types.WriteBufferWaterMark {
        .init(low: configuration.outboundLimit / 8, high: configuration.outboundLimit / 4)
    }
}
