import Foundation
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import NDN
@testable import RegistryNDN

/// What a listener does when there are no descriptors left.
@Suite struct AcceptPauseTests {
    private final class Reads: ChannelOutboundHandler {
        typealias OutboundIn = Never
        var count = 0

        func read(context: ChannelHandlerContext) {
            count += 1
        }
    }

    @Test func withoutDescriptorsOrMemoryItPausesAndSaysSoOnceAnEpisode() {
        var pause = AcceptPause()
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        #expect(pause.failed(ECONNABORTED, now: start) == .goOn)
        #expect(pause.failed(EMFILE, now: start) == .pause(isNews: true))
        let verdicts = (1...100 as ClosedRange<Int64>).map {
            pause.failed($0 % 2 == 0 ? ENFILE : EMFILE, now: start + .seconds($0))
        }
        #expect(verdicts.allSatisfy { $0 == .pause(isNews: false) })
        #expect(pause.failed(ENOMEM, now: start + .seconds(161)) == .pause(isNews: true))
    }

    @Test func nothingIsAcceptedDuringThePause() throws {
        let channel = EmbeddedChannel()
        let reads = Reads()
        let loop = channel.embeddedEventLoop
        var room = 0
        try channel.pipeline.syncOperations.addHandlers([
            reads, AcceptPauseHandler(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) { room += 1 },
        ])
        for _ in 0..<3 {
            channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
            channel.read()
        }
        #expect(reads.count == 0)
        #expect(room == 3)
        loop.advanceTime(by: AcceptPause.length)
        #expect(reads.count == 1)
        channel.read()
        #expect(reads.count == 2)
        try channel.throwIfErrorCaught()
        channel.pipeline.fireErrorCaught(IOError(errnoCode: EINVAL, reason: "accept"))
        channel.read()
        #expect(reads.count == 3)
        #expect(throws: IOError.self) { try channel.throwIfErrorCaught() }
    }

    @Test func connectionsLeaveAReserveOfDescriptors() {
        #expect(DescriptorLimit.connections(atMost: 1024, limit: 1024) == 960)
        #expect(DescriptorLimit.connections(atMost: 1024, limit: 524_288) == 1024)
        #expect(DescriptorLimit.connections(atMost: 1024, limit: 16) == 8)
        #expect(DescriptorLimit.connections(atMost: 1024, limit: 0) == 1)
        #expect(DescriptorLimit.current > 0)
        #expect(DescriptorLimit.raise() == DescriptorLimit.current)
        #expect(DescriptorLimit.room() < DescriptorLimit.current)
    }

    @Test func descriptorsAreLookedForWhereThereIsLittleRoom() {
        var (room, looks) = (1000, 0)
        var watch = DescriptorWatch {
            looks += 1
            return room
        }
        while !watch.isReached() { room -= 1 }
        #expect(room == 0, "the one that takes from the reserve is told from all others")
        #expect(looks < 40)
    }
}
