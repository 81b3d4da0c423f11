/// Which congestion controller a face has; `docs/congestion.md` compares them.
public enum CongestionAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// A model of the path's rate and round-trip time; does not take random loss for congestion.
    case rate
    /// CUBIC, RFC 9438.
    case cubic
    /// Additive increase, multiplicative decrease, RFC 5681.
    case aimd
}
