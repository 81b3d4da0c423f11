internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// What one request was, and what became of it: the log line.
struct RequestRecord: Sendable {
    let id: String
    let method: String
    /// Without the query, which may hold secrets.
    let path: String
    let began: NIODeadline
    /// Number of the registry it was for; nil when it selected none.
    var site: Int?
    var repository: String?
    var digest: String?
    var ndnBytes: UInt64 = 0
    var upstreamBytes: UInt64 = 0
    /// Those of them that stand for segments which NDN gave only faulty.
    var repairedBytes: UInt64 = 0
    /// Segments received.
    var segments: UInt64 = 0
    /// Interests sent again.
    var retries: UInt64 = 0
    /// Whether the upstream answered, with or without octets of a body.
    var usedUpstream = false
    /// Why the request left the NDN path.
    var fallback: String?
    /// Why it was not let in as us.
    var withheld: String?
    /// Why the response is not complete.
    var failure: String?
    /// Whether the client is expected to hang up before the end: it asked for all that follows an offset.
    var mayHangUp = false
    /// Whether it did.
    var hasHungUp = false

    init(head: HTTPRequestHead, now: NIODeadline) {
        id = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        method = head.method.rawValue
        path = String(head.uri.prefix { $0 != "?" })
        began = now
    }

    mutating func name(_ repository: RepositoryName, _ digest: ContentDigest) {
        self.repository = repository.text
        self.digest = digest.description
    }

    /// Where the octets came from.
    var source: String {
        switch (ndnBytes > 0, usedUpstream) {
        case (true, true): "both"
        case (true, false): "ndn"
        case (false, true): "upstream"
        case (false, false): "none"
        }
    }

    /// - Parameter status: nil when no head was sent.
    func metadata(status: Int?, now: NIODeadline) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "request": "\(id)", "method": "\(method)", "path": "\(path)", "source": "\(source)",
            "ndn_bytes": .stringConvertible(ndnBytes), "upstream_bytes": .stringConvertible(upstreamBytes),
            "segments": .stringConvertible(segments),
            "retries": .stringConvertible(retries),
            "duration_ms": .stringConvertible((now - began).nanoseconds / 1_000_000),
            "status": .stringConvertible(status ?? 0),
        ]
        if repairedBytes > 0 { metadata["repaired_bytes"] = .stringConvertible(repairedBytes) }
        metadata["name"] = repository.map { "\($0)" }
        metadata["digest"] = digest.map { "\($0)" }
        metadata["fallback"] = fallback.map { "\($0)" }
        metadata["credentials"] = withheld.map { "\($0)" }
        if hasHungUp { metadata["ended"] = "the client hung up, as who reads by open ranges does" }
        metadata["failure"] = failure.map { "\($0)" }
        return metadata
    }
}
