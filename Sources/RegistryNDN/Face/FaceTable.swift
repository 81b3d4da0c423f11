import DequeModule
import NIOCore

/// The faces of one listener: a bounded number, of which no host has more than a share. Only a face that has never been sent
/// Data, or has long been silent, is closed for a new one.
struct FaceTable {
    /// Faces of one host, in the order in which they are next asked to leave.
    private struct Host {
        var count = 0
        var ring = Deque<Face>()
    }

    private let limit: Int
    /// Faces that one host may have.
    private let share: Int
    /// How long a face that was of use must have been silent to be closed for another.
    private let silence: TimeAmount
    /// Faces that had not been sent Data when they were last looked at, the oldest first.
    private var unanswered = Deque<Face>()
    /// All others, in the order in which they are next asked to leave.
    private var ring = Deque<Face>()
    private var open: [UInt64: (face: Face, host: PeerHost)] = [:]
    private var hosts: [PeerHost: Host] = [:]
    /// Faces that one search looks at: to look at all of them for each packet of a flood would help the attacker.
    private static let asked = 16
    /// The share where the limit is small: few hosts are expected there.
    private static let smallestShare = 16

    init(limit: Int, silence: TimeAmount) {
        self.limit = limit
        self.silence = silence
        share = max(Self.smallestShare, limit / 4)
    }

    var faces: some Collection<Face> { open.values.lazy.map(\.face) }
    var count: Int { open.count }

    /// Whether there is room for one more face of a host; else returns the face to close for it, or nil when all are in use.
    mutating func room(for host: PeerHost, now: NIODeadline) -> (isFree: Bool, leaving: Face?) {
        let isOverShare = hosts[host].map { $0.count >= share } ?? false
        guard isOverShare || open.count >= limit else { return (true, nil) }
        let face = isOverShare ? leaving(of: host, now) : leaving(now: now)
        return (face != nil, face)
    }

    private mutating func leaving(of host: PeerHost, _ now: NIODeadline) -> Face? {
        guard var faces = hosts.removeValue(forKey: host) else { return nil }
        defer { hosts[host] = faces }
        return leaving(&faces.ring, now)
    }

    /// The face that is of least use, to be closed for another; nil when all are in use.
    mutating func leaving(now: NIODeadline) -> Face? {
        var candidates = unanswered
        unanswered = []
        defer { unanswered = candidates }
        while let face = candidates.popFirst() {
            guard open[face.id] != nil else { continue }
            if !face.isPinned, face.counters.outData == 0 { return face }
            ring.append(face)
        }
        var others = ring
        ring = []
        defer { ring = others }
        return leaving(&others, now)
    }

    private func leaving(_ faces: inout Deque<Face>, _ now: NIODeadline) -> Face? {
        for _ in 0..<min(Self.asked, faces.count) {
            let face = faces.removeFirst()
            guard open[face.id] != nil else { continue }
            if mayLeave(face, now) { return face }
            faces.append(face)
        }
        return nil
    }

    private func mayLeave(_ face: Face, _ now: NIODeadline) -> Bool {
        !face.isPinned && (face.counters.outData == 0 || face.lastHeard + silence <= now)
    }

    mutating func add(_ face: Face) {
        let host = face.host
        open[face.id] = (face, host)
        unanswered.append(face)
        hosts[host, default: Host()].count += 1
        hosts[host]?.ring.append(face)
        forgetClosed(host)
    }

    /// Closed faces are taken out of the orders now and then, not one by one.
    private mutating func forgetClosed(_ host: PeerHost) {
        let isClosed = { [open] (face: Face) in open[face.id] == nil }
        if unanswered.count > 2 * limit { unanswered.removeAll(where: isClosed) }
        if ring.count > 2 * limit { ring.removeAll(where: isClosed) }
        if hosts[host].map({ $0.ring.count > 2 * share }) ?? false { hosts[host]?.ring.removeAll(where: isClosed) }
    }

    mutating func remove(_ face: Face) {
        guard let host = open.removeValue(forKey: face.id)?.host else { return }
        hosts[host]?.count -= 1
        if hosts[host]?.count == 0 { hosts[host] = nil }
    }
}
