import DequeModule
import NIOCore

/// The faces of one listener: a bounded number, where a long silent one makes room for a new one.
struct FaceTable {
    private let limit: Int
    /// How long a face must have been silent to be closed for another.
    private let silence: TimeAmount
    /// All faces, in the order in which they are next asked to leave.
    private var ring = Deque<Face>()
    private var open: [UInt64: Face] = [:]
    /// Looking at all faces for each packet of a flood would be an attack of its own.
    private static let asked = 16

    init(limit: Int, silence: TimeAmount) {
        self.limit = limit
        self.silence = silence
    }

    var faces: some Collection<Face> { open.values }
    var count: Int { open.count }

    /// Whether there is room for one more face; else returns the face to close for it, or nil when all are in use.
    mutating func room(now: NIODeadline) -> (isFree: Bool, leaving: Face?) {
        guard open.count >= limit else { return (true, nil) }
        for _ in 0..<min(FaceTable.asked, ring.count) {
            let face = ring.removeFirst()
            guard open[face.id] != nil else { continue }
            if !face.isPinned, face.lastHeard + silence <= now { return (true, face) }
            ring.append(face)
        }
        return (false, nil)
    }

    mutating func add(_ face: Face) {
        open[face.id] = face
        ring.append(face)
        if ring.count > 2 * limit { ring.removeAll { open[$0.id] == nil } }
    }

    mutating func remove(_ face: Face) {
        open[face.id] = nil
    }
}
