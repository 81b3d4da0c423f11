import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

/// Notes how a response ended.
private final class Outcome: ResponseConsumer {
    var error: UpstreamError?

    func wantsMore() -> Bool { true }
    func response(head: HTTPResponseHead) {}
    func response(body: ByteBuffer) {}
    func responseEnded() {}
    func responseFailed(_ error: UpstreamError) { self.error = error }
}

@Suite struct UpstreamHandlerTests {
    private static let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/")
    private static let alert = TLSError(.handshake, "demands a client certificate")

    /// With TLS 1.3 the server's verdict on our certificate comes when we already take the handshake for done.
    @Test(arguments: [true, false]) func aRefusalIsToldWhenItComesBeforeTheFirstRequest(isBefore: Bool) throws {
        let handler = UpstreamHandler(configuration: .init())
        let channel = EmbeddedChannel(handlers: [handler])
        let outcome = Outcome()
        if !isBefore { handler.start(Self.head, hasBody: false, consumer: outcome) }
        channel.pipeline.fireErrorCaught(Self.alert)
        if isBefore { handler.start(Self.head, hasBody: false, consumer: outcome) }
        let error = try #require(outcome.error)
        #expect(error.code == .tls)
        #expect("\(error)".contains("demands a client certificate"))
    }

    /// Without any word, it is a kept connection that has ended: the request may be sent on another.
    @Test func anEndWithoutWordsIsStale() throws {
        let handler = UpstreamHandler(configuration: .init())
        let channel = EmbeddedChannel(handlers: [handler])
        channel.pipeline.fireChannelInactive()
        let outcome = Outcome()
        handler.start(Self.head, hasBody: false, consumer: outcome)
        #expect(outcome.error?.code == .stale)
    }

    /// The kernel tells when the other side does not acknowledge any more: a request that may be repeated is not left there.
    @Test func aKeptConnectionIsWatched() throws {
        let handler = UpstreamHandler(configuration: .init())
        var limits: [TimeAmount] = []
        handler.limitUnacknowledged = { limits.append($0) }
        let channel = EmbeddedChannel(handlers: [handler])
        func exchange(_ method: HTTPMethod, hasBody: Bool) throws {
            let head = HTTPRequestHead(version: .http1_1, method: method, uri: "/v2/")
            handler.start(head, hasBody: hasBody, consumer: Outcome())
            if hasBody { handler.requestEnded() }
            try channel.writeInbound(HTTPClientResponsePart.head(.init(version: .http1_1, status: .noContent)))
            try channel.writeInbound(HTTPClientResponsePart.end(nil))
        }
        // A new one answers in its own time, and has a timeout of its own.
        try exchange(.GET, hasBody: false)
        #expect(limits == [])
        try exchange(.GET, hasBody: false)
        try exchange(.HEAD, hasBody: false)
        #expect(limits == [.seconds(5)])
        // What waits in the kernel for a registry that is slow to read says nothing.
        try exchange(.PUT, hasBody: true)
        #expect(limits == [.seconds(5), .zero])
    }
}
