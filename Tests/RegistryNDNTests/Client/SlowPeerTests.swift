import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

/// Peers that take their time, and peers that only hold a connection.
@Suite(.timeLimit(.minutes(1))) struct SlowPeerTests {
    /// A channel with so many octets waiting as the test says.
    private final class Script {
        var waiting = 0
        let channel = EmbeddedChannel()

        init() throws {
            let handler = StalledOutputHandler(limit: .seconds(10)) { [unowned self] _ in waiting }
            try channel.pipeline.syncOperations.addHandler(handler)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }

        func write(_ octets: Int) throws {
            waiting += octets
            try channel.writeOutbound(ByteBuffer(repeating: 0, count: octets))
        }

        /// Whether the connection is there still, after so many seconds.
        func pass(_ seconds: Int64) -> Bool {
            channel.embeddedEventLoop.advanceTime(by: .seconds(seconds))
            return channel.isActive
        }
    }

    @Test func whoTakesNothingIsClosed() throws {
        let script = try Script()
        try script.write(100)
        #expect(script.pass(9))
        #expect(!script.pass(1))
    }

    @Test func whoTakesALittleIsNot() throws {
        let script = try Script()
        try script.write(100)
        for left in stride(from: 99, to: 0, by: -1) {
            script.waiting = left
            #expect(script.pass(10))
        }
        #expect(!script.pass(10))
    }

    /// As many octets wait as before, but they are others.
    @Test func whatIsTakenIsNotMistakenForWhatIsWritten() throws {
        let script = try Script()
        try script.write(100)
        script.waiting = 0
        try script.write(100)
        #expect(script.pass(10))
        #expect(!script.pass(10))
    }

    @Test func whereNothingWaitsNothingIsClosed() throws {
        let script = try Script()
        try script.write(100)
        script.waiting = 0
        #expect(script.pass(1000))
        try script.write(1)
        #expect(script.pass(9))
        #expect(!script.pass(1))
    }

    /// Else this would not end.
    @Test func aResponderEndsWhenItsPeerTakesNothing() async throws {
        let (ends, end) = AsyncStream<Void>.makeStream()
        let endless = ClosureResponder { _, response in
            defer { end.yield() }
            try await response.start(.ok, [:])
            while true { try await response.write(ByteBuffer(repeating: 0, count: 1 << 20)) }
        }
        var limits = HTTPLimits()
        limits.responseTimeout = .milliseconds(50)
        try await withEndpoint(endless, limits: limits) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                for await _ in ends { break }
            }
        }
    }

    /// The end of a response waits for a slow peer: the connection is not idle yet.
    @Test func anIdleConnectionIsNotClosedBeforeTheResponseIsTaken() async throws {
        let size = 32 << 20
        let large = ClosureResponder { _, response in
            try await response.send(.ok, [:], ByteBuffer(repeating: 7, count: size))
        }
        var limits = HTTPLimits()
        limits.headTimeout = .milliseconds(20)
        try await withEndpoint(large, limits: limits) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                // Many times the limit: these are closed when it has passed.
                for _ in 0..<20 {
                    let idle = try await RawConnection.with(address) { await $0.toEnd() }
                    #expect(idle == "")
                }
                let response = try await connection.response()
                #expect(response.isComplete && response.body.readableBytes == size)
                #expect(await connection.toEnd() == "")
            }
        }
    }
}
