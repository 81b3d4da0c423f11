internal import NIOCore
package import NIOHTTP1

/// An upstream's response: the head, and the body as it is pulled.
package struct UpstreamResponse: Sendable {
    /// Bytes of a body that are read and thrown away, at most, so that its connection can be used again.
    private static let maximumDiscard = 65_536
    /// Bytes of a body that is kept in memory, at most.
    private static let maximumKept = 1 << 16

    package let head: HTTPResponseHead
    package let body: UpstreamBody
    /// Whether it comes from where the upstream redirected to, and not from the upstream itself.
    package internal(set) var isRedirected = false

    /// Reads the rest of the body where that is little, so that its connection can be used again.
    func discard() async throws {
        var octets = 0
        for try await chunk in body {
            octets += chunk.readableBytes
            guard octets <= Self.maximumDiscard else { return body.cancel() }
        }
    }

    /// The same in memory, so that its connection serves others; without its body where that is long.
    func kept() async throws -> UpstreamResponse {
        if let body = try await body.collect(upTo: Self.maximumKept) {
            return UpstreamResponse(head: head, body: UpstreamBody(body))
        }
        var head = head
        head.headers.remove(name: "Content-Length")
        return UpstreamResponse(head: head, body: UpstreamBody(ByteBuffer()))
    }
}
