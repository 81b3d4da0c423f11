internal import NIOHTTP1

/// What a head says of its body.
extension HTTPResponseHead {
    var contentLength: UInt64? { headers.first(name: "content-length").flatMap { UInt64($0) } }

    /// The first content coding that changes the bytes, nil when there is none (RFC 9110 section 8.4).
    var contentCoding: Substring? {
        headers[canonicalForm: "content-encoding"].first { $0.lowercased() != "identity" }
    }
}
