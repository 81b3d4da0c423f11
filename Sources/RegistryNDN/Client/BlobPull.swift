internal import NIOHTTP1

/// A pull of a blob, or of parts of it: a GET for `/v2/<name>/blobs/<digest>` (OCI distribution specification 1.1, "Pulling
/// blobs") that is answered from NDN or from the upstream.
struct BlobPull: Sendable {
    let blob: BlobName
    let wanted: WantedOctets
    /// The request as the upstream knows it.
    let head: HTTPRequestHead
    let references: ReferenceRewriter
    /// With what the upstream may let it in.
    var terms = AuthenticationTerms()

    /// The request for the whole blob, whose bytes are verified here.
    var wholeHead: HTTPRequestHead {
        var whole = head
        whole.headers = head.headers.forWholeBlob()
        return whole
    }

    /// The URL of the blob at the upstream.
    var upstreamURL: String { "\(references.base)\(head.uri)" }
}

extension BlobName {
    /// The fields of a response that carries the blob, as docker-registry writes it.
    func headers(size: UInt64) -> HTTPHeaders {
        [
            "Accept-Ranges": "bytes", "Cache-Control": "max-age=31536000", "Content-Length": String(size),
            "Content-Type": "application/octet-stream", "Docker-Content-Digest": digest.description,
            "Docker-Distribution-Api-Version": "registry/2.0", "Etag": digest.entityTag,
        ]
    }
}
