internal import NIOCore
internal import NIOHTTP1

/// Whether what is asked of one registry fails, over NDN and without it: those who pull get an error. Logic only.
struct PullTrouble: Hashable, Sendable {
    /// How long a failure counts after which nothing is asked for.
    static var limit: TimeAmount { .seconds(60) }

    private var why: String?
    private var time = NIODeadline.uptimeNanoseconds(0)

    /// A request is over.
    ///
    /// - Parameter status: nil when no head was sent.
    mutating func note(_ record: RequestRecord, status: Int?, now: NIODeadline) {
        guard record.method == "GET" || record.method == "HEAD", !record.isAborted, let status else { return }
        if status >= 500 || status < 300 && record.failure != nil {
            why = record.failure ?? "it answers \(status) \(HTTPResponseStatus(statusCode: status).reasonPhrase)"
            time = now
        } else if record.usedUpstream {
            // What NDN brings says nothing of the registry, which manifests come from.
            why = nil
        }
    }

    /// Why pulls fail; nil when they do not, as far as is known.
    func reason(now: NIODeadline) -> String? {
        now - time < Self.limit ? why : nil
    }
}
