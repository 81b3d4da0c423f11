internal import NDN
internal import NIOCore
internal import NIOHTTP1

/// Several parts of a blob on their way to the client: 206 (Partial Content) with a body of type `multipart/byteranges`,
/// RFC 9110 sections 14.6 and 15.3.7.2.
///
/// The body has a part for each range that was asked for, in the same order, and Content-Length says how long all of it is. As
/// with ``PartialBody`` the bytes are not verified here, and none is missing from a body that ends.
struct MultipartBody: BlobBody, ~Copyable {
    private let parts: BlobParts
    private let size: UInt64
    private let headers: HTTPHeaders
    private let boundary: String
    /// Bytes of the parts that have come.
    private var received: UInt64 = 0
    private let count: UInt64
    /// The range whose bytes come next, and how many of them have come.
    private var current = 0
    private var done: UInt64 = 0

    /// - Parameters:
    ///   - parts: of the blob, at least one.
    ///   - size: of the blob.
    ///   - headers: of the response, for the whole blob.
    ///   - boundary: a text that no part may contain, by default of 240 random bits.
    init(parts: BlobParts, size: UInt64, headers: HTTPHeaders, boundary: String = Self.randomBoundary()) {
        self.parts = parts
        self.size = size
        self.boundary = boundary
        count = parts.count
        var length = count + UInt64(Self.close(boundary).utf8.count)
        for index in parts.ranges.indices {
            length += UInt64(Self.head(of: parts.ranges[index], size, boundary, isFirst: index == 0).utf8.count)
        }
        var headers = headers
        headers.replaceOrAdd(name: "Content-Length", value: String(length))
        headers.replaceOrAdd(name: "Content-Type", value: "multipart/byteranges; boundary=\(boundary)")
        self.headers = headers
    }

    /// A boundary as long as those of docker-registry, so that its answers and ours have the same length.
    static func randomBoundary() -> String {
        let digits = (0..<30).map { _ in
            let octet = UInt8.random(in: 0...UInt8.max)
            return (octet < 16 ? "0" : "") + String(octet, radix: 16)
        }
        return digits.joined()
    }

    var missing: UInt64? { count - received }

    func rest(of size: UInt64) -> BlobParts { parts.dropFirst(received) }

    mutating func append(_ chunk: ByteBuffer, to response: inout ResponseWriter) async throws {
        var chunk = chunk
        while chunk.readableBytes > 0 {
            guard current < parts.ranges.count else { throw BlobFailure.wrongSize("more bytes than asked for") }
            let range = parts.ranges[current]
            if done == 0 { try await begin(range, &response) }
            let left = range.length - done
            guard let octets = chunk.readSlice(length: min(chunk.readableBytes, Int(clamping: left))) else { return }
            try await response.write(octets)
            received += UInt64(octets.readableBytes)
            done += UInt64(octets.readableBytes)
            if done == range.length { (current, done) = (current + 1, 0) }
        }
    }

    private func begin(_ range: Range<UInt64>, _ response: inout ResponseWriter) async throws {
        let head = ByteBuffer(string: Self.head(of: range, size, boundary, isFirst: current == 0))
        if response.status == nil {
            try await response.start(.partialContent, headers, first: head)
        } else {
            try await response.write(head)
        }
    }

    mutating func finish(_ response: inout ResponseWriter) async throws {
        guard received == count else {
            throw BlobFailure.wrongSize("\(count - received) bytes of the ranges are missing")
        }
        try await response.finish(last: ByteBuffer(string: Self.close(boundary)))
    }

    private static func head(
        of range: Range<UInt64>, _ size: UInt64, _ boundary: String, isFirst: Bool
    ) -> String {
        "\(isFirst ? "" : "\r\n")--\(boundary)\r\n"
            + "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)\r\n"
            + "Content-Type: application/octet-stream\r\n\r\n"
    }

    private static func close(_ boundary: String) -> String { "\r\n--\(boundary)--\r\n" }
}
