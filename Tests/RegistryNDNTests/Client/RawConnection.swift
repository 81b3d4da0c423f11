import NIOCore
import NIOPosix

@testable import NDN
@testable import RegistryNDN

/// A response as it came over the wire.
struct RawResponse: Sendable {
    var status: Int
    var fields: [(name: String, value: String)]
    var body: ByteBuffer
    /// Whether the body came to the end that its framing promised.
    var isComplete: Bool

    subscript(name: String) -> String? { fields.first { $0.name == name.lowercased() }?.value }
    var text: String { String(buffer: body) }
}

/// A TCP connection that a test drives octet by octet.
struct RawConnection {
    struct Ended: Error {}

    var parts: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    let channel: any Channel
    var buffer = ByteBuffer()

    static func with<Result>(
        _ address: SocketAddress, _ body: (inout RawConnection) async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(to: address) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        var result: Result?
        try await channel.executeThenClose { inbound, outbound in
            var connection = RawConnection(
                parts: inbound.makeAsyncIterator(), outbound: outbound, channel: channel.channel)
            result = try await body(&connection)
        }
        return result!
    }

    func send(_ text: String) async throws {
        try await outbound.write(ByteBuffer(string: text))
    }

    func send(_ octets: [UInt8]) async throws {
        try await outbound.write(ByteBuffer(bytes: octets))
    }

    /// Reads more; false at the end of the stream, clean or not.
    mutating func more() async -> Bool {
        guard var next = try? await parts.next() else { return false }
        buffer.writeBuffer(&next)
        buffer.discardReadBytes()
        return true
    }

    /// Everything until the peer closes.
    mutating func toEnd() async -> String {
        while await more() {}
        defer { buffer.clear() }
        return String(buffer: buffer)
    }

    /// The next response; its body too unless it is one to HEAD.
    mutating func response(toHead: Bool = false) async throws -> RawResponse {
        var response = try await head()
        guard !toHead, response.status >= 200, response.status != 204, response.status != 304 else { return response }
        if response["transfer-encoding"] == "chunked" {
            response.isComplete = await chunks(into: &response.body)
        } else if let length = response["content-length"].flatMap(Int.init) {
            while buffer.readableBytes < length, await more() {}
            response.isComplete = buffer.readableBytes >= length
            response.body = buffer.readSlice(length: min(length, buffer.readableBytes))!
        } else {
            while await more() {}
            response.body = buffer.readSlice(length: buffer.readableBytes)!
        }
        return response
    }

    mutating func head() async throws -> RawResponse {
        while true {
            let text = String(decoding: buffer.readableBytesView.prefix(65536), as: UTF8.self)
            guard let end = text.firstRange(of: "\r\n\r\n") else {
                guard await more() else { throw Ended() }
                continue
            }
            let head = text[..<end.lowerBound]
            buffer.moveReaderIndex(forwardBy: head.utf8.count + 4)
            let lines = head.split(separator: "\r\n")
            let fields = lines.dropFirst().map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (name: parts[0].lowercased(), value: parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
            }
            let status = Int(lines[0].split(separator: " ")[1])!
            return RawResponse(status: status, fields: fields, body: ByteBuffer(), isComplete: true)
        }
    }

    private mutating func chunks(into body: inout ByteBuffer) async -> Bool {
        while true {
            guard let line = await line(), let size = Int(line, radix: 16) else { return false }
            while buffer.readableBytes < size + 2, await more() {}
            guard var chunk = buffer.readSlice(length: size), buffer.readSlice(length: 2) != nil else { return false }
            if size == 0 { return true }
            body.writeBuffer(&chunk)
        }
    }

    private mutating func line() async -> String? {
        while true {
            if let end = buffer.readableBytesView.firstIndex(of: 0x0A) {
                let line = buffer.readString(length: end - buffer.readerIndex)!
                buffer.moveReaderIndex(forwardBy: 1)
                return String(line.dropLast())
            }
            guard await more() else { return nil }
        }
    }
}
