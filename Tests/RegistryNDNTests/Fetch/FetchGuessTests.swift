import NIOCore
import Testing

@testable import NDN

/// Blobs whose size somebody has told before: segments are asked for by a guess, and nothing is believed before segment 0 came.
@Suite struct FetchGuessTests {
    /// A fetch that takes the blob for ten segments of 100 octets, all of which are wanted.
    private static func guessing() -> FetchScript {
        let script = FetchScript()
        script.fetch.guess(BlobGeometry(unchecked: 100, final: 9), capacity: 64)
        script.fetch.raiseLimit(to: 100)
        return script
    }

    @Test func allOfItIsAskedForAtOnce() {
        let script = Self.guessing()
        #expect(script.segments() == [0, 9, 1, 2, 3, 4, 5, 6, 7, 8])
        for segment in (UInt64(1)...9).reversed() { #expect(script.data(segment)) }
        #expect(script.fetch.size == nil && !script.fetch.isComplete, "segment 0 may say something else")
        #expect(script.data(0))
        #expect(script.fetch.size == 1000 && script.fetch.isComplete && script.path.inFlight == 0)
    }

    /// Each asks for its first and its last segment at once, and for no more than there is room for.
    @Test func manyAtOnceAskForAsMuchAsTheWindowHolds() {
        let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var scheduler = FetchScheduler(path: FetchPath(initialWindow: 32, maximumWindow: 1000))
        for number in 0..<20 {
            var segments = SegmentFetch(configuration: FetchConfiguration(), deadline: now + .minutes(1), now: now)
            segments.guess(BlobGeometry(unchecked: 100, final: 25), capacity: 64)
            segments.raiseLimit(to: 100)
            scheduler.add(BlobTransfer(Name([.generic("\(number)")]), segments))
        }
        var asked: [Int: [UInt64]] = [:]
        while let (transfer, interest) = scheduler.nextInterest(now: now) {
            asked[transfer.id, default: []].append(interest.segment)
        }
        #expect(asked.count == 20 && asked.values.allSatisfy { $0 == [0, 25] })
    }

    /// The last segment's length is not what the guess is about.
    @Test func theSizeIsWhatDataSay() {
        let script = Self.guessing()
        _ = script.sent()
        for segment in UInt64(0)...8 { _ = script.data(segment) }
        #expect(script.data(9, length: 1))
        #expect(script.fetch.size == 901 && script.fetch.isComplete)
    }

    @Test(arguments: [(100, 8), (100, 10), (100, 4000), (99, 9), (50, 19), (7, 0), (0, 0)] as [(Int, UInt64)])
    func segmentZeroEndsAWrongGuess(length: Int, final: UInt64) {
        let script = Self.guessing()
        #expect(script.segments().count == 10)
        script.wait(.milliseconds(1))
        #expect(script.data(0, length: length, final: final))
        #expect(script.path.inFlight == 0, "what was asked for in vain is forgotten, and no loss")
        #expect(script.path.window == FetchScript().path.window)
        script.fetch.raiseLimit(to: 5000)
        var rounds = 0
        while !script.fetch.isComplete, rounds < 500 {
            rounds += 1
            for segment in script.segments() { #expect(script.data(segment, length: max(length, 1), final: final)) }
            script.wait(.milliseconds(1))
        }
        #expect(script.fetch.size == final * UInt64(length) + UInt64(length))
        #expect(script.fetch.statistics.timeouts == 0 && script.fetch.statistics.overtaken == 0)
    }

    /// Of what was asked for, segment 0 alone is still waited for.
    @Test(
        arguments: [(5, 100, 8, 0), (5, 99, 9, 0), (9, 101, 9, 0), (5, 0, 9, 3), (9, 0, 9, 3)]
            as [(UInt64, Int, UInt64, UInt64)])
    func whateverContradictsEndsTheGuess(segment: UInt64, length: Int, final: UInt64, type: UInt64) {
        let script = Self.guessing()
        _ = script.sent()
        #expect(!script.data(segment, length: length, final: final, type: type))
        #expect(script.fetch.failure == nil && script.path.inFlight == 1 && script.sent().isEmpty)
        #expect(!script.data(3), "it is not asked for any more")
        #expect(script.data(0, length: 100, final: 8))
        #expect(script.segments() == [8])
    }

    @Test func aBlobThatDoesNotExistIsUnknownWithAGuessToo() {
        let script = Self.guessing()
        _ = script.sent()
        for segment in [0, 9, 4] as [UInt64] { #expect(!script.data(segment, length: 0, final: nil, type: 3)) }
        script.wait(.milliseconds(12))
        let again = script.sent()
        #expect(again.map(\.segment) == [0] && again.allSatisfy(\.mustBeFresh))
        #expect(!script.data(0, length: 0, final: nil, type: 3))
        #expect(script.fetch.failure == .notFound)
    }

    @Test func nothingComesOfSilenceButAFailure() {
        let script = Self.guessing()
        for _ in 0..<2000 where script.fetch.failure == nil {
            _ = script.sent()
            script.wait(.milliseconds(50))
        }
        #expect(script.fetch.failure == .noSize)
    }

    /// The answers to the first Interests come when the segments have been asked for again: that is no short way.
    @Test func answersToAWrongGuessTellNothingOfThePath() {
        let script = Self.guessing()
        _ = script.sent()
        script.wait(.milliseconds(50))
        #expect(script.data(0, final: 11))
        script.fetch.raiseLimit(to: 100)
        #expect(script.segments().count == 11)
        script.wait(.milliseconds(1))
        for segment in UInt64(1)...9 { #expect(script.data(segment, final: 11)) }
        #expect(script.path.rtt.minimum == .milliseconds(50))
        script.wait(.milliseconds(49))
        #expect(script.data(10, final: 11) && script.data(11, length: 3, final: 11))
        #expect(script.fetch.isComplete && script.path.inFlight == 0 && script.fetch.size == 1103)
    }

    @Test func hugeGuessesNeedNoMemory() {
        let script = FetchScript()
        script.fetch.guess(BlobGeometry(unchecked: 8000, final: 1 << 49), capacity: 64)
        script.fetch.raiseLimit(to: 5)
        #expect(script.segments() == [0, 1, 2, 3, 4])
        #expect(script.data(0, length: 42, final: 0) && script.fetch.isComplete)
    }

    /// Its server would read for it what nobody wants yet.
    @Test func aFinalSegmentThatIsFarAwayWaitsForTheFirst() {
        let script = FetchScript()
        script.fetch.guess(BlobGeometry(unchecked: 100, final: 512), capacity: 64)
        script.fetch.raiseLimit(to: 4)
        #expect(script.segments() == [0, 1, 2, 3])
        #expect(script.data(0, final: 512))
        #expect(script.segments() == [512])
        #expect(script.data(512, final: 512))
        #expect(script.fetch.size == 51_300)
    }

    // MARK: The core

    /// Blobs below one prefix, whose Interests are answered a round after they leave.
    private final class Network {
        let core = FetchCore(
            configuration: FetchConfiguration(), path: FetchPath(initialWindow: 32, maximumWindow: 64, isLocal: true))
        private var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        private(set) var asked: [UInt64] = []
        private(set) var size: UInt64?
        private(set) var octets = ByteBuffer()
        private(set) var outcome: Result<Void, FetchError>?

        static func name(_ number: Int) -> Name {
            Name([.generic("a"), .generic("b"), .generic("repository"), .generic("\(number)")])
        }

        private static func content(_ size: Int) -> ByteBuffer {
            ByteBuffer(bytes: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
        }

        /// Reads a blob.
        ///
        /// - Returns: in how many round trips it has come; nil when other octets came, or none.
        func read(
            _ number: Int, of size: Int, chunk: Int = 1000, range: BlobRange = .whole, hint: UInt64?
        ) -> Int? {
            let (content, shape) = (Self.content(size), BlobShape(size: UInt64(size), chunk: chunk))
            (asked, self.size, octets, outcome) = ([], nil, ByteBuffer(), nil)
            core.open(Self.name(number), range: range, hint: hint, for: FetchReader(.init(number)), now: now)
            for round in 0..<100 {
                settle()
                guard outcome == nil else {
                    settle(isGone: true)
                    let wanted =
                        range.parts(of: UInt64(size)).hull.map { Int($0.lowerBound)..<Int($0.upperBound) } ?? 0..<0
                    let got =
                        range == .whole ? octets : octets.getSlice(at: wanted.lowerBound - base, length: wanted.count)
                    let isRight = got == content.getSlice(at: wanted.lowerBound, length: wanted.count)
                    return isRight && self.size == UInt64(size) && core.scheduler.path.inFlight == 0 ? round : nil
                }
                var segments: [UInt64] = []
                while let next = core.nextInterest(now: now) { segments.append(next.interest.segment) }
                asked += segments
                now = now + .milliseconds(10)
                for segment in segments where segment <= shape.geometry.final {
                    let payload = content.getSlice(at: Int(segment) * chunk, length: shape.length(of: segment))
                    let data = SegmentData(
                        segment: segment, length: shape.length(of: segment), final: shape.geometry.final)
                    _ = core.receive(data, payload ?? ByteBuffer(), of: Self.name(number), now: now)
                }
            }
            return nil
        }

        private var base = 0

        private func settle(isGone: Bool = false) {
            var progress = FetchReader.Progress()
            progress.isGone = isGone
            progress.position = UInt64(octets.readableBytes)
            core.settle(now: now) { _, _ in progress }
            for action in core.takeActions() {
                switch action {
                case .open(_, let size): self.size = size
                case .push(_, let chunks, let offset, _):
                    if octets.readableBytes == 0 { base = Int(offset) }
                    for chunk in chunks { octets.writeImmutableBuffer(chunk) }
                case .finish(_, let outcome, _): self.outcome = outcome
                case .restrict, .truncate, .release, .repair, .report, .askForMetadata: break
                }
            }
        }
    }

    @Test func whatIsKnownOfAPrefixSavesRoundTrips() {
        let network = Network()
        #expect(network.read(0, of: 2500, hint: 2500) == 2, "nothing is known of the prefix")
        #expect(network.read(1, of: 25_300, hint: 25_300) == 1)
        #expect(network.asked.sorted() == Array(0...25))
        #expect(network.read(2, of: 25_300, hint: nil) == 2)
        #expect(network.read(1, of: 25_300, hint: nil) == 1, "the blob itself is known")
        #expect(network.read(3, of: 0, hint: 0) == 1)
        #expect(network.read(4, of: 1000, hint: 1000) == 1)
    }

    @Test func aRangeNeedsNoRoundTripForTheSizeAlone() {
        let network = Network()
        _ = network.read(0, of: 2500, hint: nil)
        #expect(network.read(1, of: 25_300, range: .from(12_000, through: 13_999), hint: 25_300) == 2)
        #expect(network.read(2, of: 25_300, range: .from(12_000, through: 13_999), hint: nil) == 3)
    }

    @Test(arguments: [0, 1, 999, 1000, 1001, 24_999, 25_299, 25_301, 26_001, 250_000, 1 << 62, .max] as [UInt64])
    func wrongHintsChangeNothing(hint: UInt64) throws {
        let network = Network()
        _ = network.read(0, of: 2500, hint: nil)
        let rounds = try #require(network.read(1, of: 25_300, hint: hint))
        #expect(rounds <= 3)
        #expect(try #require(network.read(2, of: 40, hint: hint)) <= 2)
        // Another chunk size is what the next one is asked for by.
        #expect(try #require(network.read(3, of: 25_300, chunk: 1234, hint: hint)) <= 3)
        #expect(network.read(4, of: 25_300, chunk: 1234, hint: 25_300) == 1)
        // As if there were another blob of that name now.
        #expect(try #require(network.read(4, of: 25_300, chunk: 500, hint: hint)) <= 3)
    }
}
