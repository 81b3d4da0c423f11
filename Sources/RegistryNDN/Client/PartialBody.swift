internal import NDN
internal import NIOCore
internal import NIOHTTP1

/// A range of a blob on its way to the client: 206 (Partial Content), RFC 9110 section 15.3.7.
///
/// The digest says nothing about a part, so that its bytes are not verified here: whoever asks for ranges puts them
/// together and verifies the whole, as container tools do. A part is never short: it has as many bytes as it says, or
/// the connection is cut.
struct PartialBody: BlobBody, ~Copyable {
    private let headers: HTTPHeaders
    private let end: UInt64
    private var position: UInt64

    /// - Parameters:
    ///   - range: within the blob, not empty.
    ///   - headers: of the response, for the whole blob.
    init(range: Range<UInt64>, size: UInt64, headers: HTTPHeaders) {
        self.headers = headers.forRange(range, of: size)
        position = range.lowerBound
        end = range.upperBound
    }

    var missing: UInt64? { end - position }

    func rest(of size: UInt64) -> BlobParts { BlobParts([position..<end]) }

    mutating func append(_ chunk: ByteBuffer, to response: inout ResponseWriter) async throws {
        guard chunk.readableBytes > 0 else { return }
        guard UInt64(chunk.readableBytes) <= end - position else {
            throw BlobFailure.wrongSize("more bytes than asked for")
        }
        position += UInt64(chunk.readableBytes)
        if response.status == nil {
            try await response.start(.partialContent, headers, first: chunk)
        } else {
            try await response.write(chunk)
        }
    }

    mutating func finish(_ response: inout ResponseWriter) async throws {
        guard position == end else { throw BlobFailure.wrongSize("\(end - position) bytes of the range are missing") }
        try await response.finish()
    }
}

extension HTTPHeaders {
    /// Of the whole blob: what they are for a range of it, which is not empty.
    func forRange(_ range: Range<UInt64>, of size: UInt64) -> HTTPHeaders {
        var headers = self
        headers.replaceOrAdd(name: "Content-Length", value: String(range.count))
        headers.replaceOrAdd(name: "Content-Range", value: "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)")
        return headers
    }
}
