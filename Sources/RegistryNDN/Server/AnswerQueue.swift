internal import NDN
import NIOCore

/// Segments to be sent once the Interests of a wake-up have been looked up, put together into trains for each face.
struct AnswerQueue {
    private struct Answer {
        let range: CachedRange
        let index: Int
        let pitToken: PitToken?
    }

    private var faces: [UInt64: [Answer]] = [:]
    /// The answers to the face whose turn it is.
    private var answers: [Answer] = []
    private(set) var isEmpty = true

    mutating func add(_ range: CachedRange, _ index: Int, for face: UInt64, pitToken: PitToken?) {
        isEmpty = false
        faces[face, default: []].append(Answer(range: range, index: index, pitToken: pitToken))
    }

    /// Consecutive packets that leave with one write.
    struct Train {
        let octets: ByteBuffer
        /// Bytes of each packet but the last, which may be shorter.
        let packetSize: Int
        let count: Int
        let pitToken: PitToken?
    }

    /// Empties the queue; calls `send` with every train, in the order asked for on each face, and `sent` after the last of
    /// a face.
    mutating func flush(send: (UInt64, Train) -> Void, sent: (UInt64) -> Void) {
        isEmpty = true
        var place = faces.startIndex
        while place != faces.endIndex {
            // The array leaves the dictionary and comes back, so that its memory serves again.
            swap(&answers, &faces.values[place])
            if !answers.isEmpty {
                let face = faces.keys[place]
                Self.cut(answers[...]) { send(face, $0) }
                sent(face)
                answers.removeAll(keepingCapacity: true)
            }
            swap(&answers, &faces.values[place])
            faces.formIndex(after: &place)
        }
    }

    private static func cut(_ answers: ArraySlice<Answer>, send: (Train) -> Void) {
        var rest = answers
        while let first = rest.first {
            let count = trainLength(rest)
            let indexes = first.index...(first.index + count - 1)
            if let train = first.range.slab?.train(indexes) {
                send(
                    Train(octets: train.octets, packetSize: train.packetSize, count: count, pitToken: first.pitToken))
            }
            rest = rest.dropFirst(count)
        }
    }

    mutating func remove(face: UInt64) { faces[face] = nil }

    /// How many of the first answers are consecutive packets that fit one train. Each PIT token goes with its own packet.
    private static func trainLength(_ answers: ArraySlice<Answer>) -> Int {
        guard let first = answers.first, first.pitToken == nil, let slab = first.range.slab else { return 1 }
        var count = 1
        for answer in answers.dropFirst() {
            guard answer.range === first.range, answer.pitToken == nil, answer.index == first.index + count,
                slab.follows(answer.index, trainFrom: first.index)
            else { break }
            count += 1
            // A shorter packet can only be a train's last.
            if !slab.isSameSize(answer.index, first.index) { break }
        }
        return count
    }
}
