internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// What the log line of one request says: what the request was, and what became of it.
struct RequestRecord: Sendable {
    let id: String
    let method: String
    /// The path without the query, which may hold secrets; of a long one the begin.
    let path: String
    let began: NIODeadline
    /// The number of the registry that it was for; nil when it selected none.
    var site: Int?
    var repository: String?
    var digest: String?
    var ndnBytes: UInt64 = 0 { didSet { running?.ndnBytes = ndnBytes } }
    var upstreamBytes: UInt64 = 0 { didSet { running?.upstreamBytes = upstreamBytes } }
    /// Those bytes of the upstream that stand for segments which NDN gave only faulty.
    var repairedBytes: UInt64 = 0
    /// Segments received.
    var segments: UInt64 = 0
    /// Interests sent again.
    var retries: UInt64 = 0
    /// Data with a congestion mark, and Nacks of the network.
    var marks: UInt64 = 0
    var nacks: UInt64 = 0
    /// Whether it is a GET of a blob, or of parts of one, that NDN may answer.
    var isPull = false
    /// Where those who watch a pull see how far it is.
    var running: RunningPull?
    /// Whether the upstream answered, with or without bytes of a body.
    var usedUpstream = false
    /// Why the request left the NDN path.
    var fallback: Fallback?
    /// Why our own credentials were not used for it.
    var withheld: String?
    /// Why the response is not complete.
    var failure: String?
    /// Whether the client went before the answer was out, or the program ended: no failure of ours.
    var isAborted = false
    /// Whether the client is expected to hang up before the end: it asked for all that follows an offset.
    var mayHangUp = false
    /// Whether the client has hung up before the end.
    var hasHungUp = false

    private static let longestPath = 256

    init(head: HTTPRequestHead, now: NIODeadline) {
        id = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        method = head.method.rawValue
        path = head.uri.prefix { $0 != "?" }.abridged(to: Self.longestPath)
        began = now
    }

    mutating func name(_ repository: RepositoryName, _ digest: ContentDigest) {
        self.repository = repository.text
        self.digest = digest.description
    }

    /// Where the bytes of the response came from.
    var source: String {
        switch (ndnBytes > 0, usedUpstream) {
        case (true, true): "both"
        case (true, false): "ndn"
        case (false, true): "upstream"
        case (false, false): "none"
        }
    }

    /// What the field Server-Timing says of an answer that begins (W3C Server Timing, "The Server-Timing Header Field"): from where its
    /// first bytes come, milliseconds since the request, and why they do not come over NDN.
    func timing(from source: String, now: NIODeadline) -> String {
        let microseconds = (now - began).nanoseconds / 1000
        let why = fallback.map { ";desc=\"\($0.reason.rawValue)\"" } ?? ""
        return "\(source);dur=\(microseconds / 1000).\(microseconds % 1000 / 100)\(why)"
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
