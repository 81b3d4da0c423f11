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
    /// Bytes of the cache's budget in use by ranges.
    var cacheOctets = 0

    /// The fields of the statistics line.
    var metadata: Logger.Metadata {
        [
            "interests": .stringConvertible(interests), "data": .stringConvertible(data),
            "registry_reads": .stringConvertible(registryReads),
            "registry_bytes": .stringConvertible(registryOctets),
            "registry_streams": .stringConvertible(registryStreams),
            "cache_hits": .stringConvertible(cacheHits), "cache_bytes": .stringConvertible(cacheOctets),
            "shed": .stringConvertible(shed), "limited": .stringConvertible(limited),
            "repeated": .stringConvertible(repeated),
            "signatures": .stringConvertible(signatures),
        ]
    }
}
