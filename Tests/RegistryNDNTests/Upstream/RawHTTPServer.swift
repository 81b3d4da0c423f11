import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A request as the raw server saw it.
struct RawRequest: Sendable {
    var method = ""
    var uri = ""
    /// Names in lower case.
    var fields: [String: String] = [:]
    /// As sent, chunked coding included.
    var body = ""
    /// Which connection of the server it came on, from 1.
    var connection = 0

    /// First and last of `Range: bytes=first-last`.
    var range: (first: Int, last: Int?)? {
        guard let field = fields["range"], field.hasPrefix("bytes=") else { return nil }
        let ends = field.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Int(ends[0]) else { return nil }
        return (first, Int(ends[1]))
    }
}

/// An HTTP server on a free port of the loopback whose answers are raw octets, right or wrong as a test wants them.
final class RawHTTPServer: Sendable {
    typealias Respond = @Sendable (RawRequest, any Channel) -> Void

    let port: Int
    private let channel: any Channel
    private let log = NIOLockedValueBox<(requests: [RawRequest], connections: Int)>(([], 0))
    private let children: NIOLockedValueBox<[any Channel]>

    init(respond: @escaping Respond) async throws {
        let log = log
        let children = NIOLockedValueBox<[any Channel]>([])
        self.children = children
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let number = log.withLockedValue { log in
                        log.connections += 1
                        return log.connections
                    }
                    children.withLockedValue { $0.append(channel) }
                    try channel.pipeline.syncOperations.addHandler(
                        RawHTTPHandler(connection: number) { request, channel in
                            log.withLockedValue { $0.requests.append(request) }
                            respond(request, channel)
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [RawRequest] { log.withLockedValue { $0.requests } }
    var connections: Int { log.withLockedValue { $0.connections } }

    /// Closes every connection that clients have open.
    func closeConnections() async throws {
        for child in children.withLockedValue({ $0 }) {
            try? await child.close()
        }
    }

    func close() async throws {
        try await channel.close()
        try await closeConnections()
    }
}

/// Collects requests; one whose head has `x-early` is handed on before its body.
private final class RawHTTPHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: Int
    private let respond: (RawRequest, any Channel) -> Void
    private var text = ""
    private var isAnswered = false

    init(connection: Int, respond: @escaping (RawRequest, any Channel) -> Void) {
        self.connection = connection
        self.respond = respond
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        text += String(buffer: unwrapInboundIn(data))
        guard let (head, rest) = split(text) else { return }
        let lines = head.split(separator: "\r\n")
        let start = lines[0].split(separator: " ")
        var request = RawRequest(method: String(start[0]), uri: String(start[1]), connection: connection)
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            request.fields[parts[0].lowercased()] = String(parts[1].drop(while: { $0 == " " }))
        }
        request.body = rest
        if request.fields["x-early"] != nil {
            if !isAnswered { respond(request, context.channel) }
            isAnswered = true
            return
        }
        if let length = request.fields["content-length"].flatMap({ Int($0) }), rest.utf8.count < length { return }
        if request.fields["transfer-encoding"] == "chunked", !rest.hasSuffix("0\r\n\r\n") { return }
        text = ""
        respond(request, context.channel)
    }

    private func split(_ text: String) -> (head: String, rest: String)? {
        let octets = Array(text.utf8)
        let mark = Array("\r\n\r\n".utf8)
        guard octets.count >= 4,
            let end = (0...octets.count - 4).first(where: { Array(octets[$0..<$0 + 4]) == mark })
        else { return nil }
        return (String(decoding: octets[..<end], as: UTF8.self), String(decoding: octets[(end + 4)...], as: UTF8.self))
    }
}

extension Channel {
    /// Sends octets as they are.
    func reply(_ text: String) {
        writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    /// Sends a head with a Content-Length and the body.
    func reply(_ status: String, _ fields: [String] = [], body: [UInt8]) {
        var buffer = ByteBuffer(string: "HTTP/1.1 \(status)\r\nContent-Length: \(body.count)\r\n")
        for field in fields { buffer.writeString(field + "\r\n") }
        buffer.writeString("\r\n")
        buffer.writeBytes(body)
        writeAndFlush(buffer, promise: nil)
    }
}
