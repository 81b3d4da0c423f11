internal import Logging
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
        /// Requests that left the NDN path.
        var fallbacks: UInt64 = 0
        /// Requests whose response was not complete.
        var failures: UInt64 = 0
    }

    private let state = Mutex(Values())

    var values: Values { state.withLock { $0 } }

    /// Adds a request that is over.
    func add(_ record: RequestRecord) {
        state.withLock { values in
            values.requests += 1
            values.ndnBytes += record.ndnBytes
            values.upstreamBytes += record.upstreamBytes
            values.repairedBytes += record.repairedBytes
            values.segments += record.segments
            values.retries += record.retries
            if record.fallback != nil { values.fallbacks += 1 }
            if record.failure != nil { values.failures += 1 }
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
