internal import Logging
internal import NIOCore
internal import Synchronization

/// The sums over all requests for one registry since the program was started.
final class RequestTotals: Sendable {
    struct Values: Sendable {
        var requests: UInt64 = 0
        var ndnBytes: UInt64 = 0
        var upstreamBytes: UInt64 = 0
        var repairedBytes: UInt64 = 0
        var segments: UInt64 = 0
        var retries: UInt64 = 0
        var marks: UInt64 = 0
        var nacks: UInt64 = 0
        /// Requests that left the NDN path.
        var fallbacks: UInt64 = 0
        var fallbacksByReason: [Fallback.Reason: UInt64] = [:]
        /// Requests whose response was not complete, though the client waited for it.
        var failures: UInt64 = 0
        var trouble = PullTrouble()
        var answers: [Answer: UInt64] = [:]
        /// Of pulls that were answered to their end with octets, by where these came from: seconds from the request to the begin
        /// of the answer, and to its end.
        var begins: [String: Histogram] = [:]
        var durations: [String: Histogram] = [:]
        var history = ByteHistory(now: .now())
    }

    /// How a request was answered.
    struct Answer: Hashable, Sendable {
        let source: String
        /// A status, or the class of a seldom one, as 4xx: peers choose them, and no peer may have thousands counted.
        let code: String

        init(source: String, status: Int?) {
            self.source = source
            guard let status else {
                code = "none"
                return
            }
            code = Self.counted.contains(status) ? "\(status)" : "\(status / 100)xx"
        }

        private static let counted: Set = [
            200, 201, 202, 204, 206, 301, 302, 304, 307, 308, 400, 401, 403, 404, 405, 416, 429, 500, 502, 503, 504,
        ]
    }

    private static let beginBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    private static let durationBounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]

    private let state = Mutex(Values())

    var values: Values { state.withLock { $0 } }

    /// Adds a request that is over.
    ///
    /// - Parameters:
    ///   - status: nil when no head was sent.
    ///   - begin: when the head was sent.
    func add(_ record: RequestRecord, status: Int?, begin: NIODeadline?, now: NIODeadline) {
        state.withLock { values in
            values.requests += 1
            values.ndnBytes += record.ndnBytes
            values.upstreamBytes += record.upstreamBytes
            values.repairedBytes += record.repairedBytes
            values.segments += record.segments
            values.retries += record.retries
            values.marks += record.marks
            values.nacks += record.nacks
            if let fallback = record.fallback {
                values.fallbacks += 1
                values.fallbacksByReason[fallback.reason, default: 0] += 1
            }
            if record.failure != nil, !record.isAborted { values.failures += 1 }
            values.trouble.note(record, status: status, now: now)
            values.history.add(ndn: record.ndnBytes, upstream: record.upstreamBytes, from: record.began, to: now)
            values.answers[Answer(source: record.source, status: status), default: 0] += 1
            guard record.isPull, record.failure == nil, !record.hasHungUp, let begin,
                record.ndnBytes + record.upstreamBytes > 0
            else { return }
            values.begins[record.source, default: Histogram(bounds: Self.beginBounds)]
                .observe((begin - record.began).seconds)
            values.durations[record.source, default: Histogram(bounds: Self.durationBounds)]
                .observe((now - record.began).seconds)
        }
    }
}

extension RequestTotals.Values {
    /// The fields of the statistics line.
    var metadata: Logger.Metadata {
        [
            "requests": .stringConvertible(requests), "ndn_bytes": .stringConvertible(ndnBytes),
            "upstream_bytes": .stringConvertible(upstreamBytes), "repaired_bytes": .stringConvertible(repairedBytes),
            "segments": .stringConvertible(segments), "retries": .stringConvertible(retries),
            "fallbacks": .stringConvertible(fallbacks), "failures": .stringConvertible(failures),
        ]
    }
}

extension TimeAmount {
    var seconds: Double { Double(nanoseconds) / 1e9 }
}
