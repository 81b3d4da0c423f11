internal import NDN
import NIOCore

/// Limits what one source address may ask for and is sent. Data is a hundred times as long as an Interest, and the source of a
/// UDP datagram can be forged: without a limit, a server that answers the open network would multiply an attacker's traffic.
struct SourceLimiter {
    /// What one source may have.
    struct Limits: Sendable {
        /// Interests a second.
        var interests = 50_000.0
        /// Bytes of Data a second.
        var octets = 256.0 * 1024 * 1024
    }

    private struct Source {
        var interests: TokenBucket
        var octets: TokenBucket
        var lastSeen: NIODeadline

        init(_ limits: Limits, lastSeen: NIODeadline) {
            interests = TokenBucket(rate: limits.interests, burst: limits.interests)
            octets = TokenBucket(rate: limits.octets, burst: limits.octets)
            self.lastSeen = lastSeen
        }

        mutating func take(now: NIODeadline) -> Bool {
            lastSeen = now
            guard interests.hasTokens(now: now), octets.hasTokens(now: now) else { return false }
            interests.take(1)
            return true
        }
    }

    /// Sources remembered at a time; when that many are active, further ones count as one together.
    static let maximumSources = 4096
    /// How long a source is remembered that is silent: then it has its full allowance again.
    private static let memory = TimeAmount.seconds(2)

    private let limits: Limits
    private var sources: [PeerHost: Source] = [:]
    private var others: Source
    /// Looking at all sources for each packet of a flood would be an attack of its own.
    private var nextForgetting = NIODeadline.distantPast

    init(_ limits: Limits) {
        self.limits = limits
        others = Source(limits, lastSeen: .distantPast)
    }

    /// Whether an Interest from `host` is to be answered; counts it.
    mutating func admits(_ host: PeerHost, now: NIODeadline) -> Bool {
        if sources[host] == nil {
            if sources.count >= Self.maximumSources { forget(now) }
            guard sources.count < Self.maximumSources else { return others.take(now: now) }
            sources[host] = Source(limits, lastSeen: now)
        }
        return sources[host]?.take(now: now) ?? false
    }

    /// Counts bytes sent to `host`.
    mutating func charge(_ host: PeerHost, octets: Int) {
        if sources[host]?.octets.take(octets) == nil { others.octets.take(octets) }
    }

    private mutating func forget(_ now: NIODeadline) {
        guard now >= nextForgetting else { return }
        nextForgetting = now + .milliseconds(100)
        sources = sources.filter { now - $0.value.lastSeen < Self.memory }
    }
}
