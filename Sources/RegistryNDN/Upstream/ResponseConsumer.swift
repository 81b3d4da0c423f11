import NIOCore
import NIOHTTP1

/// Takes a response as it arrives, on the event loop of its connection: the head, octets of the body, and then once
/// either the end or a failure; the latter may come at any time.
protocol ResponseConsumer: AnyObject {
    /// Whether the socket should be read on; when this was false, `UpstreamConnection.resume()` starts reading again.
    func wantsMore() -> Bool
    func response(head: HTTPResponseHead)
    func response(body: ByteBuffer)
    func responseEnded()
    func responseFailed(_ error: UpstreamError)
}
