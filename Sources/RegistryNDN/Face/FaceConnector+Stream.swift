import Logging
import NIOCore
import NIOPosix

extension FaceConnector {
    /// Tries the addresses in turn.
    func connectStream(_ addresses: ArraySlice<SocketAddress>, after error: (any Error)? = nil) {
        guard let address = addresses.first else {
            return failed(error ?? FaceError(.unresolved, "\(uri) has no address"))
        }
        let transport = NIOLoopBound(StreamTransport(outboundLimit: configuration.outboundLimit), eventLoop: eventLoop)
        ClientBootstrap.stream(eventLoop, to: uri, configuration)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(transport.value)
                }
            }
            .connect(to: address).assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channel): self.established(transport.value, channel)
                case .failure(let error): self.connectStream(addresses.dropFirst(), after: error)
                }
            }
    }

    private func established(_ transport: StreamTransport, _ channel: any Channel) {
        guard face.state != .closed, channel.isActive else {
            channel.close(promise: nil)
            return tryAgain()
        }
        if uri.scheme == .tcp, let local = channel.localAddress, let remote = channel.remoteAddress {
            face.local = FaceURI(.tcp, local)
            face.remote = FaceURI(.tcp, remote)
            face.isLocal = local.isLoopback && remote.isLoopback
        }
        transport.onInactive = { self.lost(transport) }
        transport.face = face
        succeeded()
        face.attach(transport)
    }

    private func lost(_ transport: StreamTransport) {
        guard face.transport === transport else { return }
        if transport.heardElement, !transport.sawGarbage { heard() }
        face.lastError = FaceError(.unreachable, "\(uri) closed the connection; connecting again")
        logger.debug("connection lost, connecting again", metadata: ["remote": "\(uri)"])
        face.detach()
        tryAgain()
    }
}

extension ClientBootstrap {
    /// A bootstrap with the buffers a face's stream needs.
    static func stream(
        _ eventLoop: any EventLoop, to uri: FaceURI, _ configuration: FaceConfiguration
    ) -> ClientBootstrap {
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(configuration.connectTimeout)
            .channelOption(.recvAllocator, value: StreamBuffers.receiveAllocator)
            .channelOption(.writeBufferWaterMark, value: StreamBuffers.waterMark(configuration))
        // TCP tunes its buffers itself, as long as nobody sets them.
        guard uri.scheme == .unix else { return bootstrap }
        return bootstrap.channelOption(
            .socketOption(.so_sndbuf), value: SocketOptionValue(configuration.sendBufferSize))
    }
}

/// Buffer sizes of streams, at both ends.
enum StreamBuffers {
    /// A full read holds a hundred Data packets: one wake-up, one batch.
    static var receiveAllocator: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(minimum: 16 * 1024, initial: 64 * 1024, maximum: 1024 * 1024)
    }

    /// When a peer that does not take what it asked for is no longer read, and is again.
    static func waterMark(_ configuration: FaceConfiguration) -> ChannelOptions.Types.WriteBufferWaterMark {
        .init(low: configuration.outboundLimit / 8, high: configuration.outboundLimit / 4)
    }
}
