import NIOCore
import Synchronization

@testable import NDN
@testable import RegistryNDN

/// A registry in this process that holds one blob, and can be told to misbehave.
final class ServerRegistry: Sendable {
    enum Fault: Sendable {
        case none
        /// Answers 200 with everything.
        case ignoresRange
        /// Answers 200 with everything, and an octet more than it said before.
        case ignoresRangeAndGrows
        /// Says it sends a range that was not asked for.
        case wrongRange
        /// Answers a Range with this status, and what has none with the blob.
        case refusesRange(String)
        /// Does not say how large the blob is.
        case hidesTotal
        /// Answers with at most 100 000 octets at a time.
        case slices
        /// Answers 200 with everything, without a length; HEAD tells it, or does not.
        case hidesLength(tellsHead: Bool)
        /// Closes half way through the body.
        case closesEarly
        /// Answers with a range whose chunks are none.
        case breaksChunks
        /// Answers with this status.
        case status(String)
    }

    let blob: [UInt8]
    let digest: ContentDigest
    private let http: RawHTTPServer
    private let current: Box

    private final class Box: Sendable {
        let fault = Mutex(Fault.none)
    }

    init(blob: [UInt8]) async throws {
        self.blob = blob
        digest = ContentDigest(sha256: SHA256.hash(ByteBuffer(bytes: blob)))
        let box = Box()
        current = box
        let path = RegistryRoute.path(repository: RepositoryName("demo/app")!, digest: digest)
        http = try await RawHTTPServer { request, channel in
            guard request.uri == path else { return channel.reply("404 Not Found", body: []) }
            Self.answer(request, blob, box.fault.withLock { $0 }, channel)
        }
    }

    var url: String { http.url }
    var requests: [RawRequest] { http.requests }

    func set(_ fault: Fault) {
        current.fault.withLock { $0 = fault }
    }

    func close() async throws {
        try await http.close()
    }

    private static func answer(_ request: RawRequest, _ blob: [UInt8], _ fault: Fault, _ channel: any Channel) {
        let first = request.range?.first ?? 0
        // Of a blob without octets no range exists: docker-registry says 416.
        guard first < blob.count else {
            return channel.reply("416 Range Not Satisfiable", ["Content-Range: bytes */\(blob.count)"], body: [])
        }
        let end = min(blob.count, (request.range?.last).map { $0 + 1 } ?? blob.count)
        let field = "Content-Range: bytes \(first)-\(end - 1)/\(blob.count)"
        switch fault {
        case .none: channel.reply("206 Partial Content", [field], body: Array(blob[first..<end]))
        case .ignoresRange: channel.reply("200 OK", body: blob)
        case .refusesRange(let status):
            request.range == nil ? channel.reply("200 OK", body: blob) : channel.reply(status, body: [])
        case .hidesTotal:
            guard request.range != nil else { return channel.reply("200 OK", body: blob) }
            channel.reply(
                "206 Partial Content", ["Content-Range: bytes \(first)-\(end - 1)/*"], body: Array(blob[first..<end]))
        case .slices:
            let end = min(end, first + 100_000)
            let field = "Content-Range: bytes \(first)-\(end - 1)/\(blob.count)"
            channel.reply("206 Partial Content", [field], body: Array(blob[first..<end]))
        case .hidesLength(let tellsHead):
            let length = tellsHead && request.method == "HEAD" ? "Content-Length: \(blob.count)" : "Connection: close"
            channel.reply("HTTP/1.1 200 OK\r\n\(length)\r\n\r\n")
            if request.method == "HEAD", tellsHead { return }
            channel.writeAndFlush(ByteBuffer(bytes: request.method == "HEAD" ? [] : blob)).whenComplete { _ in
                channel.close(promise: nil)
            }
        case .ignoresRangeAndGrows: channel.reply("200 OK", body: blob + [0])
        case .wrongRange:
            let wrong = "Content-Range: bytes \(first + 1)-\(end)/\(blob.count + 1)"
            channel.reply("206 Partial Content", [wrong], body: Array(blob[first..<end]))
        case .closesEarly:
            var octets = ByteBuffer(
                string: "HTTP/1.1 206 Partial Content\r\nContent-Length: \(end - first)\r\n\(field)\r\n\r\n")
            octets.writeBytes(blob[first..<(first + end) / 2])
            channel.writeAndFlush(octets).whenComplete { _ in channel.close(promise: nil) }
        case .breaksChunks:
            channel.reply("HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\n\(field)\r\n\r\nzz\r\n")
        case .status(let status): channel.reply(status, body: [])
        }
    }
}
