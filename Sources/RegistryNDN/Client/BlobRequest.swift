internal import NDN
internal import NIOHTTP1

/// A GET of a blob, or of parts of it.
struct BlobRequest: Sendable {
    let blob: BlobName
    let wanted: WantedOctets
    /// As the upstream knows it.
    let head: HTTPRequestHead
    let references: UpstreamReferences
    /// With what the upstream is asked.
    var terms = AdmissionTerms()

    /// The request for the whole blob, when its octets are verified here.
    var wholeHead: HTTPRequestHead {
        var whole = head
        whole.headers = head.headers.forWholeBlob()
        return whole
    }

    /// Where the upstream has it.
    var upstreamURL: String { "\(references.base)\(head.uri)" }
}

extension BlobName {
    /// The head of a response that carries the blob, as docker-registry writes it.
    func headers(size: UInt64) -> HTTPHeaders {
        [
            "Accept-Ranges": "bytes", "Cache-Control": "max-age=31536000", "Content-Length": String(size),
            "Content-Type": "application/octet-stream", "Docker-Content-Digest": digest.description,
            "Docker-Distribution-Api-Version": "registry/2.0", "Etag": digest.entityTag,
        ]
    }
}
