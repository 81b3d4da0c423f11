import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct ServerStreamPlanTests {
    /// Reads of 100 octets, and a clock.
    struct Script {
        var plan: StreamPlan
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        private var nextID = 0

        init(limit: Int = 4, joins: Bool = true) {
            plan = StreamPlan(.init(limit: limit, parking: .seconds(5), joins: joins))
        }

        static func blob(_ name: String) -> BlobName {
            BlobName(
                prefix: try! Name(uri: "/example/docker"), repository: RepositoryName("demo/app")!,
                digest: ContentDigest(sha256: SHA256.hash(ByteBuffer(string: name))))
        }

        mutating func assign(_ offset: UInt64, of blob: String = "a", isSequential: Bool = true)
            -> StreamPlan.Placement
        {
            nextID += 1
            return plan.assign(
                OriginRead(
                    id: nextID, blob: Self.blob(blob), range: ByteRange(offset: offset, length: 100),
                    isSequential: isSequential))
        }

        /// The offset of the next read, with a dash where all that follows is to be asked for; or what else there is to do.
        mutating func next(_ id: Int, at position: UInt64?) -> String {
            switch plan.next(id, at: position, now: now) {
            case .perform(let assignment): "\(assignment.read.range.offset)\(assignment.isOpenEnded ? "-" : "")"
            case .wait: "wait"
            case .end: "end"
            }
        }
    }

    @Test func aSequenceSharesAnAnswer() {
        var script = Script()
        #expect(script.assign(100) == .open(1, closing: []))
        #expect(script.assign(200) == .join(1))
        #expect(script.next(1, at: nil) == "100-")
        #expect(script.next(1, at: 200) == "200-")
        #expect(script.assign(300) == .join(1))
        #expect(script.next(1, at: 300) == "300-")
        #expect(script.next(1, at: 400) == "wait")
        #expect(script.assign(400) == .join(1))
        #expect(script.next(1, at: 400) == "400-")
    }

    @Test func whatIsNotInSequenceIsAnAnswerOfItsOwn() {
        var script = Script()
        #expect(script.assign(0, isSequential: false) == .open(1, closing: []))
        #expect(script.assign(100) == .open(2, closing: []))
        // Neither another place of the blob, nor the same place of another one.
        #expect(script.assign(300) == .open(3, closing: []))
        #expect(script.assign(200, of: "b") == .open(4, closing: []))
        #expect(script.next(1, at: nil) == "0")
        #expect(script.next(1, at: 100) == "end")
        #expect(script.plan.count == 3)
    }

    @Test func withoutJoiningEachReadIsByItself() {
        var script = Script(joins: false)
        #expect(script.assign(100) == .open(1, closing: []))
        #expect(script.assign(200) == .open(2, closing: []))
        script.plan.noteIgnoredRange(1)
        #expect(script.assign(300) == .open(3, closing: []))
    }

    @Test func aParkedStreamIsGivenUpAfterAWhile() {
        var script = Script()
        _ = script.assign(100)
        #expect(script.plan.expiry == nil)
        #expect(script.next(1, at: nil) == "100-")
        #expect(script.next(1, at: 200) == "wait")
        #expect(script.plan.expiry == script.now + .seconds(5))
        let early = script.plan.expire(now: script.now + .milliseconds(4999))
        let due = script.plan.expire(now: script.now + .seconds(5))
        #expect(early.isEmpty)
        #expect(due == [1])
        #expect(script.plan.count == 0)
        #expect(script.assign(200) == .open(2, closing: []))
    }

    @Test func theOneParkedLongestMakesRoom() {
        var script = Script(limit: 2)
        for (id, blob) in [(1, "a"), (2, "b")] {
            _ = script.assign(100, of: blob)
            _ = script.next(id, at: nil)
            #expect(script.next(id, at: 200) == "wait")
            script.now = script.now + .seconds(1)
        }
        #expect(script.assign(0, of: "c") == .open(3, closing: [1]))
        #expect(script.plan.count == 2)
        #expect(script.next(1, at: 200) == "end")
    }

    @Test func aStreamWhoseBodyIsGoneIsNotParked() {
        var script = Script()
        _ = script.assign(100)
        _ = script.assign(200)
        #expect(script.next(1, at: nil) == "100-")
        // The read failed: the next one has a new answer.
        #expect(script.next(1, at: nil) == "200-")
        #expect(script.next(1, at: nil) == "end")
        #expect(script.plan.count == 0)
    }

    @Test func aRegistryThatIgnoresRangeIsReadOnceFromItsBeginning() {
        var script = Script()
        _ = script.assign(0, isSequential: false)
        #expect(script.next(1, at: nil) == "0")
        script.plan.noteIgnoredRange(1)
        // Whatever is asked for goes over it, what lies ahead first.
        for offset: UInt64 in [900, 0, 300] { #expect(script.assign(offset, isSequential: false) == .join(1)) }
        #expect(script.next(1, at: 100) == "300")
        #expect(script.next(1, at: 400) == "900")
        #expect(script.next(1, at: 1000) == "0")
        #expect(script.next(1, at: 100) == "wait")
    }

    @Test func onceClosedNothingIsParked() {
        var script = Script()
        _ = script.assign(100)
        _ = script.assign(100, of: "b")
        #expect(script.next(1, at: nil) == "100-")
        #expect(script.next(1, at: 200) == "wait")
        #expect(script.next(2, at: nil) == "100-")
        let parked = script.plan.close()
        #expect(parked == [1])
        #expect(script.next(2, at: 200) == "end")
    }
}
