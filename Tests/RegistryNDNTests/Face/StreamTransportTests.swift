import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import NDN
@testable import RegistryNDN

/// What a stream does when its peer asks for more than it takes.
@Suite struct StreamTransportTests {
    /// Counts what is received.
    private final class Sink: FaceDelegate {
        var interests = 0
        var batches = 0

        func face(_ face: Face, received interest: Interest, _ fields: LinkFields) -> Bool {
            interests += 1
            return true
        }

        func faceBatchEnded(_ face: Face) { batches += 1 }
    }

    private struct Stream {
        let channel: EmbeddedChannel
        let transport: StreamTransport
        let face: Face
        let sink = Sink()

        init(outboundLimit: Int = 1 << 20) throws {
            transport = StreamTransport(outboundLimit: outboundLimit)
            channel = EmbeddedChannel(handler: transport)
            let uri = try FaceURI("unix:///run/nfd.sock")
            face = Face(
                remote: uri, local: uri, isLocal: true, on: channel.embeddedEventLoop, logger: Logger(label: "t"))
            face.delegate = sink
            transport.face = face
            try channel.connect(to: SocketAddress(unixDomainSocketPath: "/run/nfd.sock")).wait()
            face.attach(transport)
        }

        /// Interests as a peer writes them, all at once.
        func receive(interests count: Int) throws {
            var octets = ByteBuffer()
            for number in 0..<count {
                let name = try Name(uri: "/example").appending(.segment(UInt64(number)))
                octets.writeImmutableBuffer(try InterestBuilder(name: name).encode())
            }
            try channel.writeInbound(octets)
        }
    }

    private static let batch = StreamTransport.batch

    @Test func aPeerThatTakesItsAnswersIsReadInBatches() throws {
        let stream = try Stream()
        try stream.receive(interests: 1000)
        #expect(stream.sink.interests == 1000)
        #expect(stream.sink.batches == 1000 / Self.batch + 1)
    }

    @Test func whatComesWaitsWhileTheWayBackIsFull() throws {
        let stream = try Stream()
        stream.channel.isWritable = false
        #expect(stream.face.isBacklogged)
        try stream.receive(interests: 1000)
        #expect(stream.sink.interests == Self.batch)
        try stream.receive(interests: 10)
        #expect(stream.sink.interests == Self.batch)
        stream.channel.isWritable = true
        stream.channel.pipeline.fireChannelWritabilityChanged()
        // Whoever wrote may be in the midst of something.
        #expect(stream.sink.interests == Self.batch)
        stream.channel.embeddedEventLoop.run()
        #expect(stream.sink.interests == 1010)
    }

    @Test func twoThatWaitForEachOtherGoOnInTheEnd() throws {
        let stream = try Stream()
        stream.channel.isWritable = false
        try stream.receive(interests: 1000)
        for round in 2...4 {
            stream.channel.embeddedEventLoop.advanceTime(by: StreamTransport.longestHold)
            #expect(stream.sink.interests == round * Self.batch)
        }
    }

    @Test func nothingIsDeliveredAfterTheEnd() throws {
        let stream = try Stream()
        stream.channel.isWritable = false
        try stream.receive(interests: 1000)
        _ = try stream.channel.finish(acceptAlreadyClosed: true)
        stream.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(stream.sink.interests == Self.batch)
    }
}
