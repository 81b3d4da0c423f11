import Logging

/// What a server has done since it was started.
struct ServerStatistics: Sendable {
    /// Interests received, those over a source's limit included.
    var interests: UInt64 = 0
    /// Data packets sent.
    var data: UInt64 = 0
    /// Ranges read at the registry, and the bytes that came of them.
    var registryReads: UInt64 = 0
    var registryOctets: UInt64 = 0
    /// Reads that the registry did not answer, or not so that the answer could be used.
    var registryFailures: UInt64 = 0
    /// Answers of the registry that these ranges came with.
    var registryStreams: UInt64 = 0
    /// Segments that were there when asked for.
    var cacheHits: UInt64 = 0
    /// Signatures made with a key.
    var signatures: UInt64 = 0
    /// Interests over the limits of their source.
    var limited: UInt64 = 0
    /// Interests whose Data was on its way to the same face already.
    var repeated: UInt64 = 0
    /// Reads given up because too many waited.
    var shed: UInt64 = 0
    /// Bytes of the cache's budget in use by ranges, and the budget.
    var cacheOctets = 0
    var cacheCapacity = 0
    /// Ranges that left the cache to make room for others.
    var evictions: UInt64 = 0
    /// Interests that wait for Data.
    var waiting = 0
    /// Connections of those who ask.
    var faces = 0

    /// The fields of the statistics line.
    var metadata: Logger.Metadata {
        [
            "interests": .stringConvertible(interests), "data": .stringConvertible(data),
            "registry_reads": .stringConvertible(registryReads),
            "registry_bytes": .stringConvertible(registryOctets),
            "registry_streams": .stringConvertible(registryStreams),
            "registry_failures": .stringConvertible(registryFailures),
            "cache_hits": .stringConvertible(cacheHits), "cache_bytes": .stringConvertible(cacheOctets),
            "shed": .stringConvertible(shed), "limited": .stringConvertible(limited),
            "repeated": .stringConvertible(repeated),
            "signatures": .stringConvertible(signatures),
        ]
    }

    /// What the page shows of it.
    var state: ServerState {
        var state = ServerState()
        (state.interests, state.data, state.cacheHits) = (interests, data, cacheHits)
        (state.registryReads, state.registryBytes) = (registryReads, registryOctets)
        state.registryFailures = registryFailures
        (state.evictions, state.signatures, state.limited, state.shed) = (evictions, signatures, limited, shed)
        (state.cacheBytes, state.cacheCapacityBytes) = (cacheOctets, cacheCapacity)
        (state.waitingInterests, state.faces) = (waiting, faces)
        return state
    }

    func write(to text: inout MetricsText) {
        func counter(_ name: String, _ help: String, _ value: UInt64) {
            text.counter("registry_ndn_server_\(name)", help, [.init(value)])
        }
        func gauge(_ name: String, _ help: String, _ value: Int) {
            text.gauge("registry_ndn_server_\(name)", help, [.init(value)])
        }
        counter("interests_total", "Interests received, those over the limit of their source included.", interests)
        counter("data_total", "Data packets sent.", data)
        counter("registry_reads_total", "Ranges of blobs that were read at the registry.", registryReads)
        counter("registry_read_bytes_total", "Octets that came with them.", registryOctets)
        counter("registry_streams_total", "Answers of the registry that they came with.", registryStreams)
        counter(
            "registry_failures_total", "Reads that the registry did not answer, or not so that it could be used.",
            registryFailures)
        counter("cache_hits_total", "Segments that were in the cache when they were asked for.", cacheHits)
        counter("cache_evictions_total", "Ranges that left the cache to make room for others.", evictions)
        gauge("cache_bytes", "What ranges take of the cache now.", cacheOctets)
        gauge("cache_capacity_bytes", "What they may take.", cacheCapacity)
        counter("reads_shed_total", "Reads that were given up, since too many waited.", shed)
        counter(
            "interests_limited_total", "Interests that were not answered, since their source sends too many.", limited)
        counter(
            "interests_repeated_total", "Interests that were not answered, since their Data was on its way already.",
            repeated)
        counter("signatures_total", "Packets signed with a key.", signatures)
        gauge("waiting_interests", "Interests that wait for their Data.", waiting)
        gauge("faces", "Connections of those who ask, the one to the uplink included.", faces)
    }
}
