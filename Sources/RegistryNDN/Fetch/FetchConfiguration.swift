public import NIOCore

/// Limits and timers of a ``BlobFetcher``.
public struct FetchConfiguration: Sendable {
    /// Retransmissions of one segment before the fetch fails.
    public var retransmissions = 10
    /// Upper bound of the congestion window, in segments; nil: the memory budget alone bounds it.
    public var maximumWindow: Int?
    /// What decides how many Interests are in flight.
    public var congestion = CongestionAlgorithm.rate
    /// Time for a whole blob.
    public var timeout = TimeAmount.minutes(10)
    /// Time from the request until the size is known: segment 0 and the final one.
    public var sizeTimeout = TimeAmount.milliseconds(1500)
    /// Time without any new segment, while some are asked for, after which the fetch fails.
    public var progressTimeout = TimeAmount.seconds(5)
    /// The same for a fetch that can go on from elsewhere when no packet at all comes over the path, for no fetch: nothing says
    /// that a cable was cut. At least four retransmission timeouts.
    public var silenceTimeout = TimeAmount.seconds(2)
    /// Octets that all blobs of one fetcher together may hold: segments ahead of a gap and chunks not yet read.
    public var memoryBudget = 32 << 20
    /// How long a reader waits for memory while others use all of it, also what waits in their connections.
    public var admissionTimeout = TimeAmount.seconds(20)
    /// InterestLifetime of segment Interests; nil: the default of 4 s, not encoded.
    public var interestLifetime: TimeAmount?

    /// Whom to trust: every Data is checked then; nil: the digest of the blob alone says whether it is whole.
    public var trust: TrustPolicy?

    /// The defaults.
    public init() {}
}
